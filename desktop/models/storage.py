"""Where a model's file grows, and what its disk may have to say."""

from pathlib import Path

from desktop.disk_trouble import disk_trouble
from desktop.errors import StorageError


def part_of(path: Path) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(path.name + ".part")


def storage_error(error: OSError, folder: Path) -> StorageError:
    """Return a failure of the disk that `folder` is on, as a sentence."""
    reason, advice = disk_trouble(error, folder)
    return StorageError(f"The model could not be stored: {reason}.", f"{advice}, then try again.")
