"""Atomic writes in the model store, paths of partial files, and StorageError for disk errors."""

import os
import shutil
from pathlib import Path

from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error


def partial_path(path: Path) -> Path:
    """Return the path of a file while it is incomplete."""
    return path.with_name(path.name + ".part")


def storage_error(error: OSError, folder: Path) -> StorageError:
    """Return a StorageError that describes `error` on the disk of `folder`."""
    reason, advice = describe_disk_error(error, folder)
    return StorageError(f"The model could not be stored: {reason}.", f"{advice}, then try again.")


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file, creating the target folder if necessary. Raises OSError, and leaves no partial file then."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _temporary_path(target)
    try:
        shutil.copyfile(source, part)
        _replace_durably(part, target)
    finally:
        part.unlink(missing_ok=True)


def write_text_atomically(text: str, target: Path) -> None:
    """Write a text file (UTF-8). Raises OSError, and leaves no partial file then."""
    part = _temporary_path(target)
    try:
        part.write_text(text, encoding="utf-8")
        _replace_durably(part, target)
    finally:
        part.unlink(missing_ok=True)


def _temporary_path(target: Path) -> Path:
    # The process id keeps the name unique: another process may write the same file.
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _replace_durably(part: Path, target: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
