"""What a track is made of, as far as its header says."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.audio.downmix import Layout

# Below, resampling to an engine's rate would make hours of minutes; above, no converter exists.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 2_000, 768_000
MAX_CHANNELS = 64


class SampleFormat(StrEnum):
    """How samples are held: decides the default depth of the stems, and what "exactly" means."""

    PCM_16 = "16"
    PCM_24 = "24"
    PCM_32 = "32"
    FLOAT = "32f"
    LOSSY = "lossy"
    """MP3, AAC, Vorbis …: decoded to float32."""

    @property
    def bits(self) -> int | None:
        """Width of the integers, None for floats."""
        return int(self.value) if self.value.isdigit() else None


@dataclass(frozen=True)
class TrackInfo:
    """Properties of a track."""

    sample_rate: int
    """Hz."""
    layout: Layout
    """The loudspeaker of each channel."""
    frames: int | None
    """As the header has it: an estimate; only decoding tells."""
    sample_format: SampleFormat
    codec: str
    """As its decoder calls it."""

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return len(self.layout)

    @property
    def seconds(self) -> float | None:
        """Length by the header, an estimate."""
        return None if self.frames is None else self.frames / self.sample_rate

    def check_supported(self) -> None:
        """Raise UndecodableError for a sample rate or a number of channels that no track has."""
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise UndecodableError(f"has an unsupported number of channels, {self.channels}")
        if not MIN_SAMPLE_RATE <= self.sample_rate <= MAX_SAMPLE_RATE:
            raise UndecodableError(f"has an unsupported sample rate, {self.sample_rate} Hz")


@dataclass(frozen=True)
class TrackSection:
    """A stretch of a track in one sample rate, layout and sample format. Most tracks are a single one."""

    info: TrackInfo
    blocks: Iterator[NDArray[np.float64]]
    """Its sound, float64 `[channels, n <= 65536]`. Raises UndecodableError at damage or noise."""


class TrackReader(Protocol):
    """A track being decoded."""

    info: TrackInfo
    """Of the first part, with the length of all."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user; complete after the last block."""
        ...

    def sections(self) -> Iterator[TrackSection]:
        """Yield the parts in order, each to be read to its end before the next; from the start at each call.

        Raises UndecodableError.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


INCOMPLETE_NOTICE = "The file is incomplete; what is there was separated."
DAMAGED_PARTS_NOTICE = "Parts of the file are damaged and were left out."


class UndecodableError(Exception):
    """One decoder cannot read this file; another may. The message ends a sentence that begins with the file's name."""
