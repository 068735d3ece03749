"""Which files a drop means: folders searched, and what cannot be a track refused in one sentence."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.names import natural_key, shown
from desktop.errors import UnusableTrackError

# What is taken out of a folder. A file that is given by itself may be called anything: content decides.
AUDIO_SUFFIXES = {
    *(".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".au", ".caf", ".dff", ".dsf", ".eac3"),
    *(".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpc", ".oga", ".ogg", ".opus"),
    *(".ra", ".rf64", ".snd", ".tta", ".voc", ".w64", ".wav", ".wave", ".webm", ".wma", ".wv"),
}


@dataclass(frozen=True)
class Refusal:
    """A path that cannot become a job."""

    path: Path
    reason: str
    """One sentence for the user."""


def find_tracks(paths: Iterable[Path]) -> Iterator[Path | Refusal]:
    """Every track of `paths` in order: files as they are, folders searched without following links."""
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


def _in_folder(folder: Path) -> Iterator[Path | Refusal]:
    if not os.access(folder, os.R_OK | os.X_OK):
        yield Refusal(folder, f"The folder {shown(folder.name or folder)} may not be read. Change its permissions.")
        return
    found = False
    for root, folders, files in os.walk(folder, onerror=None, followlinks=False):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        for name in sorted(files, key=natural_key):
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES:
                found = True
                yield _checked(Path(root) / name)
    if not found:
        yield Refusal(folder, f"There are no audio files in the folder {shown(folder.name or folder)}.")


def _cannot_open(name: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{name} was not found. It may have been moved or deleted."
    if error.errno == errno.ELOOP:
        return f"{name} cannot be opened: it is a link that leads to itself."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{name} may not be read: permission denied. Change its permissions, then add it again."
    return f"{name} cannot be opened: {error.strerror}."
