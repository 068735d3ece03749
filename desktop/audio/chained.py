"""Chained files: several files concatenated into one, such as joined MP3s and FLACs or saved radio streams.

Each of these links may have its own sample rate and channels, and trims its own beginning and end, so each is decoded
separately. A single file behind a header that no decoder knows counts as a link as well.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from desktop.audio.headers import read_ogg_structure
from desktop.audio.track import (
    DAMAGED_PARTS_NOTICE,
    UNKNOWN_FORMAT_PROBLEM,
    TrackReader,
    TrackSection,
    UndecodableError,
)
from desktop.text.message import Message

_CHUNK_BYTES = 1 << 20
# Chunks overlap by more than the longest pattern, so that no match is missed at the boundary between two chunks.
_OVERLAP_BYTES = 64
# A FLAC begins with its signature and a block of type 0 that is 34 bytes long.
_FLAC_SIGNATURE = re.compile(rb"fLaC[\0\x80]\0\0\x22")
# The header of an ID3v2 tag (ID3v2, section 3.1), and the identifier of a Xing or LAME header with its first three flag
# bytes. Separate patterns, since Python finds patterns that begin with letters ten times as fast as alternatives.
_MP3_SIGNATURES = tuple(map(re.compile, (rb"ID3[\2-\4][\0-\xfe][\0-\xff][\0-\x7f]{4}", rb"Xing\0\0\0", rb"Info\0\0\0")))
# Offset in bytes of the Xing or LAME identifier from the start of its frame, by MPEG version and number of channels.
_XING_OFFSETS = (36, 21, 13)
# The header that music games put before an unencrypted Ogg file (.mogg): the version, and the offset of the Ogg file.
_MOGG_HEADER = struct.Struct("<II")
_MOGG_VERSION = 10
# Minimum size of a link. Less than this is shorter than any real audio: two tags this close belong to one link.
_MIN_STREAM_BYTES = 1024


@dataclass(frozen=True)
class ByteRange:
    """Range of bytes in a file."""

    start: int = 0
    end: int | None = None
    """Exclusive end; None for the end of the file."""


WHOLE_FILE = ByteRange()
ReaderFactory = Callable[[Path, ByteRange], TrackReader]


def find_byte_ranges(path: Path, head: bytes) -> tuple[ByteRange, ...]:
    """Return the byte ranges of the links in a file that begins with the bytes `head`.

    Return the whole file as one range if it has only one link. Raises OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        starts = tuple(_stream_offsets(path, file, head))
    ends = (*starts[1:], None)
    return tuple(ByteRange(start, end) for start, end in zip(starts, ends, strict=True))


class ChainedReader:
    """Reader for a track of several links; opens each link after the previous one was read to its end."""

    def __init__(self, path: Path, byte_ranges: Sequence[ByteRange], factories: Sequence[ReaderFactory]) -> None:
        """Open the first decodable link to read `info`.

        Each link is decoded by the first of `factories` that can open it. Raises UndecodableError if no link can be
        decoded, OSError if the file cannot be read.
        """
        self._path, self._byte_ranges, self._factories = path, byte_ranges, factories
        self._notices: dict[Message, None] = {}
        self._first_error = UndecodableError(UNKNOWN_FORMAT_PROBLEM)
        first = next(self._open_readers(), None)
        if first is None:
            raise self._first_error
        with closing(first):
            self.info = replace(first.info, frames=None)

    @property
    def notices(self) -> tuple[Message, ...]:
        """Sentences for the user; complete after the last block."""
        return tuple(self._notices)

    def sections(self) -> Iterator[TrackSection]:
        """Yield the sections of all decodable links in order. Raises UndecodableError at damage within a link."""
        self._notices.clear()
        for reader in self._open_readers():
            with closing(reader):
                yield from reader.sections()
                self._notices.update(dict.fromkeys(reader.notices))

    def close(self) -> None:
        """Do nothing: each link's file is closed when the link ends."""

    def _open_readers(self) -> Iterator[TrackReader]:
        for byte_range in self._byte_ranges:
            reader = self._open_reader(byte_range)
            if reader is None:
                self._notices[DAMAGED_PARTS_NOTICE] = None
            else:
                yield reader

    def _open_reader(self, byte_range: ByteRange) -> TrackReader | None:
        for create_reader in self._factories:
            try:
                return create_reader(self._path, byte_range)
            except UndecodableError as error:
                if self._first_error.problem == UNKNOWN_FORMAT_PROBLEM:
                    self._first_error = error
        return None


def _stream_offsets(path: Path, file: BinaryIO, head: bytes) -> Iterable[int]:
    if head.startswith(b"OggS"):
        pages = read_ogg_structure(path)
        return pages.stream_offsets if pages else (0,)
    if len(head) >= _MOGG_HEADER.size and _MOGG_HEADER.unpack_from(head)[0] == _MOGG_VERSION:
        return _MOGG_HEADER.unpack_from(head)[1:]
    if _FLAC_SIGNATURE.match(head):
        return (found for found, _ in _find_matches(file, 0, _FLAC_SIGNATURE))
    return _mp3_offsets(file)


def _mp3_offsets(file: BinaryIO) -> Iterator[int]:
    yield 0
    audio_start, is_mpeg = _skip_id3_tags(file, 0)
    if not is_mpeg:
        return
    for found, signature in _find_matches(file, audio_start, *_MP3_SIGNATURES):
        start = found if signature.startswith(b"ID3") else _find_frame_start(file, found)
        if start is None or found < audio_start:
            continue
        end_of_tags, is_mpeg = _skip_id3_tags(file, start)
        if is_mpeg and start - audio_start >= _MIN_STREAM_BYTES:
            yield start
        audio_start = end_of_tags


def _skip_id3_tags(file: BinaryIO, position: int) -> tuple[int, bool]:
    """Return an offset inside the first frame behind the ID3v2 tags at `position`, and whether it is MPEG audio.

    The offset is behind the Xing or LAME identifier of that frame, so that a search from there does not find it.
    """
    file.seek(position)
    while (header := file.read(10)).startswith(b"ID3") and len(header) == 10:
        position += 10 + sum((byte & 127) << shift for byte, shift in zip(header[6:], (21, 14, 7, 0), strict=True))
        file.seek(position)
    return position + _XING_OFFSETS[0] + 4, _is_layer_3_header(header)


def _find_frame_start(file: BinaryIO, position: int) -> int | None:
    """Return the start of the frame whose Xing or LAME header begins at `position`; None if there is no such frame."""
    for offset in _XING_OFFSETS:
        if position >= offset:
            file.seek(position - offset)
            if _is_layer_3_header(file.read(4)):
                return position - offset
    return None


def _is_layer_3_header(header: bytes) -> bool:
    """Return whether the bytes start an MPEG audio layer III frame (ISO/IEC 11172-3, section 2.4.1.3)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return False
    return header[1] & 0x18 != 0x08 and header[2] & 0xF0 != 0xF0 and header[2] & 0x0C != 0x0C


def _find_matches(file: BinaryIO, start: int, *patterns: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the bytes of each match from `start` on, in order.

    The caller may move the file position between matches.
    """
    while True:
        file.seek(start)
        chunk = file.read(_CHUNK_BYTES + _OVERLAP_BYTES)
        is_last_chunk = len(chunk) < _CHUNK_BYTES + _OVERLAP_BYTES
        for position, matched in sorted(
            (match.start(), match[0]) for pattern in patterns for match in pattern.finditer(chunk)
        ):
            if is_last_chunk or position < _CHUNK_BYTES:
                yield start + position, matched
        if is_last_chunk:
            return
        start += _CHUNK_BYTES
