"""Boxes of MP4 files (ISO/IEC 14496-12): the movie header `moov`, and boxes in it that FFmpeg does not write."""

import os
import struct
from collections.abc import Callable, Sequence
from typing import BinaryIO, NamedTuple

_HEADER_BYTES = 8
# More than a movie header of any song: 12 bytes for each of its packets.
_MAX_MOVIE_HEADER_BYTES = 64 << 20
# More than any file has before its movie header; a damaged one may consist of nothing but headers.
_MAX_BOXES = 10_000
_FULL_BOX_KINDS = (b"meta",)
_FULL_BOX_BYTES = 4


class Box(NamedTuple):
    """One box."""

    kind: bytes
    """Type in four characters."""
    content: bytes
    """What follows the header."""

    def to_bytes(self) -> bytes:
        """Return the box with its header."""
        return struct.pack(">I4s", _HEADER_BYTES + len(self.content), self.kind) + self.content


class MovieHeader(NamedTuple):
    """The box `moov` and its place in the file."""

    start: int
    """Offset of the box in bytes."""
    content: bytes


def split_boxes(data: bytes) -> list[Box]:
    """Return the boxes that `data` consists of. Raises ValueError if it does not consist of boxes."""
    boxes: list[Box] = []
    start = 0
    while start + _HEADER_BYTES <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        if not _HEADER_BYTES <= size <= len(data) - start:
            raise ValueError(f"a box of {size} bytes at {start} in {len(data)} bytes")
        boxes.append(Box(kind, data[start + _HEADER_BYTES : start + size]))
        start += size
    return boxes


def find_box(data: bytes, path: Sequence[bytes]) -> bytes | None:
    """Return the content of the first box at `path`, such as `(b"udta", b"meta")`; None if there is none.

    Raises ValueError if `data` does not consist of boxes.
    """
    for kind in path:
        content = next((box.content for box in split_boxes(data) if box.kind == kind), None)
        if content is None:
            return None
        data = content[_FULL_BOX_BYTES:] if kind in _FULL_BOX_KINDS else content
    return data


def edit_box(data: bytes, path: Sequence[bytes], edit: Callable[[bytes], bytes]) -> bytes:
    """Return the boxes `data` with what the first box at `path` contains replaced by `edit` of it.

    Missing boxes are added. Raises ValueError if `data` does not consist of boxes.
    """
    if not path:
        return edit(data)
    boxes = split_boxes(data)
    place = next((index for index, box in enumerate(boxes) if box.kind == path[0]), len(boxes))
    if place == len(boxes):
        boxes.append(Box(path[0], bytes(_FULL_BOX_BYTES) if path[0] in _FULL_BOX_KINDS else b""))
    kind, content = boxes[place]
    fields = _FULL_BOX_BYTES if kind in _FULL_BOX_KINDS else 0
    boxes[place] = Box(kind, content[:fields] + edit_box(content[fields:], path[1:], edit))
    return b"".join(box.to_bytes() for box in boxes)


def read_movie_header(file: BinaryIO) -> MovieHeader | None:
    """Return the movie header of an MP4 file; None if it has none. Raises OSError."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _ in range(_MAX_BOXES):
        if start + _HEADER_BYTES > end:
            break
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(_HEADER_BYTES))
        header_bytes = _HEADER_BYTES
        if size == 1:  # a size of 64 bits follows
            size, header_bytes = int.from_bytes(file.read(8)), 2 * _HEADER_BYTES
        if size < header_bytes:
            return None
        if kind == b"moov":
            return MovieHeader(start, file.read(min(size - header_bytes, _MAX_MOVIE_HEADER_BYTES)))
        start += size
    return None


def edit_movie_header(file: BinaryIO, edit: Callable[[bytes], bytes]) -> None:
    """Replace the content of the movie header at the end of an MP4 file by `edit` of it.

    Raises OSError; ValueError if the header is not the last box, whose size may change.
    """
    header = read_movie_header(file)
    if header is None or header.start + _HEADER_BYTES + len(header.content) != file.seek(0, os.SEEK_END):
        raise ValueError("the movie header is not at the end")
    file.seek(header.start)
    file.write(Box(b"moov", edit(header.content)).to_bytes())
    file.truncate()
