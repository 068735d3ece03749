"""What a failing disk means to the user: why something could not be written there, and what to do about it."""

import errno
import os
from pathlib import Path

# Bytes that are written to learn why a library could not write: more than any buffer in between holds back.
_PROBE = 1 << 16
_NO_MORE_FILES = "Its disk holds as many files as it can. Delete some of them"
_ADVICE = {
    errno.ENOSPC: "Make room on the disk",
    errno.EDQUOT: "Delete files of yours on the disk",
    errno.EROFS: "Make the folder writable",
    errno.EACCES: "Make the folder writable",
    errno.EPERM: "Make the folder writable",
}


def disk_trouble(error: OSError, place: Path) -> str:
    """Return why `place` could not be written and what to do, in two sentences of which the last has no full stop."""
    if error.errno == errno.ENOSPC and is_out_of_files(place):
        return _NO_MORE_FILES
    return f"{error.strerror or error}. {_ADVICE.get(error.errno or 0, 'Check the disk')}"


def is_out_of_files(place: Path) -> bool:
    """Return True if the disk has room for bytes and for no more files: it has run out of inodes."""
    try:
        disk = os.statvfs(place)  # not there on Windows, whose disks do not run out of them
    except (OSError, AttributeError):
        return False
    return disk.f_files > 0 and disk.f_favail == 0 and disk.f_bavail > 0


def write_error(path: Path) -> OSError:
    """Return why `path` cannot be written, for a library that only says that it cannot.

    If it can be written now, that was an error that passes.
    """
    try:
        with path.open("ab") as file:
            file.write(bytes(_PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return OSError(errno.EIO, os.strerror(errno.EIO))
