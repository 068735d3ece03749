"""Reasons and advice for failed file operations, in words for the user."""

import errno
import os
from pathlib import Path
from typing import NamedTuple

from desktop.text.message import Message

# Bytes to write to find out why a third-party library could not write: more than any buffer in between.
_PROBE_BYTES = 1 << 16
_UNKNOWN_REASON = Message("the system reports an error")
_REASONS = {
    errno.ENOSPC: Message("the disk is full"),
    errno.EDQUOT: Message("the storage quota is used up"),
    errno.EROFS: Message("the disk is read-only"),
    errno.EACCES: Message("Unbraid has no permission"),
    errno.EPERM: Message("Unbraid has no permission"),
    errno.ENOENT: Message("it was moved or deleted"),
    errno.ENOTDIR: Message("a part of its path is not a folder"),
    errno.EISDIR: Message("it is a folder"),
    errno.EEXIST: Message("the name is already taken"),
    errno.ENAMETOOLONG: Message("its name is too long for this disk"),
    errno.EFBIG: Message("the file is too large for this disk"),
    errno.ELOOP: Message("it is a link that points to itself"),
    errno.EMFILE: Message("too many files are open"),
    errno.ENFILE: Message("too many files are open"),
    errno.ENOMEM: Message("there is not enough memory"),
    errno.EBUSY: Message("another program is using it"),
    errno.ETXTBSY: Message("another program is using it"),
    errno.EIO: Message("the disk reports an error"),
    errno.ENODEV: Message("the disk is no longer connected"),
    errno.ENXIO: Message("the disk is no longer connected"),
    errno.ESTALE: Message("the network drive does not answer"),
    errno.EHOSTDOWN: Message("the network drive does not answer"),
    errno.ETIMEDOUT: Message("it does not answer"),
}
_ADVICE = {
    errno.ENOSPC: Message("Free up space on the disk"),
    errno.EDQUOT: Message("Delete some of your files on the disk"),
    errno.EROFS: Message("Make the folder writable"),
    errno.EACCES: Message("Make the folder writable"),
    errno.EPERM: Message("Make the folder writable"),
}


def disk_error_reason(error: OSError) -> Message:
    """Return why a file operation failed, as a clause without a full stop: "the disk is full"."""
    return _REASONS.get(error.errno or 0, _UNKNOWN_REASON)


class DiskError(NamedTuple):
    """Reason and advice for a failed write. Neither ends with a full stop."""

    reason: Message
    """A clause: "the disk is full"."""
    advice: Message
    """An instruction: "Free up space on the disk"."""


_OUT_OF_INODES = DiskError(Message("the disk cannot hold more files"), Message("Delete some files on it"))


def describe_disk_error(error: OSError, path: Path) -> DiskError:
    """Return why `path` could not be written, and what to do."""
    if error.errno == errno.ENOSPC and is_out_of_inodes(path):
        return _OUT_OF_INODES
    return DiskError(disk_error_reason(error), _ADVICE.get(error.errno or 0, Message("Check the disk")))


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
