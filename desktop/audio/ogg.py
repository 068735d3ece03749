"""The pages of an Ogg file, as far as they tell what libsndfile does not: more songs in a row, or an end torn off."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Capture pattern, version, flags, position, serial number, sequence number, checksum, number of segments.
_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST_PAGE, _LAST_PAGE = 2, 4


@dataclass(frozen=True)
class OggPages:
    """What the page headers say."""

    starts: tuple[int, ...]
    """The byte at which each song of the file begins."""
    ended: bool
    """The last page says that it is the last."""


def read_pages(path: Path) -> OggPages | None:
    """Walk from page to page up to the end, or to the first damage; None for any other file. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        flags = _flags(file, size)
        if flags is None:
            return None
        starts, begun, last, at = [0], not flags & _FIRST_PAGE, flags, file.tell()
        while (flags := _flags(file, size)) is not None:
            first = bool(flags & _FIRST_PAGE)
            # Streams that belong together all begin before the first of them goes on.
            if first and begun:
                starts.append(at)
            begun = not first
            last, at = flags, file.tell()
    return OggPages(tuple(starts), bool(last & _LAST_PAGE))


def _flags(file: BinaryIO, size: int) -> int | None:
    """Flags of the page that begins here, the file then standing behind it; None where no whole page begins."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(b"OggS"):
        return None
    flags, segments = header[5], header[-1]
    end = file.tell() + segments + sum(file.read(segments))
    file.seek(end)
    return flags if end <= size else None
