"""Lyrics on disk: beside an added track, and kept in its job's folder."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from desktop.atomic_file import write_atomically
from desktop.lyrics.lines import LyricLine
from desktop.lyrics.lrc import choose_best, decode_lyrics, format_lrc, parse_lyrics
from desktop.paths import JobFolder

# Suffixes of files with lyrics, the best first, and the size in bytes of a file that is certainly none.
_SUFFIXES = (".lrc", ".txt")
_MAX_BYTES = 1 << 20
_log = logging.getLogger(__name__)


def keep_lyrics(folder: JobFolder, track: Path, embedded: Sequence[str] = ()) -> None:
    """Copy the lyrics beside `track`, or else those `embedded` in it, to its job's folder.

    The files may vanish later. Lyrics are optional: an error is logged.
    """
    lines = choose_best(_read_beside(track)) or choose_best(embedded)
    if not lines:
        return
    try:
        write_atomically(folder.lyrics, format_lrc(lines), durable=False)
    except OSError as error:
        _log.warning("The lyrics of %s could not be kept: %s", track.name, error)


def load_lyrics(folder: JobFolder) -> tuple[LyricLine, ...]:
    """Return the lyrics that were found when the track was added; none if there were none, or they cannot be read."""
    return parse_lyrics(_read_text(folder.lyrics) or "")


def _read_beside(track: Path) -> list[str]:
    """Return the texts of the files with lyrics beside `track`, which have its name in any case; the best first."""
    stem = track.stem.casefold()
    try:
        with os.scandir(track.parent) as entries:
            paths = [Path(entry.path) for entry in entries if Path(entry.name).stem.casefold() == stem]
    except OSError:
        return []
    found = [path for path in paths if path.suffix.lower() in _SUFFIXES and path.name != track.name]
    found.sort(key=lambda path: (_SUFFIXES.index(path.suffix.lower()), path.name))
    return [text for path in found if (text := _read_text(path))]


def _read_text(path: Path) -> str | None:
    """Return the text of a regular file; None if it cannot be read or is no text."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        text = decode_lyrics(path.read_bytes())
    except OSError:
        return None
    return None if "\0" in text else text
