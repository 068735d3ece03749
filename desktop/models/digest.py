"""What a file's bytes sum up to, remembered beside it as long as the file stays as it is."""

import hashlib
import json
import time
from pathlib import Path

# Times of files are as coarse as this on some disks: a younger file may change once more and look the same (seconds).
_MTIME_RESOLUTION_S = 2.0


def matches_sha256(path: Path, prefix: str) -> bool:
    """Whether the file is there and its SHA-256 begins with `digits`. Raises OSError when it cannot be read."""
    return path.is_file() and cached_sha256(path).startswith(prefix)


def cached_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; from memory when size and time of the file are those of then. Raises OSError."""
    stamp = _file_stamp(path)
    try:
        cached = json.loads(digest_path(path).read_text(encoding="utf-8"))
        if cached["file"] == stamp:
            return str(cached["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never written, or written halfway: the file itself tells
    digest = compute_sha256(path)
    _write_digest(path, stamp, digest)
    return digest


def compute_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes that are there now. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_path(path: Path) -> Path:
    """Where the sum of a file is kept."""
    return path.with_name(path.name + ".sha256")


def _file_stamp(path: Path) -> list[int]:
    now = path.stat()
    return [now.st_size, now.st_mtime_ns]


def _write_digest(path: Path, stamp: list[int], digest: str) -> None:
    if abs(time.time() - stamp[1] / 1e9) < _MTIME_RESOLUTION_S:
        return
    try:
        digest_path(path).write_text(json.dumps({"file": stamp, "sha256": digest}), encoding="utf-8")
    except OSError:
        return  # only the next look takes longer
