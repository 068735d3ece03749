"""Mutations of files, drawn by hypothesis. Each is a value: the same mutation of a seed gives the same bytes."""

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

_HEAD_BYTES, _MAX_OFFSET = 256, 1 << 20
# Limits of integer types, where parsers are likely to fail.
_BOUNDARY_VALUES = (
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**53,
    2**63 - 1,
    2**64 - 1,
)
_WORD = re.compile(rb"[A-Za-z0-9 _]{4}")
_OPERATIONS = ("set", "flip", "noise", "cut", "repeat", "fill", "splice", "end")


@dataclass(frozen=True)
class Edit:
    """One edit of a file."""

    operation: str
    anchor: str
    """What `offset` counts from: "head", "tail", a "word" (the name of a box or chunk), or "any" for the whole file."""
    offset: int
    size: int
    number: int
    little_endian: bool


@dataclass(frozen=True)
class Mutation:
    """Edits of one of the seeds."""

    seed: int
    other: int
    """Number of the seed that "splice" copies bytes from."""
    edits: tuple[Edit, ...]
    fix_checksums: bool
    """Whether checksums are recomputed, so that they do not reveal the edits."""


def edits() -> st.SearchStrategy[Edit]:
    """Return a strategy for any edit."""
    numbers = st.one_of(st.sampled_from(_BOUNDARY_VALUES), st.integers(0, 2**64 - 1), st.integers(0, 255))
    return st.builds(
        Edit,
        st.sampled_from(_OPERATIONS),
        st.sampled_from(("head", "head", "word", "word", "tail", "any")),
        st.integers(0, _MAX_OFFSET),
        st.sampled_from((1, 1, 2, 2, 4, 4, 4, 8, 16, 64, 300, 2000)),
        numbers,
        st.booleans(),
    )


def mutations(seeds: int) -> st.SearchStrategy[Mutation]:
    """Return a strategy for mutations of one of `seeds` files."""
    files = st.integers(0, seeds - 1)
    return st.builds(Mutation, files, files, st.lists(edits(), min_size=1, max_size=6).map(tuple), st.booleans())


def mutated(mutation: Mutation, seeds: Sequence[bytes]) -> bytes:
    """Return the bytes of the mutated seed."""
    data, other = bytearray(seeds[mutation.seed]), seeds[mutation.other]
    for edit in mutation.edits:
        if data:
            _apply(edit, data, other)
    return fix_checksums(bytes(data)) if mutation.fix_checksums else bytes(data)


def _apply(edit: Edit, data: bytearray, other: bytes) -> None:
    position = _position(edit, data)
    span = slice(position, position + edit.size)
    match edit.operation:
        case "set":
            width = min(edit.size, 8)
            number = edit.number % (1 << (8 * width))
            data[position : position + width] = number.to_bytes(width, "little" if edit.little_endian else "big")
        case "flip":
            data[position] ^= 1 << (edit.number % 8)
        case "noise":
            noise = edit.number.to_bytes(8, "little") * (edit.size // 8 + 1)
            data[span] = noise[: edit.size]
        case "cut":
            del data[span]
        case "repeat":
            data[position:position] = data[span]
        case "fill":
            data[span] = bytes([edit.number % 256]) * edit.size
        case "splice":
            start = edit.number % max(1, len(other))
            data[span] = other[start : start + edit.size]
        case _:
            del data[position:]


def _position(edit: Edit, data: bytearray) -> int:
    match edit.anchor:
        case "head":
            return edit.offset % min(_HEAD_BYTES, len(data))
        case "tail":
            return len(data) - 1 - edit.offset % min(_HEAD_BYTES, len(data))
        case "word":
            starts = [word.start() for word in _WORD.finditer(data)][:400]
            start = starts[edit.offset % len(starts)] if starts else 0
            return max(0, min(len(data) - 1, start - 8 + edit.offset // len(starts or [0]) % 40))
        case _:
            return edit.offset % len(data)


def fix_checksums(data: bytes) -> bytes:
    """Return the file with valid checksums of Ogg pages and PNG chunks, so that their content is parsed."""
    if data.startswith(b"OggS"):
        return _fix_ogg(data)
    return _fix_png(data) if data.startswith(b"\x89PNG") else data


def _fix_ogg(data: bytes) -> bytes:
    pages = re.split(rb"(?=OggS)", data)
    return b"".join(_fix_ogg_page(page) for page in pages)


def _fix_ogg_page(page: bytes) -> bytes:
    if len(page) < 27:
        return page
    zeroed = page[:22] + b"\0\0\0\0" + page[26:]
    return page[:22] + struct.pack("<I", _ogg_checksum(zeroed)) + page[26:]


def _ogg_checksum(data: bytes) -> int:
    """Return the CRC-32 with the Ethernet polynomial, neither reflected nor inverted: zlib's CRC of reversed bits."""
    reflected = zlib.crc32(data.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)


_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _fix_png(data: bytes) -> bytes:
    out, position = bytearray(data[:8]), 8
    while position + 12 <= len(data):
        size = int.from_bytes(data[position : position + 4])
        chunk = data[position + 4 : position + 8 + size]
        out += data[position : position + 4] + chunk + zlib.crc32(chunk).to_bytes(4)
        position += 12 + size
    return bytes(out + data[position:])
