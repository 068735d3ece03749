"""What the header of a WAV, RF64, AIFF or AU file claims, held against the file: libsndfile silently corrects it."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop.audio.track import MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE

# Widths of integers that libsndfile and FFmpeg read: samples of 12 or 20 bits lie in the upper bits of whole bytes.
_SUPPORTED_BIT_DEPTHS = {*range(8, 33), 64}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# Sizes that streaming writers leave in the header: unknown, not true.
_PLACEHOLDER_SIZES = {0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_MAX_CHUNKS = 1000
# The part of the audio that may be missing without a word: writers round sizes.
_TOLERATED_MISSING_FRACTION = 0.001
# Byte order of the chunk sizes, by the file's first word and the word at 8.
_BYTE_ORDERS = {
    (b"RIFF", b"WAVE"): "<",
    (b"RF64", b"WAVE"): "<",
    (b"RIFX", b"WAVE"): ">",
    (b"FORM", b"AIFF"): ">",
    (b"FORM", b"AIFC"): ">",
}


@dataclass(frozen=True)
class HeaderCheck:
    """A header's own words."""

    problem: str | None = None
    """Why nothing can be made of it, as the end of a sentence; None for a sane header."""
    missing_fraction: float = 0.0
    """Part of the claimed audio that the file lacks, 0 to 1; 0 where the header claims nothing."""


def check_header(path: Path) -> HeaderCheck | None:
    """The claim of a file made of chunks, or of an AU file; None for any other. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b".snd" and len(start) == 12:
            offset, length = struct.unpack(">II", start[4:])
            return HeaderCheck(missing_fraction=_missing_fraction(length, size - offset))
        order = _BYTE_ORDERS.get((start[:4], start[8:]))
        return None if order is None else _check_chunks(file, order, size)


def lacks_declared_audio(path: Path) -> bool:
    """Return whether a file lacks audio that its header claims. Raises OSError."""
    header_check = check_header(path)
    return header_check is not None and header_check.missing_fraction > _TOLERATED_MISSING_FRACTION


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
            # RF64 keeps the 64-bit size of its data here, behind that of the whole.
            ds64_data_size = _ds64_data_size(file.read(16))
        file.seek(next_chunk)
    return HeaderCheck(problem)


def _find_fmt_problem(fmt: bytes, order: str) -> str | None:
    if len(fmt) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack(f"{order}HHIIHH", fmt)
    if not channels or not rate:
        return "has a damaged header"
    if channels > MAX_CHANNELS:
        return f"has an unsupported number of channels, {channels}"
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        return f"has an unsupported sample rate, {rate} Hz"
    if tag not in (_PCM, _FLOAT, _EXTENSIBLE):
        return None
    # Both decoders would read three bytes where each sample lies in four, and make noise of it.
    is_padded_to_32_bits = 16 < bits <= 24 and align == 4 * channels and (tag, bits) != (_PCM, 24)
    return "has samples of an unsupported width" if bits not in _SUPPORTED_BIT_DEPTHS or is_padded_to_32_bits else None


def _ds64_data_size(data: bytes) -> int | None:
    return struct.unpack("<QQ", data)[1] if len(data) == 16 else None


def _missing_fraction(declared_bytes: int, present_bytes: int) -> float:
    return 0.0 if declared_bytes in _PLACEHOLDER_SIZES else max(0.0, 1.0 - max(0, present_bytes) / declared_bytes)


# Capture pattern, version, flags, position, serial number, sequence number, checksum, number of segments.
_OGG_PAGE_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST_PAGE_FLAG, _LAST_PAGE_FLAG = 2, 4


@dataclass(frozen=True)
class OggStructure:
    """What the page headers say."""

    stream_offsets: tuple[int, ...]
    """The byte at which each song of the file begins."""
    has_last_page: bool
    """The last page says that it is the last."""


def read_ogg_structure(path: Path) -> OggStructure | None:
    """Walk from page to page up to the end, or to the first damage; None for any other file. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        flags = _read_page_flags(file, size)
        if flags is None:
            return None
        starts, has_audio_pages, last, page_start = [0], not flags & _FIRST_PAGE_FLAG, flags, file.tell()
        while (flags := _read_page_flags(file, size)) is not None:
            first = bool(flags & _FIRST_PAGE_FLAG)
            # Streams that belong together all begin before the first of them goes on.
            if first and has_audio_pages:
                starts.append(page_start)
            has_audio_pages = not first
            last, page_start = flags, file.tell()
    return OggStructure(tuple(starts), bool(last & _LAST_PAGE_FLAG))


def _read_page_flags(file: BinaryIO, size: int) -> int | None:
    """Flags of the page that begins here, the file then standing behind it; None where no whole page begins."""
    header = file.read(_OGG_PAGE_HEADER.size)
    if len(header) < _OGG_PAGE_HEADER.size or not header.startswith(b"OggS"):
        return None
    flags, segments = header[5], header[-1]
    end = file.tell() + segments + sum(file.read(segments))
    file.seek(end)
    return flags if end <= size else None
