"""The folder that the user exports to: its space, and the hidden folder in it where the files of a song are written.

The files of a song are moved to their names together, so that none of them is ever half there.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from desktop.audio.names import printable
from desktop.errors import StorageError
from desktop.jobs.export_job import Moves
from desktop.jobs.model import Job
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message

_PREFIX = ".unbraid-export-"
# Age at which a later export to the same folder deletes the hidden folder of a killed one.
_ABANDONED_AGE_S = 24 * 3600.0


def prepare_target_folder(folder: Path, needed_bytes: int) -> None:
    """Create `folder` if it is missing. Raises StorageError, with both sizes if it has too little space."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(
            Message(
                "The songs cannot be exported to {folder}: {reason}.",
                folder=printable(folder, 200),
                reason=disk_error_reason(error),
            )
        ) from error
    if needed_bytes > free_bytes:
        raise StorageError(
            Message(
                "The files need {needed:size}, but {folder} has only {free:size} free. Free up space "
                "there, or choose another folder.",
                needed=needed_bytes,
                folder=printable(folder, 200),
                free=free_bytes,
            )
        )


@contextmanager
def hidden_folder(job: Job, folder: Path, export_id: str) -> Generator[Path]:
    """Create a hidden folder in `folder`, for the files of a song until they are complete; delete it at the end.

    `folder` is not created: one that has vanished may have been on a disk that was removed. Raises StorageError for
    each OSError and StorageError of the block.
    """
    try:
        _delete_abandoned_folders(folder)
        with tempfile.TemporaryDirectory(
            prefix=f"{_PREFIX}{export_id}-", dir=folder, ignore_cleanup_errors=True
        ) as hidden:
            yield Path(hidden)
    except (OSError, StorageError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise _export_error(job, folder, cause) from error


def finish_moves(moves: Moves) -> tuple[Path, ...] | None:
    """Move the files that a killed export has not moved yet, and return all targets.

    Return None if files are missing: then the song is to be written again. Raises OSError.
    """
    for part, target in moves:
        is_free = not os.path.lexists(target) or _is_empty(target)  # reserved, or not even that
        if part.exists() and is_free:
            part.replace(target)
        elif part.exists() or is_free:
            _delete_reservations(moves)
            return None
    return tuple(target for _, target in moves)


def delete_hidden_folders(folder: Path, export_id: str) -> None:
    """Delete the hidden folders that a killed export has left in `folder`."""
    for abandoned in folder.glob(f"{_PREFIX}{export_id}-*"):
        shutil.rmtree(abandoned, ignore_errors=True)


def _delete_abandoned_folders(folder: Path) -> None:
    """Delete the hidden folders of exports that were killed long ago."""
    for abandoned in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time() - abandoned.stat().st_mtime > _ABANDONED_AGE_S:
                shutil.rmtree(abandoned, ignore_errors=True)


def _delete_reservations(moves: Sequence[tuple[Path, Path]]) -> None:
    for _, target in moves:
        if _is_empty(target):
            target.unlink()


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size == 0


def _export_error(job: Job, folder: Path, cause: BaseException | None) -> StorageError:
    reason = f": {disk_error_reason(cause)}" if isinstance(cause, OSError) else ""
    return StorageError(
        Message(
            "“{title}” could not be exported to {folder}{reason}. Free up space there, or choose another folder.",
            title=printable(job.title),
            folder=printable(folder, 200),
            reason=reason,
        )
    )
