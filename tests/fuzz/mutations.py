"""Ways to damage a file, as hypothesis draws them: each is a value, so the same words give the same bytes."""

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

_HEAD, _FAR = 256, 1 << 20
# Where numbers are that matter: on and round these.
_EDGES = (
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
_WAYS = ("set", "flip", "noise", "cut", "repeat", "fill", "splice", "end")


@dataclass(frozen=True)
class Edit:
    """One change."""

    way: str
    near: str
    """What `at` counts from: the file's "head" or "tail", one of its "word"s (names of boxes and chunks), "any"where."""
    at: int
    size: int
    number: int
    little: bool


@dataclass(frozen=True)
class Mutation:
    """Changes to one of the seeds."""

    seed: int
    other: int
    """Where pieces are spliced in from."""
    edits: tuple[Edit, ...]
    mended: bool
    """Checksums that would give the changes away are made right again."""


def edits() -> st.SearchStrategy[Edit]:
    """Any change."""
    numbers = st.one_of(st.sampled_from(_EDGES), st.integers(0, 2**64 - 1), st.integers(0, 255))
    return st.builds(
        Edit,
        st.sampled_from(_WAYS),
        st.sampled_from(("head", "head", "word", "word", "tail", "any")),
        st.integers(0, _FAR),
        st.sampled_from((1, 1, 2, 2, 4, 4, 4, 8, 16, 64, 300, 2000)),
        numbers,
        st.booleans(),
    )


def mutations(seeds: int) -> st.SearchStrategy[Mutation]:
    """Of one of `seeds` files."""
    files = st.integers(0, seeds - 1)
    return st.builds(Mutation, files, files, st.lists(edits(), min_size=1, max_size=6).map(tuple), st.booleans())


def mutated(mutation: Mutation, seeds: Sequence[bytes]) -> bytes:
    """The bytes that a mutation makes of its seed."""
    data, other = bytearray(seeds[mutation.seed]), seeds[mutation.other]
    for edit in mutation.edits:
        if data:
            _apply(edit, data, other)
    return mended(bytes(data)) if mutation.mended else bytes(data)


def _apply(edit: Edit, data: bytearray, other: bytes) -> None:
    at = _place(edit, data)
    here = slice(at, at + edit.size)
    match edit.way:
        case "set":
            width = min(edit.size, 8)
            number = edit.number % (1 << (8 * width))
            data[at : at + width] = number.to_bytes(width, "little" if edit.little else "big")
        case "flip":
            data[at] ^= 1 << (edit.number % 8)
        case "noise":
            noise = edit.number.to_bytes(8, "little") * (edit.size // 8 + 1)
            data[here] = noise[: edit.size]
        case "cut":
            del data[here]
        case "repeat":
            data[at:at] = data[here]
        case "fill":
            data[here] = bytes([edit.number % 256]) * edit.size
        case "splice":
            start = edit.number % max(1, len(other))
            data[here] = other[start : start + edit.size]
        case _:
            del data[at:]


def _place(edit: Edit, data: bytearray) -> int:
    match edit.near:
        case "head":
            return edit.at % min(_HEAD, len(data))
        case "tail":
            return len(data) - 1 - edit.at % min(_HEAD, len(data))
        case "word":
            words = [found.start() for found in _WORD.finditer(data)][:400]
            start = words[edit.at % len(words)] if words else 0
            return max(0, min(len(data) - 1, start - 8 + edit.at // len(words or [0]) % 40))
        case _:
            return edit.at % len(data)


def mended(data: bytes) -> bytes:
    """With the checksums of Ogg pages and of PNG chunks made right, so that what is behind them is looked at."""
    if data.startswith(b"OggS"):
        return _mended_ogg(data)
    return _mended_png(data) if data.startswith(b"\x89PNG") else data


def _mended_ogg(data: bytes) -> bytes:
    pages = re.split(rb"(?=OggS)", data)
    return b"".join(_mended_page(page) for page in pages)


def _mended_page(page: bytes) -> bytes:
    if len(page) < 27:
        return page
    blank = page[:22] + b"\0\0\0\0" + page[26:]
    return page[:22] + struct.pack("<I", _ogg_sum(blank)) + page[26:]


def _ogg_sum(data: bytes) -> int:
    """CRC-32 with the polynomial of Ethernet, but neither reflected nor inverted: zlib's, on reversed bits."""
    reflected = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _mended_png(data: bytes) -> bytes:
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        chunk = data[at + 4 : at + 8 + size]
        out += data[at : at + 4] + chunk + zlib.crc32(chunk).to_bytes(4)
        at += 12 + size
    return bytes(out + data[at:])
