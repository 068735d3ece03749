"""Lyrics on disk: beside an added track, and kept in its job's folder."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from desktop.atomic_file import write_atomically
from desktop.job_folders import JobFolder
from desktop.lyrics.lines import LyricLine
from desktop.lyrics.lrc import choose_best, decode_lyrics, format_lrc, parse_lyrics

SUFFIXES = (".lrc", ".txt")
"""Suffixes of files with lyrics, the best first."""
# A larger file is certainly none.
_MAX_BYTES = 1 << 20
_log = logging.getLogger(__name__)


def keep_lyrics(folder: JobFolder, track: Path, embedded: Sequence[str] = ()) -> tuple[LyricLine, ...]:
    """Copy the lyrics beside `track`, or else those `embedded` in it, to its job's folder, and return them.

    The files may vanish later. Lyrics are optional: an error is logged.
    """
    lines = choose_best(_read_beside(track)) or choose_best(embedded)
    if lines:
        try:
            write_atomically(folder.lyrics, format_lrc(lines), durable=False)
        except OSError as error:
            _log.warning("The lyrics of %s could not be kept: %s", track.name, error)
    return lines


def load_lyrics(folder: JobFolder) -> tuple[LyricLine, ...]:
    """Return the lyrics that were found when the track was added; none if there were none, or they cannot be read."""
    return parse_lyrics(read_lyrics_text(folder.lyrics) or "")


def _read_beside(track: Path) -> list[str]:
    """Return the texts of the files with lyrics beside `track`, which have its name in any case; the best first."""
    stem = track.stem.casefold()
    try:
        with os.scandir(track.parent) as entries:
            paths = [Path(entry.path) for entry in entries if Path(entry.name).stem.casefold() == stem]
    except OSError:
        return []
    found = [path for path in paths if path.suffix.lower() in SUFFIXES and path.name != track.name]
    found.sort(key=lambda path: (SUFFIXES.index(path.suffix.lower()), path.name))
    return [text for path in found if (text := read_lyrics_text(path))]


def read_lyrics_text(path: Path) -> str | None:
    """Return the text of a regular file; None if it cannot be read, is no text, or is too large to be lyrics."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        text = decode_lyrics(path.read_bytes())
    except OSError:
        return None
    return None if "\0" in text else text
