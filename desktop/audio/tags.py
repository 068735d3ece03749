"""What a track says about itself. Tags are for the eye alone: they never form a path, and bad ones are no error."""

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from tinytag import TinyTag, TinyTagException

from desktop.audio.files import check_file
from desktop.errors import UnusableTrackError

_MAX_TEXT_LENGTH = 300
# Seconds; a header that claims more is not believed.
_MAX_DURATION_S = 7 * 24 * 3600.0
# Bytes that may be read for tags (pictures included), so that no header can send the parser through gigabytes.
_MAX_READ_BYTES = 32 << 20
_READ_CALL_COST_BYTES = 64
# What broken tags raise inside a parser of many formats.
_TAG_ERRORS = (
    *(TinyTagException, UnusableTrackError, OSError, ValueError, ArithmeticError, LookupError, TypeError),
    *(AttributeError, MemoryError, RecursionError, struct.error, AssertionError),
)


@dataclass(frozen=True)
class Tags:
    """A track's own words, empty where it has none."""

    title: str = ""
    artist: str = ""
    album: str = ""
    seconds: float | None = None
    """Length, an estimate."""
    cover: bytes | None = None
    """An image file, as it lay in the tags."""


def read_tags(path: Path) -> Tags:
    """The tags of a track; empty ones when they are missing or damaged. Never raises for what is in the file."""
    try:
        check_file(path)
        with _BoundedReader(io.FileIO(path)) as file:
            found = TinyTag.get(str(path), image=True, file_obj=file)
        image = found.images.any
        return Tags(
            title=_clean_text(found.title),
            artist=_clean_text(found.artist),
            album=_clean_text(found.album),
            seconds=_plausible_duration(found.duration),
            cover=image.data if image else None,
        )
    except _TAG_ERRORS:
        return Tags()


class _BoundedReader(io.BufferedReader):
    """A file that gives up when too much of it has been read."""

    _bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As `io.BufferedReader.read`. Raises OSError once the bound is reached."""
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
