"""What a WAV header claims, so that it can be held against the file: libsndfile silently corrects it."""

import struct
from dataclasses import dataclass
from pathlib import Path

_WHOLE_BITS = {8, 16, 24, 32, 64}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# Sizes that streaming writers leave in the header: unknown, not true.
_UNKNOWN = {0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_MOST_CHUNKS = 1000


@dataclass(frozen=True)
class RiffClaim:
    """A WAV header's own words."""

    whole_bits: bool
    """False for plain PCM of a width that nobody writes."""
    missing: float
    """Part of the claimed audio that the file lacks, 0 to 1; 0 where the header claims nothing."""


def read_claim(path: Path) -> RiffClaim | None:
    """The claim of a RIFF/WAVE file; None for any other. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if len(start) < 12 or start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return None
        whole_bits = True
        for _ in range(_MOST_CHUNKS):
            header = file.read(8)
            if len(header) < 8:
                break
            name, length = header[:4], struct.unpack("<I", header[4:])[0]
            if name == b"data":
                return RiffClaim(whole_bits, _missing(length, size - file.tell()))
            if name == b"fmt ":
                whole_bits = _has_whole_bits(file.read(16))
                length -= 16
            file.seek(length + (length & 1), 1)
        return RiffClaim(whole_bits, 0.0)


def _has_whole_bits(fmt: bytes) -> bool:
    if len(fmt) < 16:
        return True
    tag, _, _, _, _, bits = struct.unpack("<HHIIHH", fmt)
    return tag not in (_PCM, _FLOAT, _EXTENSIBLE) or bits in _WHOLE_BITS


def _missing(claimed: int, there: int) -> float:
    return 0.0 if claimed in _UNKNOWN else max(0.0, 1.0 - there / claimed)
