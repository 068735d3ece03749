"""Format of the stem files: container, bit depth, and the steps that samples are quantized to."""

from dataclasses import dataclass, replace

from desktop.audio.track import SampleFormat
from desktop.audio_formats import FLAC, MP3
from desktop.pipeline.request import Request
from desktop.pipeline.spool import StemBlock
from desktop.text.message import Message

_FLAC_DEPTH_NOTICE = Message("FLAC holds 24 bits at most, so the stems were written with 24 bits.")
_FLAC_RATE_NOTICE = Message("FLAC cannot hold {rate} Hz, so the stems were written as WAV.")
_MP3_RATE_NOTICE = Message("MP3 cannot hold {rate} Hz, so the stems were written as FLAC.")
# Quantization of float stems: the finest steps that float32 represents exactly up to twice full scale.
_FLOAT_QUANTIZATION_BITS = 24
_DEPTH_OF_SOURCE = {
    SampleFormat.PCM_16: "16",
    SampleFormat.PCM_24: "24",
    SampleFormat.PCM_32: "32",
    SampleFormat.FLOAT: "32f",
    SampleFormat.LOSSY: "24",
}


@dataclass(frozen=True)
class OutputFormat:
    """Format of the stem files, and how samples are quantized."""

    container: str
    """Container: "wav", "flac" or "mp3"."""
    depth: str
    """Bit depth: "16", "24", "32" or "32f"; ignored for mp3."""
    quantization_bits: int | None
    """Bits of the format whose steps the stems are rounded to; None for no rounding."""
    preserves_sum: bool
    """True if the stems are corrected to sum to the mixture."""

    @property
    def is_float(self) -> bool:
        """Return True if the files hold 32-bit floats."""
        return self.container == "wav" and self.depth == "32f"

    def would_clip(self, values: StemBlock) -> bool:
        """Return True if the files cannot hold these values; full scale is 1."""
        if self.quantization_bits is None or self.is_float:
            return False
        return bool(values.min() < -1.0 or values.max() > 1.0 - 2.0 ** (1 - self.quantization_bits))

    def as_float(self) -> "OutputFormat":
        """Return the same format with 32-bit float WAV files, which hold any value."""
        return replace(self, container="wav", depth="32f")


def choose_output_format(
    request: Request, source: SampleFormat, sample_rate: int
) -> tuple[OutputFormat, tuple[Message, ...]]:
    """Return the requested format, adapted to the source and sample rate in Hz, and the notices for the user."""
    preserves_sum = request.sum_mode == "exact"
    container, notices = request.format, ()
    if container == "mp3":
        if MP3.holds_rate(sample_rate):
            return OutputFormat("mp3", "16", None, preserves_sum), ()
        container, notices = "flac", (_MP3_RATE_NOTICE.with_arguments(rate=sample_rate),)
    if container == "flac" and not FLAC.holds_rate(sample_rate):
        container, notices = "wav", (*notices, _FLAC_RATE_NOTICE.with_arguments(rate=sample_rate))
    depth = request.bits or _DEPTH_OF_SOURCE[source]
    if container == "flac" and depth not in ("16", "24"):
        notices, depth = (*notices, _FLAC_DEPTH_NOTICE), "24"
    if depth == "32f":
        return OutputFormat(container, depth, _float_quantization_bits(preserves_sum, source), preserves_sum), notices
    return OutputFormat(container, depth, int(depth), preserves_sum), notices


def _float_quantization_bits(preserves_sum: bool, source: SampleFormat) -> int | None:
    """Return the quantization of float stems: if their sum must be whole steps, each stem must be whole steps too."""
    return _FLOAT_QUANTIZATION_BITS if preserves_sum and source in (SampleFormat.PCM_16, SampleFormat.PCM_24) else None
