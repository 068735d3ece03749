"""What a file's bytes sum up to, remembered beside it as long as the file stays as it is."""

import hashlib
import json
import time
from pathlib import Path

# Times of files are as coarse as this on some disks: a younger file may change once more and look the same (seconds).
_COARSE = 2.0


def is_whole(path: Path, digits: str) -> bool:
    """Whether the file is there and its SHA-256 begins with `digits`. Raises OSError when it cannot be read."""
    return path.is_file() and sha256(path).startswith(digits)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; from memory when size and time of the file are those of then. Raises OSError."""
    stamp = _stamp(path)
    try:
        said = json.loads(note_of(path).read_text(encoding="utf-8"))
        if said["file"] == stamp:
            return str(said["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never written, or written halfway: the file itself tells
    digest = counted(path)
    _remember(path, stamp, digest)
    return digest


def counted(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes that are there now. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_of(path: Path) -> Path:
    """Where the sum of a file is kept."""
    return path.with_name(path.name + ".sha256")


def _stamp(path: Path) -> list[int]:
    now = path.stat()
    return [now.st_size, now.st_mtime_ns]


def _remember(path: Path, stamp: list[int], digest: str) -> None:
    if abs(time.time() - stamp[1] / 1e9) < _COARSE:
        return
    try:
        note_of(path).write_text(json.dumps({"file": stamp, "sha256": digest}), encoding="utf-8")
    except OSError:
        return  # only the next look takes longer
