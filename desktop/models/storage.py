"""Where a model's file grows, and what its disk may have to say."""

import errno
from pathlib import Path

from desktop.errors import StorageError


def part_of(path: Path) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(path.name + ".part")


def storage_error(error: OSError) -> StorageError:
    """A failure of the disk as a sentence."""
    advice = "Make room on the disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Look at its folder"
    return StorageError(f"The model could not be stored: {error.strerror or error}. {advice}, then try again.")
