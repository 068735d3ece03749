"""Properties of a track and the protocol of its readers."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.audio.downmix import Layout
from desktop.text.message import Message

# In Hz. Below the minimum, resampling to an engine's rate would turn minutes into hours; above the maximum there is no
# converter.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 2_000, 768_000
MAX_CHANNELS = 64
INCOMPLETE_NOTICE = Message("The file is incomplete. The part that is there was separated.")
DAMAGED_PARTS_NOTICE = Message("Parts of the file are damaged and were left out.")
UNKNOWN_FORMAT_PROBLEM = Message("{name} is not an audio file, or it is damaged.")
DAMAGED_PROBLEM = Message("{name} is damaged.")
NO_AUDIO_PROBLEM = Message("{name} contains no audio.")
UNSUPPORTED_WIDTH_PROBLEM = Message("{name} has samples of an unsupported width.")


class UndecodableError(Exception):
    """One decoder cannot read a file; another may."""

    def __init__(self, problem: Message) -> None:
        """Keep `problem`, a sentence in which the field `{name}` is still to be filled with the file's name."""
        super().__init__(problem)
        self.problem = problem


def channel_count_problem(channels: int) -> Message:
    """Return the problem of a file with more than `MAX_CHANNELS` channels, or with none."""
    return Message("{name} has an unsupported number of channels, {channels}.").with_arguments(channels=channels)


def sample_rate_problem(sample_rate: int) -> Message:
    """Return the problem of a file whose `sample_rate` in Hz is too low or too high."""
    return Message("{name} has an unsupported sample rate, {sample_rate} Hz.").with_arguments(sample_rate=sample_rate)


class SampleFormat(StrEnum):
    """Sample format of a source; determines the default bit depth of the stems and the exactness of their sum."""

    PCM_16 = "16"
    PCM_24 = "24"
    PCM_32 = "32"
    FLOAT = "32f"
    LOSSY = "lossy"
    """MP3, AAC, Vorbis …; decoded to float32."""

    @property
    def bits(self) -> int | None:
        """Width of integer samples in bits; None for floats."""
        return int(self.value) if self.value.isdigit() else None


@dataclass(frozen=True)
class TrackInfo:
    """Properties that a track's header declares."""

    sample_rate: int
    """Hz."""
    layout: Layout
    """The loudspeaker of each channel."""
    frames: int | None
    """Length in frames according to the header, an estimate until the track is decoded; None if unknown."""
    sample_format: SampleFormat
    codec: str
    """Name that the decoder gives to the codec."""

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.layout)

    @property
    def seconds(self) -> float | None:
        """Estimated length according to the header; None if unknown."""
        return None if self.frames is None else self.frames / self.sample_rate

    def check_supported(self) -> None:
        """Raise UndecodableError if the sample rate or the number of channels is not supported."""
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise UndecodableError(channel_count_problem(self.channels))
        if not MIN_SAMPLE_RATE <= self.sample_rate <= MAX_SAMPLE_RATE:
            raise UndecodableError(sample_rate_problem(self.sample_rate))


@dataclass(frozen=True)
class TrackSection:
    """Part of a track with one sample rate, layout and sample format. Most tracks have a single section."""

    info: TrackInfo
    blocks: Iterator[NDArray[np.float64]]
    """Audio as float64 `[channels, frames <= 65536]`; iterating raises UndecodableError at damage."""


class TrackReader(Protocol):
    """Decoder of one track."""

    info: TrackInfo
    """Properties of the first section, with the length of the whole track."""

    @property
    def notices(self) -> tuple[Message, ...]:
        """Sentences for the user; complete after the last block."""
        ...

    def sections(self) -> Iterator[TrackSection]:
        """Yield the sections in order; each call starts again at the beginning.

        The caller reads each section to its end before the next one. Raises UndecodableError at damage.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...
