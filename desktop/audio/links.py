"""Files that are several files in a row: joined MP3s and FLACs, saved radio streams.

Each of these links may have another sample rate and other channels than the one before, and trims its own beginning and
end, so each has to be decoded by itself. A single file behind a header that no decoder knows counts as a link as well.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop.audio.ogg import read_pages

_CHUNK = 1 << 20
# The longest thing that is searched for, so that nothing is missed where one chunk ends and the next begins.
_OVERLAP = 64
# A FLAC begins with its mark, and a block of type 0 that is 34 bytes long.
_FLAC = re.compile(rb"fLaC[\0\x80]\0\0\x22")
# An ID3v2 tag by its header (ID3v2, section 3.1), and the words of a Xing or LAME header with its first three flag bytes.
# Apart, since Python finds patterns that begin with letters ten times as fast as alternatives.
_MP3 = tuple(map(re.compile, (rb"ID3[\2-\4][\0-\xfe][\0-\xff][\0-\x7f]{4}", rb"Xing\0\0\0", rb"Info\0\0\0")))
# How far those words lie behind the beginning of their frame, by MPEG version and number of channels.
_XING_OFFSETS = (36, 21, 13)
# What music games put before an Ogg file (.mogg) that is not encrypted: the version, and where the Ogg file begins.
_MOGG = struct.Struct("<II")
_MOGG_VERSION = 10
# Less than the shortest sound worth the name: two tags with so little between them belong to one link.
_SHORTEST_LINK = 1024


@dataclass(frozen=True)
class Span:
    """Bytes of a file."""

    start: int = 0
    end: int | None = None
    """None: the end of the file."""


WHOLE = Span()


def find_links(path: Path, head: bytes) -> tuple[Span, ...]:
    """Return the links of a file that begins with `head`; the whole file when it has only one. Raises OSError."""
    with path.open("rb") as file:
        starts = tuple(_starts(path, file, head))
    ends = (*starts[1:], None)
    return tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))


def _starts(path: Path, file: BinaryIO, head: bytes) -> Iterable[int]:
    if head.startswith(b"OggS"):
        pages = read_pages(path)
        return pages.starts if pages else (0,)
    if len(head) >= _MOGG.size and _MOGG.unpack_from(head)[0] == _MOGG_VERSION:
        return _MOGG.unpack_from(head)[1:]
    if _FLAC.match(head):
        return (found for found, _ in _search(file, 0, _FLAC))
    return _mp3_starts(file)


def _mp3_starts(file: BinaryIO) -> Iterator[int]:
    yield 0
    sound, is_mpeg = _behind_tags(file, 0)
    if not is_mpeg:
        return
    for found, mark in _search(file, sound, *_MP3):
        start = found if mark.startswith(b"ID3") else _frame_around(file, found)
        if start is None or found < sound:
            continue
        end_of_tags, is_mpeg = _behind_tags(file, start)
        if is_mpeg and start - sound >= _SHORTEST_LINK:
            yield start
        sound = end_of_tags


def _behind_tags(file: BinaryIO, at: int) -> tuple[int, bool]:
    """Return where the sound behind the ID3v2 tags at `at` is well begun, and whether it is MPEG audio."""
    file.seek(at)
    while (header := file.read(10)).startswith(b"ID3") and len(header) == 10:
        at += 10 + sum((byte & 127) << shift for byte, shift in zip(header[6:], (21, 14, 7, 0), strict=True))
        file.seek(at)
    return at + _XING_OFFSETS[0] + 4, _is_layer_3(header)


def _frame_around(file: BinaryIO, words: int) -> int | None:
    """Return where the frame begins whose Xing or LAME header begins at `words`."""
    for offset in _XING_OFFSETS:
        if words >= offset:
            file.seek(words - offset)
            if _is_layer_3(file.read(4)):
                return words - offset
    return None


def _is_layer_3(header: bytes) -> bool:
    """Return whether these bytes begin a frame of MPEG audio, layer III: ISO/IEC 11172-3, section 2.4.1.3."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return False
    return header[1] & 0x18 != 0x08 and header[2] & 0xF0 != 0xF0 and header[2] & 0x0C != 0x0C


def _search(file: BinaryIO, start: int, *patterns: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield where each match from `start` on lies, and its bytes. The file may be moved in between."""
    while True:
        file.seek(start)
        chunk = file.read(_CHUNK + _OVERLAP)
        last = len(chunk) < _CHUNK + _OVERLAP
        for place, mark in sorted(
            (match.start(), match[0]) for pattern in patterns for match in pattern.finditer(chunk)
        ):
            if last or place < _CHUNK:
                yield start + place, mark
        if last:
            return
        start += _CHUNK
