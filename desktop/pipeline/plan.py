"""In what the stems are written: container, depth, and the steps they are rounded to."""

from dataclasses import dataclass, replace
from typing import Protocol

from desktop.audio.track import SampleFormat
from desktop.audio.write import HIGHEST_FLAC_RATE, MP3_RATES
from desktop.pipeline.spool import Block

_FLAC_NOTICE = "FLAC holds 24 bits at most, so the stems were written with 24 bits."
_FLAC_RATE_NOTICE = "FLAC cannot hold {rate} Hz, so the stems were written as WAV."
_MP3_NOTICE = "MP3 cannot hold {rate} Hz, so the stems were written as FLAC."
# The steps of float stems: as fine as float32 holds exactly up to twice full scale.
_FLOAT_STEPS = 24
_OWN = {
    SampleFormat.PCM_16: "16",
    SampleFormat.PCM_24: "24",
    SampleFormat.PCM_32: "32",
    SampleFormat.FLOAT: "32f",
    SampleFormat.LOSSY: "24",
}


class Asked(Protocol):
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
class Plan:
    """How stems become files."""

    format: str
    """"wav", "flac" or "mp3"."""
    depth: str
    """"16", "24", "32" or "32f"; without meaning for mp3."""
    bits: int | None
    """Stems are rounded to whole steps of a format this many bits wide; None leaves them as they are."""
    exact: bool
    """The stems are made to sum to the mixture."""

    @property
    def is_float(self) -> bool:
        """True for 32-bit float files."""
        return self.format == "wav" and self.depth == "32f"

    def clips(self, values: Block) -> bool:
        """True when the files cannot hold these values, full scale being 1."""
        if self.bits is None or self.is_float:
            return False
        return bool(values.min() < -1.0 or values.max() > 1.0 - 2.0 ** (1 - self.bits))

    def as_float(self) -> "Plan":
        """The same stems in files that hold any value."""
        return replace(self, format="wav", depth="32f")


def plan_for(request: Asked, source: SampleFormat, sample_rate: int) -> tuple[Plan, tuple[str, ...]]:
    """What was asked for, or what suits the source; and what to tell the user about it."""
    exact = request.sum_mode == "exact"
    file_format, notices = request.format, ()
    if file_format == "mp3":
        if sample_rate in MP3_RATES:
            return Plan("mp3", "16", None, exact), ()
        file_format, notices = "flac", (_MP3_NOTICE.format(rate=sample_rate),)
    if file_format == "flac" and sample_rate > HIGHEST_FLAC_RATE:
        file_format, notices = "wav", (*notices, _FLAC_RATE_NOTICE.format(rate=sample_rate))
    depth = request.bits or _OWN[source]
    if file_format == "flac" and depth not in ("16", "24"):
        notices, depth = (*notices, _FLAC_NOTICE), "24"
    if depth == "32f":
        return Plan(file_format, depth, _float_steps(exact, source), exact), notices
    return Plan(file_format, depth, int(depth), exact), notices


def _float_steps(exact: bool, source: SampleFormat) -> int | None:
    """Floats whose sum is to be a whole number of steps must be whole numbers of steps themselves."""
    return _FLOAT_STEPS if exact and source in (SampleFormat.PCM_16, SampleFormat.PCM_24) else None
