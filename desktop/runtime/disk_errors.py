"""Reasons and advice for failed file operations, in words for the user."""

import errno
import os
from pathlib import Path
from typing import NamedTuple

# Bytes to write to find out why a third-party library could not write: more than any buffer in between.
_PROBE_BYTES = 1 << 16
_UNKNOWN_REASON = "the system reports an error"
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the storage quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "Unbraid has no permission",
    errno.EPERM: "Unbraid has no permission",
    errno.ENOENT: "it was moved or deleted",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "the name is already taken",
    errno.ENAMETOOLONG: "its name is too long for this disk",
    errno.EFBIG: "the file is too large for this disk",
    errno.ELOOP: "it is a link that points to itself",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "there is not enough memory",
    errno.EBUSY: "another program is using it",
    errno.ETXTBSY: "another program is using it",
    errno.EIO: "the disk reports an error",
    errno.ENODEV: "the disk is no longer connected",
    errno.ENXIO: "the disk is no longer connected",
    errno.ESTALE: "the network drive does not answer",
    errno.EHOSTDOWN: "the network drive does not answer",
    errno.ETIMEDOUT: "it does not answer",
}
_ADVICE = {
    errno.ENOSPC: "Free up space on the disk",
    errno.EDQUOT: "Delete some of your files on the disk",
    errno.EROFS: "Make the folder writable",
    errno.EACCES: "Make the folder writable",
    errno.EPERM: "Make the folder writable",
}


def disk_error_reason(error: OSError) -> str:
    """Return why a file operation failed, as a clause without a full stop: "the disk is full"."""
    return _REASONS.get(error.errno or 0, _UNKNOWN_REASON)


class DiskError(NamedTuple):
    """Reason and advice for a failed write. Neither text ends with a full stop."""

    reason: str
    """A clause: "the disk is full"."""
    advice: str
    """An instruction: "Free up space on the disk"."""


_OUT_OF_INODES = DiskError("the disk cannot hold more files", "Delete some files on it")


def describe_disk_error(error: OSError, path: Path) -> DiskError:
    """Return why `path` could not be written, and what to do."""
    if error.errno == errno.ENOSPC and is_out_of_inodes(path):
        return _OUT_OF_INODES
    return DiskError(disk_error_reason(error), _ADVICE.get(error.errno or 0, "Check the disk"))


def is_out_of_inodes(path: Path) -> bool:
    """Return True if the disk of `path` has free bytes but no free inodes, so that no file can be created."""
    try:
        disk = os.statvfs(path)  # missing on Windows, whose disks have no inodes
    except (OSError, AttributeError):
        return False
    return disk.f_files > 0 and disk.f_favail == 0 and disk.f_bavail > 0


def find_write_error(path: Path) -> OSError:
    """Return why `path` cannot be written, for a third-party library that reports no reason.

    Appends to the file to find out. If that succeeds, the error was transient, and EIO is returned.
    """
    try:
        with path.open("ab") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return OSError(errno.EIO, os.strerror(errno.EIO))
