"""Ready-made stems, which another program separated: the files or tracks that they are in, and what they are called."""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.file_types import audio_suffixes
from desktop.audio.files import check_file
from desktop.audio.names import natural_sort_key, printable
from desktop.audio.ni_stem_file import NI_STEM_SUFFIX, is_ni_stem_file, read_ni_stem_file
from desktop.audio.stem_names import name_stems
from desktop.errors import UnusableTrackError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message, count_message

MIN_STEMS, MAX_STEMS = 2, 8
_MIXTURE_NOTICE = Message("{name} is the whole song, by its name, and was left out.")

_NO_STEM_FILE_PROBLEM = Message(
    "{name} is not a stem file, or it is damaged. To separate it as any song, rename it to {song}."
)
_ONE_FILE_PROBLEM = Message("{name} is one file, not the stems of a song: open all of them, or their folder.")


@dataclass(frozen=True)
class ReadyStem:
    """One ready-made stem."""

    name: str
    """Name of the stem; safe as a file name, and different from the others."""
    path: Path
    audio_track: int | None = None
    """Number of its audio track in the file, from 0; None if the file is one stem."""


@dataclass(frozen=True)
class ReadyStems:
    """The ready-made stems of one song."""

    stems: tuple[ReadyStem, ...]
    song: str
    """Name of the song, such as "Artist - Title", from the names of the files or of their folder."""
    source: Path
    """The folder of the stems, or the stem file."""
    notices: tuple[Message, ...] = ()
    """Sentences for the user about what was left out."""


@dataclass(frozen=True)
class WrittenStems:
    """The stems of one song as they were written into the library (`desktop.audio.stem_import`)."""

    sample_rate: int
    """Hz."""
    channels: int
    """1 or 2."""
    frames: int
    digest: str
    """SHA-256 of the contents of all files, in hexadecimal digits."""
    notices: tuple[Message, ...]
    """Sentences for the user."""


def find_ready_stems(paths: Sequence[Path]) -> ReadyStems:
    """Return the stems of a folder, of one stem file (NI), or of several audio files.

    Subfolders, hidden files, and files that are the whole song by their names are left out. Raises UnusableTrackError
    unless they are 2 to 8 readable files.
    """
    if len(paths) == 1 and paths[0].is_dir():
        files = _list_audio_files(paths[0])
        return _from_files(files, paths[0]) if len(files) != 1 else _from_single_file(files[0], paths[0])
    if len(paths) == 1:
        return _from_single_file(paths[0], paths[0])
    files = sorted(paths, key=lambda path: natural_sort_key(path.name))
    return _from_files(files, files[0].parent)


def _list_audio_files(folder: Path) -> list[Path]:
    """Return the audio files in a folder in natural order. Raises UnusableTrackError if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
    except OSError as error:
        name, reason = printable(folder.name or folder), disk_error_reason(error)
        raise UnusableTrackError(
            Message("The folder {name} cannot be read: {reason}.", name=name, reason=reason)
        ) from error
    files = [folder / name for name in sorted(names, key=natural_sort_key)]
    return [file for file in files if file.suffix.lower() in audio_suffixes()]


def _from_single_file(file: Path, source: Path) -> ReadyStems:
    check_file(file)
    if not is_ni_stem_file(file):
        raise (
            _wrong_count_error(source, 1)
            if source != file
            else UnusableTrackError(_ONE_FILE_PROBLEM.with_arguments(name=printable(file.name)))
        )
    try:
        names = [name for name, _ in read_ni_stem_file(file).stems]
    except OSError as error:
        reason = disk_error_reason(error)
        raise UnusableTrackError(
            Message("{name} cannot be read: {reason}.", name=printable(file.name), reason=reason)
        ) from error
    except (ValueError, LookupError, TypeError, RecursionError, struct.error) as error:
        raise UnusableTrackError(
            _NO_STEM_FILE_PROBLEM.with_arguments(
                name=printable(file.name), song=printable(f"{file.name[: -len(NI_STEM_SUFFIX)]}.mp4")
            )
        ) from error
    if not MIN_STEMS <= len(names) <= MAX_STEMS:
        raise _wrong_count_error(file, len(names))
    # The first track is the mixture.
    stems = tuple(
        ReadyStem(name, file, number) for number, name in enumerate(name_stems([str(name) for name in names]).names, 1)
    )
    return ReadyStems(stems, file.name[: -len(NI_STEM_SUFFIX)], file)


def _from_files(files: Sequence[Path], folder: Path) -> ReadyStems:
    named = name_stems([file.stem for file in files])
    # A file of that name is a stem if the others alone would not be enough.
    left_out = named.mixtures if len(files) - len(named.mixtures) >= MIN_STEMS else ()
    stems = tuple(
        ReadyStem(name, file)
        for place, (name, file) in enumerate(zip(named.names, files, strict=True))
        if place not in left_out
    )
    if not MIN_STEMS <= len(stems) <= MAX_STEMS:
        raise _wrong_count_error(folder, len(stems))
    for stem in stems:
        check_file(stem.path)
    notices = tuple(_MIXTURE_NOTICE.with_arguments(name=printable(files[place].name)) for place in left_out)
    return ReadyStems(stems, named.song or folder.name, folder, notices)


def _wrong_count_error(source: Path, count: int) -> UnusableTrackError:
    return UnusableTrackError(
        count_message(
            "{name} has {count} audio file; the stems of a song are {least} to {most} files.",
            "{name} has {count} audio files; the stems of a song are {least} to {most} files.",
            count,
            name=printable(source.name or source),
            least=MIN_STEMS,
            most=MAX_STEMS,
        )
    )
