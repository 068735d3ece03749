"""Where a model's file grows, and what its disk may have to say."""

import os
import shutil
from pathlib import Path

from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error


def partial_path(path: Path) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(path.name + ".part")


def storage_error(error: OSError, folder: Path) -> StorageError:
    """Return a failure of the disk that `folder` is on, as a sentence."""
    reason, advice = describe_disk_error(error, folder)
    return StorageError(f"The model could not be stored: {reason}.", f"{advice}, then try again.")


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file, its folder made where it is missing. Raises OSError, and leaves nothing behind then."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _temporary_path(target)
    try:
        shutil.copyfile(source, part)
        _replace_durably(part, target)
    finally:
        part.unlink(missing_ok=True)


def write_text_atomically(text: str, target: Path) -> None:
    """Write a text file. Raises OSError, and leaves nothing behind then."""
    part = _temporary_path(target)
    try:
        part.write_text(text, encoding="utf-8")
        _replace_durably(part, target)
    finally:
        part.unlink(missing_ok=True)


def _temporary_path(target: Path) -> Path:
    """Another process may be writing the same file."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _replace_durably(part: Path, target: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
