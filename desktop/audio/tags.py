"""Tags of a track: title, artist, album, length, lyrics and cover.

Tags are only displayed: they never become part of a path, and damaged tags are not an error.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from tinytag import TinyTag, TinyTagException

from desktop.audio.files import check_file
from desktop.errors import UnusableTrackError

_MAX_TEXT_LENGTH = 300
# Number of lyrics, in several languages for example, and characters of each.
_MAX_LYRICS, _MAX_LYRICS_LENGTH = 8, 100_000
# In seconds; a longer declared duration is ignored.
_MAX_DURATION_S = 7 * 24 * 3600.0
# Maximum bytes to read for tags (pictures included), so that no header can make the parser read gigabytes.
_MAX_READ_BYTES = 32 << 20
_READ_CALL_COST_BYTES = 64
# Errors that damaged tags raise in the parser.
_TAG_ERRORS = (
    *(TinyTagException, UnusableTrackError, OSError, ValueError, ArithmeticError, LookupError, TypeError),
    *(AttributeError, MemoryError, RecursionError, struct.error, AssertionError),
)


@dataclass(frozen=True)
class Tags:
    """Tags of a track; missing ones are empty."""

    title: str = ""
    artist: str = ""
    album: str = ""
    seconds: float | None = None
    """Estimated length; None if unknown."""
    lyrics: tuple[str, ...] = ()
    """Texts of lyrics as stored in the tags; lines with times are in the form of LRC."""
    cover: bytes | None = None
    """Image file as stored in the tags; None if there is none."""


def read_tags(path: Path) -> Tags:
    """Return the tags of a track; empty ones if they are missing or damaged. Never raises for any file content."""
    try:
        check_file(path)
        with _BoundedReader(io.FileIO(path)) as file:
            parsed = TinyTag.get(str(path), image=True, file_obj=file)
        image = parsed.images.any
        return Tags(
            title=_clean_text(parsed.title),
            artist=_clean_text(parsed.artist),
            album=_clean_text(parsed.album),
            seconds=_plausible_duration(parsed.duration),
            lyrics=tuple(text[:_MAX_LYRICS_LENGTH] for text in parsed.other.get("lyrics", ())[:_MAX_LYRICS]),
            cover=image.data if image else None,
        )
    except _TAG_ERRORS:
        return Tags()


class _BoundedReader(io.BufferedReader):
    """File reader that raises OSError once `_MAX_READ_BYTES` have been read."""

    _bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read like `io.BufferedReader.read`. Raises OSError once the limit is reached."""
        remaining = max(0, _MAX_READ_BYTES - self._bytes_read)
        wanted = remaining + 1 if size is None or size < 0 else size
        data = super().read(min(wanted, remaining))
        self._bytes_read += len(data) + _READ_CALL_COST_BYTES
        if wanted > remaining and len(data) == remaining:
            raise OSError("too much to read for a tag")
        return data


def _clean_text(text: str | None) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:_MAX_TEXT_LENGTH]


def _plausible_duration(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 < seconds < _MAX_DURATION_S else None
