"""Reproducible timestamps and permissions of packed files."""

import os
import stat
from pathlib import Path


def normalize_timestamps(folder: Path, timestamp: int) -> None:
    """Set `timestamp` (seconds since 1970) and permissions 755 or 644 on `folder` and everything in it."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        os.utime(path, (timestamp, timestamp), follow_symlinks=os.utime not in os.supports_follow_symlinks)
