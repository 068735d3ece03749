"""Checks of WAV, RF64, AIFF, AU and Ogg headers against the file's content.

libsndfile silently corrects wrong headers, so missing audio would otherwise go unnoticed.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop.audio.track import (
    MAX_CHANNELS,
    MAX_SAMPLE_RATE,
    MIN_SAMPLE_RATE,
    UNSUPPORTED_WIDTH_PROBLEM,
    channel_count_problem,
    sample_rate_problem,
)
from desktop.text.message import Message

# Integer widths that libsndfile and FFmpeg read: samples of 12 or 20 bits use the upper bits of whole bytes.
_SUPPORTED_BIT_DEPTHS = {*range(8, 33), 64}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# Placeholder sizes that streaming writers leave in the header: the true size is unknown.
_PLACEHOLDER_SIZES = {0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_MAX_CHUNKS = 1000
# Fraction of the audio that may be missing without a notice: writers round sizes.
_TOLERATED_MISSING_FRACTION = 0.001
# Byte order of the chunk sizes, by the four bytes at offset 0 and the four at offset 8.
_BYTE_ORDERS = {
    (b"RIFF", b"WAVE"): "<",
    (b"RF64", b"WAVE"): "<",
    (b"RIFX", b"WAVE"): ">",
    (b"FORM", b"AIFF"): ">",
    (b"FORM", b"AIFC"): ">",
}
# Capture pattern, version, flags, position, serial number, sequence number, checksum, number of segments.
_OGG_PAGE_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST_PAGE_FLAG, _LAST_PAGE_FLAG = 2, 4


@dataclass(frozen=True)
class HeaderCheck:
    """Result of checking a header against the file."""

    problem: Message | None = None
    """Why the file cannot be decoded, as the end of a sentence; None for a valid header."""
    missing_fraction: float = 0.0
    """Fraction of the declared audio that the file lacks, 0 to 1; 0 if the header declares no size."""


@dataclass(frozen=True)
class OggStructure:
    """Streams and completeness of an Ogg file, read from its page headers."""

    stream_offsets: tuple[int, ...]
    """Byte offset of each chained stream of the file."""
    has_last_page: bool
    """True if the last page is flagged as the last one."""


def check_header(path: Path) -> HeaderCheck | None:
    """Return the check of a WAV, RF64, AIFF or AU header; None for any other file.

    Raises OSError if the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b".snd" and len(start) == 12:
            offset, length = struct.unpack(">II", start[4:])
            return HeaderCheck(missing_fraction=_missing_fraction(length, size - offset))
        order = _BYTE_ORDERS.get((start[:4], start[8:]))
        return None if order is None else _check_chunks(file, order, size)


def lacks_declared_audio(path: Path) -> bool:
    """Return True if a file lacks audio that its header declares. Raises OSError if it cannot be read."""
    header_check = check_header(path)
    return header_check is not None and header_check.missing_fraction > _TOLERATED_MISSING_FRACTION


def read_ogg_structure(path: Path) -> OggStructure | None:
    """Return the structure of an Ogg file up to its end or the first damage; None for any other file.

    Raises OSError if the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        flags = _read_page_flags(file, size)
        if flags is None:
            return None
        starts, has_audio_pages, last, page_start = [0], not flags & _FIRST_PAGE_FLAG, flags, file.tell()
        while (flags := _read_page_flags(file, size)) is not None:
            first = bool(flags & _FIRST_PAGE_FLAG)
            # The first pages of grouped streams all precede the second page of any of them.
            if first and has_audio_pages:
                starts.append(page_start)
            has_audio_pages = not first
            last, page_start = flags, file.tell()
    return OggStructure(tuple(starts), bool(last & _LAST_PAGE_FLAG))


def _check_chunks(file: BinaryIO, order: str, size: int) -> HeaderCheck:
    problem, ds64_data_size = None, None
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = header[:4], struct.unpack(f"{order}I", header[4:])[0]
        next_chunk = file.tell() + length + (length & 1)
        if name in (b"data", b"SSND"):
            declared = ds64_data_size if ds64_data_size and length in _PLACEHOLDER_SIZES else length
            return HeaderCheck(problem, _missing_fraction(declared, size - file.tell()))
        if name == b"fmt ":
            problem = _find_fmt_problem(file.read(16), order)
        elif name == b"ds64":
            # RF64 stores the 64-bit size of its data here, after the size of the whole file.
            ds64_data_size = _ds64_data_size(file.read(16))
        file.seek(next_chunk)
    return HeaderCheck(problem)


def _find_fmt_problem(fmt: bytes, order: str) -> Message | None:
    if len(fmt) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack(f"{order}HHIIHH", fmt)
    if not channels or not rate:
        return Message("{name} has a damaged header.")
    if channels > MAX_CHANNELS:
        return channel_count_problem(channels)
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        return sample_rate_problem(rate)
    if tag not in (_PCM, _FLOAT, _EXTENSIBLE):
        return None
    # Both decoders would read three bytes per sample where each takes four, and return noise.
    is_padded_to_32_bits = 16 < bits <= 24 and align == 4 * channels and (tag, bits) != (_PCM, 24)
    return UNSUPPORTED_WIDTH_PROBLEM if bits not in _SUPPORTED_BIT_DEPTHS or is_padded_to_32_bits else None


def _ds64_data_size(data: bytes) -> int | None:
    return struct.unpack("<QQ", data)[1] if len(data) == 16 else None


def _missing_fraction(declared_bytes: int, present_bytes: int) -> float:
    return 0.0 if declared_bytes in _PLACEHOLDER_SIZES else max(0.0, 1.0 - max(0, present_bytes) / declared_bytes)


def _read_page_flags(file: BinaryIO, size: int) -> int | None:
    """Return the flags of the page at the file position, and move behind it; None if there is no complete page."""
    header = file.read(_OGG_PAGE_HEADER.size)
    if len(header) < _OGG_PAGE_HEADER.size or not header.startswith(b"OggS"):
        return None
    flags, segments = header[5], header[-1]
    end = file.tell() + segments + sum(file.read(segments))
    file.seek(end)
    return flags if end <= size else None
