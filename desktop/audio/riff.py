"""What the header of a WAV, RF64, AIFF or AU file claims, held against the file: libsndfile silently corrects it."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop.audio.track import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS

# Widths of integers that libsndfile and FFmpeg read: samples of 12 or 20 bits lie in the upper bits of whole bytes.
_WIDTHS = {*range(8, 33), 64}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# Sizes that streaming writers leave in the header: unknown, not true.
_UNKNOWN = {0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_MOST_CHUNKS = 1000
# The part of the audio that may be missing without a word: writers round sizes.
_NEGLIGIBLE = 0.001
# Byte order of the chunk sizes, by the file's first word and the word at 8.
_ORDERS = {
    (b"RIFF", b"WAVE"): "<",
    (b"RF64", b"WAVE"): "<",
    (b"RIFX", b"WAVE"): ">",
    (b"FORM", b"AIFF"): ">",
    (b"FORM", b"AIFC"): ">",
}


@dataclass(frozen=True)
class RiffClaim:
    """A header's own words."""

    objection: str | None = None
    """Why nothing can be made of it, as the end of a sentence; None for a sane header."""
    missing: float = 0.0
    """Part of the claimed audio that the file lacks, 0 to 1; 0 where the header claims nothing."""


def read_claim(path: Path) -> RiffClaim | None:
    """The claim of a file made of chunks, or of an AU file; None for any other. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b".snd" and len(start) == 12:
            offset, length = struct.unpack(">II", start[4:])
            return RiffClaim(missing=_missing(length, size - offset))
        order = _ORDERS.get((start[:4], start[8:]))
        return None if order is None else _walk(file, order, size)


def is_cut_short(path: Path) -> bool:
    """Return whether a file lacks audio that its header claims. Raises OSError."""
    claim = read_claim(path)
    return claim is not None and claim.missing > _NEGLIGIBLE


def _walk(file: BinaryIO, order: str, size: int) -> RiffClaim:
    objection, long_data = None, None
    for _ in range(_MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = header[:4], struct.unpack(f"{order}I", header[4:])[0]
        after = file.tell() + length + (length & 1)
        if name in (b"data", b"SSND"):
            claimed = long_data if long_data and length in _UNKNOWN else length
            return RiffClaim(objection, _missing(claimed, size - file.tell()))
        if name == b"fmt ":
            objection = _objection(file.read(16), order)
        elif name == b"ds64":
            # RF64 keeps the 64-bit size of its data here, behind that of the whole.
            long_data = _second_word(file.read(16))
        file.seek(after)
    return RiffClaim(objection)


def _objection(fmt: bytes, order: str) -> str | None:
    if len(fmt) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack(f"{order}HHIIHH", fmt)
    if not channels or not rate:
        return "has a damaged header"
    if channels > MOST_CHANNELS:
        return f"has an unsupported number of channels, {channels}"
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        return f"has an unsupported sample rate, {rate} Hz"
    if tag not in (_PCM, _FLOAT, _EXTENSIBLE):
        return None
    # Both decoders would read three bytes where each sample lies in four, and make noise of it.
    four_for_three = 16 < bits <= 24 and align == 4 * channels and (tag, bits) != (_PCM, 24)
    return "has samples of an unsupported width" if bits not in _WIDTHS or four_for_three else None


def _second_word(data: bytes) -> int | None:
    return struct.unpack("<QQ", data)[1] if len(data) == 16 else None


def _missing(claimed: int, there: int) -> float:
    return 0.0 if claimed in _UNKNOWN else max(0.0, 1.0 - max(0, there) / claimed)
