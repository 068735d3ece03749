"""A lock between processes that the system releases when its holder dies.

The package `filelock` does not replace it: on Windows it locks the first byte, so that other processes could not read a
locked crash file, and deletes the file on release; where `flock` is missing, it uses a file that outlives its holder.
"""

import os
import sys
from pathlib import Path
from time import monotonic, sleep

_POLL_INTERVAL_S = 0.002

if sys.platform == "win32":
    import msvcrt

    # Other processes cannot read a locked byte, so lock one beyond the end of every file.
    _LOCK_OFFSET = 0x7FFFFF00

    def _lock_descriptor(descriptor: int) -> None:
        os.lseek(descriptor, _LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_descriptor(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Exclusive lock on a file, held by at most one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Try to acquire the lock without waiting; return True if it is held now.

        Raises OSError if the file cannot be created.
        """
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock_descriptor(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def acquire_within(self, timeout_s: float) -> bool:
        """Try to acquire the lock for `timeout_s` seconds; return True if it is held now.

        Raises OSError if the file cannot be created.
        """
        deadline = monotonic() + timeout_s
        while not self.acquire():
            if monotonic() >= deadline:
                return False
            sleep(_POLL_INTERVAL_S)
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
