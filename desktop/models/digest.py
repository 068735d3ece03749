"""SHA-256 digests of files, cached next to each file until its size or modification time changes."""

import hashlib
import json
import time
from pathlib import Path

from desktop.atomic_file import write_atomically

# Resolution of modification times on some disks, in seconds: a more recent file may change again with the same time.
_MTIME_RESOLUTION_S = 2.0


def matches_sha256(path: Path, prefix: str) -> bool:
    """Return whether the file exists and its SHA-256 starts with `prefix`. Raises OSError if it cannot be read."""
    return path.is_file() and cached_sha256(path).startswith(prefix)


def cached_sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, cached while its size and modification time stay the same.

    Raises OSError if the file cannot be read.
    """
    stamp = _file_stamp(path)
    try:
        cached = json.loads(digest_path(path).read_text(encoding="utf-8"))
        if cached["file"] == stamp:
            return str(cached["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no cached digest, or a damaged one: compute it again
    digest = compute_sha256(path)
    _write_digest(path, stamp, digest)
    return digest


def compute_sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's current content. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_path(path: Path) -> Path:
    """Return the path of a file's cached digest."""
    return path.with_name(path.name + ".sha256")


def _file_stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _write_digest(path: Path, stamp: list[int], digest: str) -> None:
    if abs(time.time() - stamp[1] / 1e9) < _MTIME_RESOLUTION_S:
        return
    try:
        write_atomically(digest_path(path), json.dumps({"file": stamp, "sha256": digest}), durable=False)
    except OSError:
        return  # without a cached digest only the next check takes longer
