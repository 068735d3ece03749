"""Search of added files and folders for tracks, with a sentence for each file that cannot be one."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.file_types import audio_suffixes, is_sidecar_suffix
from desktop.audio.names import natural_sort_key, printable
from desktop.audio.stems import has_stem_comment
from desktop.errors import UnusableTrackError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message, count_message, join_messages

# Maximum number of suffixes that a message about skipped files lists.
_MAX_LISTED_SUFFIXES = 3


@dataclass(frozen=True)
class RejectedPath:
    """A path that cannot become a job."""

    path: Path
    reason: Message
    """One sentence for the user."""


@dataclass(frozen=True)
class SkippedFiles:
    """Files that were skipped in a folder: unknown suffixes, and stems that Unbraid made."""

    folder: Path
    other_count: int
    """Number of files whose suffix is neither audio nor sidecar."""
    suffixes: tuple[str, ...]
    """The first few different suffixes of these files."""
    stem_count: int = 0
    """Number of stems that Unbraid made."""

    @property
    def message(self) -> Message:
        """Sentences for the user about what was left out."""
        return join_messages(*filter(None, (self._other_files_message(), self._stems_message())))

    def _other_files_message(self) -> Message | None:
        if not self.other_count:
            return None
        if not self.suffixes:
            return count_message(
                "{count} other file in {folder} was left out. To try it, add it by itself.",
                "{count} other files in {folder} were left out. To try one, add it by itself.",
                self.other_count,
                folder=self._folder_name(),
            )
        return count_message(
            "{count} other file in {folder} was left out ({suffixes}). To try it, add it by itself.",
            "{count} other files in {folder} were left out ({suffixes}). To try one, add it by itself.",
            self.other_count,
            folder=self._folder_name(),
            suffixes=", ".join(self.suffixes),
        )

    def _stems_message(self) -> Message | None:
        if not self.stem_count:
            return None
        return count_message(
            "{count} stem that Unbraid made was left out in {folder}. To separate a stem, add it by itself.",
            "{count} stems that Unbraid made were left out in {folder}. To separate a stem, add it by itself.",
            self.stem_count,
            folder=self._folder_name(),
        )

    def _folder_name(self) -> str:
        return printable(self.folder.name or self.folder)


SearchResult = Path | RejectedPath | SkippedFiles


def find_tracks(paths: Iterable[Path]) -> Iterator[SearchResult]:
    """Yield the tracks and rejected files of `paths` in order; search folders recursively without following links.

    Yield a `SkippedFiles` after the tracks of a folder if files other than sidecars were skipped in it.
    """
    for path in paths:
        if _is_folder(path):
            yield from _search_folder(path)
        else:
            yield _check_path(path)


def check_file(path: Path) -> None:
    """Raise UnusableTrackError unless `path` is a readable, regular, non-empty file. Does not open it."""
    name = printable(path.name)
    try:
        status = path.stat()
    except OSError as error:
        raise UnusableTrackError(_open_error_message(name, error)) from error
    except ValueError as error:
        raise UnusableTrackError(Message("{name} was not found: no file can have this name.", name=name)) from error
    if stat.S_ISDIR(status.st_mode):
        raise UnusableTrackError(Message("{name} is a folder. Add the songs in it.", name=name))
    if not stat.S_ISREG(status.st_mode):
        raise UnusableTrackError(Message("{name} is a device or a pipe, not a file. Add a song.", name=name))
    if not status.st_size:
        raise UnusableTrackError(Message("{name} is empty (0 bytes). Copy or download it again.", name=name))
    if not os.access(path, os.R_OK):
        raise UnusableTrackError(_no_permission_message(name))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # check_file() fails on the same error and reports it


def _check_path(path: Path) -> Path | RejectedPath:
    try:
        check_file(path)
    except UnusableTrackError as error:
        return RejectedPath(path, error.message)
    return path


def _search_folder(folder: Path) -> Iterator[SearchResult]:
    if not os.access(folder, os.R_OK | os.X_OK):
        yield RejectedPath(
            folder,
            Message(
                "Unbraid has no permission to read the folder {name}. Change its permissions, then add it again.",
                name=printable(folder.name or folder),
            ),
        )
        return
    has_tracks, stems, other_count, suffixes = False, 0, 0, dict[str, None]()
    for path in _walk_files(folder):
        suffix = path.suffix.lower()
        if suffix in audio_suffixes():
            track = _check_path(path)
            if isinstance(track, Path) and has_stem_comment(track):
                stems += 1
                continue
            has_tracks = True
            yield track
        elif not is_sidecar_suffix(suffix):
            other_count += 1
            suffixes[printable(suffix)] = None
    if not has_tracks:
        yield RejectedPath(folder, _no_tracks_message(printable(folder.name or folder), stems))
    elif other_count or stems:
        yield SkippedFiles(folder, other_count, tuple(filter(None, suffixes))[:_MAX_LISTED_SUFFIXES], stems)


def _no_tracks_message(name: str, stems: int) -> Message:
    if not stems:
        return Message("There are no audio files in the folder {name}.", name=name)
    return Message(
        "The folder {name} holds only stems that Unbraid made. To separate one, add it by itself.", name=name
    )


def _walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders in natural order, without hidden ones."""
    for root, folders, files in os.walk(folder, onerror=None, followlinks=False):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_sort_key)
        yield from (Path(root) / name for name in sorted(files, key=natural_sort_key) if not name.startswith("."))


def _open_error_message(name: str, error: OSError) -> Message:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Message("{name} was not found. It may have been moved or deleted.", name=name)
    if error.errno in (errno.EACCES, errno.EPERM):
        return _no_permission_message(name)
    return Message("{name} cannot be opened: {reason}.", name=name, reason=disk_error_reason(error))


def _no_permission_message(name: str) -> Message:
    return Message(
        "Unbraid has no permission to read {name}. Change the file's permissions, then add it again.", name=name
    )
