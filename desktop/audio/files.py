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
from desktop.text.plurals import format_count

# Maximum number of suffixes that a message about skipped files lists.
_MAX_LISTED_SUFFIXES = 3


@dataclass(frozen=True)
class RejectedPath:
    """A path that cannot become a job."""

    path: Path
    reason: str
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
    def message(self) -> str:
        """Sentences for the user about what was left out."""
        return " ".join(filter(None, (self._other_files_message(), self._stems_message())))

    def _other_files_message(self) -> str:
        kinds = f" ({', '.join(self.suffixes)})" if self.suffixes else ""
        folder = printable(self.folder.name or self.folder)
        if not self.other_count:
            return ""
        left_out = format_count(self.other_count, f"other file in {folder} was", f"other files in {folder} were")
        return f"{left_out} left out{kinds}. To try {'it' if self.other_count == 1 else 'one'}, add it by itself."

    def _stems_message(self) -> str:
        if not self.stem_count:
            return ""
        stems = format_count(self.stem_count, "stem that Unbraid made was", "stems that Unbraid made were")
        folder = printable(self.folder.name or self.folder)
        return f"{stems} left out in {folder}. To separate a stem, add it by itself."


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
        raise UnusableTrackError(f"{name} was not found: no file can have this name.") from error
    if stat.S_ISDIR(status.st_mode):
        raise UnusableTrackError(f"{name} is a folder. Add the songs in it.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableTrackError(f"{name} is a device or a pipe, not a file. Add a song.")
    if not status.st_size:
        raise UnusableTrackError(f"{name} is empty (0 bytes). Copy or download it again.")
    if not os.access(path, os.R_OK):
        raise UnusableTrackError(
            f"Unbraid has no permission to read {name}. Change the file's permissions, then add it again."
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # check_file() fails on the same error and reports it


def _check_path(path: Path) -> Path | RejectedPath:
    try:
        check_file(path)
    except UnusableTrackError as error:
        return RejectedPath(path, str(error))
    return path


def _search_folder(folder: Path) -> Iterator[SearchResult]:
    if not os.access(folder, os.R_OK | os.X_OK):
        yield RejectedPath(
            folder,
            f"Unbraid has no permission to read the folder {printable(folder.name or folder)}. Change its permissions, then add it again.",
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


def _no_tracks_message(name: str, stems: int) -> str:
    if not stems:
        return f"There are no audio files in the folder {name}."
    return f"The folder {name} holds only stems that Unbraid made. To separate one, add it by itself."


def _walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders in natural order, without hidden ones."""
    for root, folders, files in os.walk(folder, onerror=None, followlinks=False):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_sort_key)
        yield from (Path(root) / name for name in sorted(files, key=natural_sort_key) if not name.startswith("."))


def _open_error_message(name: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{name} was not found. It may have been moved or deleted."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Unbraid has no permission to read {name}. Change the file's permissions, then add it again."
    return f"{name} cannot be opened: {disk_error_reason(error)}."
