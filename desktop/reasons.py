"""Why the system or the network refused something, in words for the user: never an error number, never a class name."""

import errno
import shutil
from pathlib import Path

_FULL = "the disk is full"
_NOT_THERE = "the disk is not connected any more"
_UNKNOWN = "the system reports an error"
_WORDS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "the storage quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "Unbraid has no permission",
    errno.EPERM: "Unbraid has no permission",
    errno.ENOENT: "it was moved or deleted",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "there is something of that name already",
    errno.ENAMETOOLONG: "its name is too long for this disk",
    errno.EFBIG: "the file is too large for this disk",
    errno.ELOOP: "it is a link that leads to itself",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "there is not enough memory",
    errno.EBUSY: "another program is using it",
    errno.ETXTBSY: "another program is using it",
    errno.EIO: "the disk reports an error",
    errno.ENODEV: _NOT_THERE,
    errno.ENXIO: _NOT_THERE,
    errno.ESTALE: "the network drive does not answer",
    errno.EHOSTDOWN: "the network drive does not answer",
    errno.ETIMEDOUT: "it does not answer",
}
# Below this many free bytes a failed write is put down to a full disk.
_NO_ROOM = 1 << 20


def reason_of(error: OSError) -> str:
    """Return why a file operation failed, as a clause without a full stop: "the disk is full"."""
    return _WORDS.get(error.errno or 0, _UNKNOWN)


def disk_error(error: Exception, folder: Path) -> OSError:
    """Return the OSError behind a failed write into `folder`: to be called before anything is deleted there.

    libsndfile does not tell it. A disk without free space is full (ENOSPC), any other failure is the disk's (EIO).
    """
    if isinstance(error, OSError):
        return error
    try:
        full = shutil.disk_usage(folder).free < _NO_ROOM
    except OSError as unreachable:
        return unreachable
    return OSError(errno.ENOSPC if full else errno.EIO, str(error))
