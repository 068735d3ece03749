"""Which files a drop means: folders searched, and what cannot be a track refused in one sentence."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.file_types import audio_suffixes, is_companion
from desktop.audio.names import natural_key, shown
from desktop.audio.stem_mark import is_marked_stem
from desktop.disk_trouble import reason_of
from desktop.errors import UnusableTrackError

# Suffixes of files left out that a sentence names.
_MOST_KINDS = 3


@dataclass(frozen=True)
class Refusal:
    """A path that cannot become a job."""

    path: Path
    reason: str
    """One sentence for the user."""


@dataclass(frozen=True)
class LeftOut:
    """Files of a folder that were passed over: their names are not those of songs, or they are stems."""

    folder: Path
    count: int
    """Files with other names."""
    suffixes: tuple[str, ...]
    """The first few of theirs, each once."""
    stems: int = 0
    """Stems that Unbraid made."""

    @property
    def sentence(self) -> str:
        """What was left out, for the user."""
        return " ".join(filter(None, (self._others_sentence(), self._stems_sentence())))

    def _others_sentence(self) -> str:
        kinds = f" ({', '.join(self.suffixes)})" if self.suffixes else ""
        folder = shown(self.folder.name or self.folder)
        if self.count == 1:
            return f"1 other file in {folder} was left out{kinds}. To try it, add it by itself."
        many = f"{self.count} other files in {folder} were left out{kinds}. To try one, add it by itself."
        return many if self.count else ""

    def _stems_sentence(self) -> str:
        if not self.stems:
            return ""
        stems = "1 stem that Unbraid made was" if self.stems == 1 else f"{self.stems} stems that Unbraid made were"
        folder = shown(self.folder.name or self.folder)
        return f"{stems} left out in {folder}. To separate a stem, add it by itself."


Found = Path | Refusal | LeftOut


def find_tracks(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield every track of `paths` in order: files as they are, folders searched without following links.

    After the tracks of a folder comes what was left out of it, unless that is nothing but covers and texts.
    """
    for path in paths:
        if _is_folder(path):
            yield from _in_folder(path)
        else:
            yield _checked(path)


def check_file(path: Path) -> None:
    """Raise UnusableTrackError unless `path` is a readable, regular file with something in it. Opens nothing."""
    name = shown(path.name)
    try:
        status = path.stat()
    except OSError as error:
        raise UnusableTrackError(_cannot_open(name, error)) from error
    except ValueError as error:
        raise UnusableTrackError(f"{name} was not found: no file can have this name.") from error
    if stat.S_ISDIR(status.st_mode):
        raise UnusableTrackError(f"{name} is a folder. Add the songs in it.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableTrackError(f"{name} is not a regular file but a device or a pipe. Add a song.")
    if not status.st_size:
        raise UnusableTrackError(f"{name} is empty (0 bytes). Copy or download it again.")
    if not os.access(path, os.R_OK):
        raise UnusableTrackError(
            f"{name} may not be read: permission denied. Change its permissions, then add it again."
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # the check of the file finds out again, and says it


def _checked(path: Path) -> Path | Refusal:
    try:
        check_file(path)
    except UnusableTrackError as error:
        return Refusal(path, str(error))
    return path


def _in_folder(folder: Path) -> Iterator[Found]:
    if not os.access(folder, os.R_OK | os.X_OK):
        yield Refusal(folder, f"The folder {shown(folder.name or folder)} may not be read. Change its permissions.")
        return
    found, stems, left_out, suffixes = False, 0, 0, dict[str, None]()
    for path in _files_in(folder):
        suffix = path.suffix.lower()
        if suffix in audio_suffixes():
            track = _checked(path)
            if isinstance(track, Path) and is_marked_stem(track):
                stems += 1
                continue
            found = True
            yield track
        elif not is_companion(suffix):
            left_out += 1
            suffixes[shown(suffix)] = None
    if not found:
        yield Refusal(folder, _nothing_sentence(shown(folder.name or folder), stems))
    elif left_out or stems:
        yield LeftOut(folder, left_out, tuple(filter(None, suffixes))[:_MOST_KINDS], stems)


def _nothing_sentence(name: str, stems: int) -> str:
    if not stems:
        return f"There are no audio files in the folder {name}."
    return f"The folder {name} holds only stems that Unbraid made. To separate one, add it by itself."


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield all files of a folder and the folders in it, but for hidden ones."""
    for root, folders, files in os.walk(folder, onerror=None, followlinks=False):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        yield from (Path(root) / name for name in sorted(files, key=natural_key) if not name.startswith("."))


def _cannot_open(name: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{name} was not found. It may have been moved or deleted."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{name} may not be read: permission denied. Change its permissions, then add it again."
    return f"{name} cannot be opened: {reason_of(error)}."
