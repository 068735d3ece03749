"""Order and titles of stems, independent of the model, and the comment that marks exported stem files."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from desktop.audio.mp4_boxes import read_movie_header

STEM_COMMENT = "Stem separated by Unbraid"
"""Comment in the files of stems; at most 30 characters, the limit of ID3v1."""
# Files store the comment at their beginning; but MP3 files may have it in an ID3v1 tag, their last 128 bytes, FLAC files
# behind the cover, and MP4 files in the movie header behind the samples.
_HEAD_BYTES, _TAIL_BYTES = 4096, 128
_FLAC_COMMENT_BLOCK, _FLAC_LAST_BLOCK, _MAX_FLAC_BLOCKS = 4, 0x80, 1000
_STEM_ORDER = ("vocals", "drums", "bass", "guitar", "piano", "other")


def sort_stem_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return stem names in display order: vocals first, unknown names last in their given order."""
    return tuple(sorted(names, key=lambda name: _STEM_ORDER.index(name) if name in _STEM_ORDER else len(_STEM_ORDER)))


def stem_title(name: str) -> str:
    """Return the title of a stem: "Lead vocals" for "lead_vocals"."""
    return name[:1].upper() + name[1:].replace("_", " ")


def has_stem_comment(path: Path) -> bool:
    """Return True if a regular file contains `STEM_COMMENT`; False if it cannot be read. Does not decode it."""
    comment = STEM_COMMENT.encode()
    try:
        with path.open("rb") as file:
            return any(comment in part for part in _comment_parts(file))
    except OSError:
        return False


def _comment_parts(file: BinaryIO) -> Iterator[bytes]:
    """Yield the parts of a file in which a comment may be. Raises OSError."""
    head = file.read(_HEAD_BYTES)
    yield head
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
    yield file.read(_TAIL_BYTES)
    if head[4:8] == b"ftyp":
        header = read_movie_header(file)
        yield header.content if header else b""
    if head.startswith(b"fLaC"):
        yield _read_flac_comments(file)


def _read_flac_comments(file: BinaryIO) -> bytes:
    """Return the beginning of the comments in a FLAC file (RFC 9639, section 8). Raises OSError."""
    position = 4
    for _ in range(_MAX_FLAC_BLOCKS):
        file.seek(position)
        header = file.read(4)
        if len(header) < 4:
            break
        kind, size = header[0] & ~_FLAC_LAST_BLOCK, int.from_bytes(header[1:])
        if kind == _FLAC_COMMENT_BLOCK:
            return file.read(min(size, _HEAD_BYTES))
        if header[0] & _FLAC_LAST_BLOCK:
            break
        position += 4 + size
    return b""
