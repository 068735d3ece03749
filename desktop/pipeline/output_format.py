"""In what the stems are written: container, depth, and the steps they are rounded to."""

from dataclasses import dataclass, replace
from typing import Protocol

from desktop.audio.track import SampleFormat
from desktop.audio.writer import MAX_FLAC_SAMPLE_RATE, MP3_SAMPLE_RATES
from desktop.pipeline.spool import StemBlock

_FLAC_DEPTH_NOTICE = "FLAC holds 24 bits at most, so the stems were written with 24 bits."
_FLAC_RATE_NOTICE = "FLAC cannot hold {rate} Hz, so the stems were written as WAV."
_MP3_RATE_NOTICE = "MP3 cannot hold {rate} Hz, so the stems were written as FLAC."
# The steps of float stems: as fine as float32 holds exactly up to twice full scale.
_FLOAT_QUANTIZATION_BITS = 24
_DEPTH_OF_SOURCE = {
    SampleFormat.PCM_16: "16",
    SampleFormat.PCM_24: "24",
    SampleFormat.PCM_32: "32",
    SampleFormat.FLOAT: "32f",
    SampleFormat.LOSSY: "24",
}


class RequestedFormat(Protocol):
    """What a request says about files."""

    @property
    def format(self) -> str:
        """Container: "wav", "flac" or "mp3"."""
        ...

    @property
    def bits(self) -> str | None:
        """Depth: "16", "24" or "32f"; None follows the source."""
        ...

    @property
    def sum_mode(self) -> str:
        """Either "exact" or "raw"."""
        ...


@dataclass(frozen=True)
class OutputFormat:
    """How stems become files."""

    container: str
    """"wav", "flac" or "mp3"."""
    depth: str
    """"16", "24", "32" or "32f"; without meaning for mp3."""
    quantization_bits: int | None
    """Stems are rounded to whole steps of a format this many bits wide; None leaves them as they are."""
    preserves_sum: bool
    """The stems are made to sum to the mixture."""

    @property
    def is_float(self) -> bool:
        """True for 32-bit float files."""
        return self.container == "wav" and self.depth == "32f"

    def would_clip(self, values: StemBlock) -> bool:
        """True when the files cannot hold these values, full scale being 1."""
        if self.quantization_bits is None or self.is_float:
            return False
        return bool(values.min() < -1.0 or values.max() > 1.0 - 2.0 ** (1 - self.quantization_bits))

    def as_float(self) -> "OutputFormat":
        """The same stems in files that hold any value."""
        return replace(self, format="wav", depth="32f")


def choose_output_format(
    request: RequestedFormat, source: SampleFormat, sample_rate: int
) -> tuple[OutputFormat, tuple[str, ...]]:
    """What was asked for, or what suits the source; and what to tell the user about it."""
    preserves_sum = request.sum_mode == "exact"
    container, notices = request.format, ()
    if container == "mp3":
        if sample_rate in MP3_SAMPLE_RATES:
            return OutputFormat("mp3", "16", None, preserves_sum), ()
        container, notices = "flac", (_MP3_RATE_NOTICE.format(rate=sample_rate),)
    if container == "flac" and sample_rate > MAX_FLAC_SAMPLE_RATE:
        container, notices = "wav", (*notices, _FLAC_RATE_NOTICE.format(rate=sample_rate))
    depth = request.bits or _DEPTH_OF_SOURCE[source]
    if container == "flac" and depth not in ("16", "24"):
        notices, depth = (*notices, _FLAC_DEPTH_NOTICE), "24"
    if depth == "32f":
        return OutputFormat(container, depth, _float_quantization_bits(preserves_sum, source), preserves_sum), notices
    return OutputFormat(container, depth, int(depth), preserves_sum), notices


def _float_quantization_bits(preserves_sum: bool, source: SampleFormat) -> int | None:
    """Floats whose sum is to be a whole number of steps must be whole numbers of steps themselves."""
    return _FLOAT_QUANTIZATION_BITS if preserves_sum and source in (SampleFormat.PCM_16, SampleFormat.PCM_24) else None
