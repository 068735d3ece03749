"""Paths of partial downloads in the model store, and StorageError for disk errors."""

from pathlib import Path

from desktop.atomic_file import PARTIAL_SUFFIX
from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error
from desktop.text.message import Message


def partial_path(path: Path) -> Path:
    """Return the path of a file while its download is incomplete: always the same, so that it can be resumed."""
    return path.with_name(path.name + PARTIAL_SUFFIX)


def storage_error(error: OSError, folder: Path) -> StorageError:
    """Return a StorageError that describes `error` on the disk of `folder`."""
    reason, advice = describe_disk_error(error, folder)
    return StorageError(
        Message("The model could not be stored: {reason}.", reason=reason),
        Message("{advice}, then try again.", advice=advice),
    )
