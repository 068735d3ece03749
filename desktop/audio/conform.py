"""A track's sound as it is separated: in one format throughout, and nothing in it that is no sample."""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.decode import readers
from desktop.audio.downmix import stereo_matrix
from desktop.audio.names import shown
from desktop.audio.resample import StreamResampler
from desktop.audio.track import Part, SampleFormat, TrackInfo, TrackReader
from desktop.audio.undecodable import UndecodableError
from desktop.errors import CancelledError, UnusableTrackError

# Music lies within ±1; what is 80 dB louder is no sample.
_LOUDEST = 1e4
_BLOCK = 65536
# From the format that holds the least to the one that holds all.
_BY_PRECISION = (
    SampleFormat.PCM_16, SampleFormat.PCM_24, SampleFormat.PCM_32, SampleFormat.LOSSY, SampleFormat.FLOAT
)  # fmt: skip


@dataclass(frozen=True)
class SoundFormat:
    """The one format that a track is brought to."""

    sample_rate: int
    channels: int
    """1 or 2."""
    sample_format: SampleFormat

    def joined(self, other: "SoundFormat") -> "SoundFormat":
        """Return the format that holds all of both: the higher sample rate, stereo before mono, the finer samples."""
        finer = max(self.sample_format, other.sample_format, key=_BY_PRECISION.index)
        if self.sample_rate != other.sample_rate:
            finer = _between_steps(finer)
        return SoundFormat(max(self.sample_rate, other.sample_rate), max(self.channels, other.channels), finer)


def format_of(info: TrackInfo) -> SoundFormat:
    """Return the format that holds a track, or a part of one, after mixing it down to two channels."""
    mixed_down = info.channels > 2
    samples = _between_steps(info.sample_format) if mixed_down else info.sample_format
    return SoundFormat(info.sample_rate, min(info.channels, 2), samples)


def _between_steps(samples: SampleFormat) -> SampleFormat:
    """Return what holds sums and resampled sound, whose samples fall between the steps of their source."""
    return SampleFormat.PCM_24 if samples is SampleFormat.PCM_16 else samples


def conformed(track: Path, should_stop: Callable[[], bool]) -> Generator["ConformedTrack"]:
    """Yield the sound of a track from each decoder that can open it, best first. Close it when one was good.

    Ask for the next one only when the one before raised UndecodableError. Raises UnusableTrackError when none is left,
    CancelledError.
    """
    for reader in readers(track):
        with closing(reader), suppress(UndecodableError):
            sound = ConformedTrack(track.name, reader, format_of(reader.info))
            yield sound
            if sound.outgrown:
                yield ConformedTrack(track.name, reader, _common_format(reader, should_stop))


def _common_format(reader: TrackReader, should_stop: Callable[[], bool]) -> SoundFormat:
    """Decode all of a track to find the format that holds all of its parts. Raises UndecodableError, CancelledError."""
    common = format_of(reader.info)
    for part in reader.parts():
        common = common.joined(format_of(part.info))
        for _ in part.blocks:
            if should_stop():
                raise CancelledError("Cancelled.")
    return common


class ConformedTrack:
    """A decoder's sound brought to one format. Samples that are no numbers become silence."""

    def __init__(self, name: str, reader: TrackReader, form: SoundFormat) -> None:
        """`name` is the track's, for sentences about it."""
        self._name = name
        self._reader = reader
        self.format = form
        self.seconds = reader.info.seconds
        """The length by the header, an estimate; None where it tells none."""
        self.frames = 0
        """How many were given so far."""
        self.outgrown = False
        """A part was found that this format cannot hold."""
        self._parts: dict[tuple[int, int], None] = {}
        self._samples = self._repaired = 0
        self._repaired_seconds = 0.0

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield all of it in order, float64 `[channels, n]`.

        Raises UndecodableError, also when `outgrown`; UnusableTrackError for what turns out to be no sound at the end.
        """
        for part in self._reader.parts():
            part.info.check()
            if self.format.joined(format_of(part.info)) != self.format:
                self.outgrown = True
                raise UndecodableError("has parts of a higher format")
            self._parts[part.info.sample_rate, part.info.channels] = None
            for block in self._brought_to_format(part):
                self.frames += block.shape[1]
                yield block
        if not self.frames:
            raise UndecodableError("contains no audio")
        if self._repaired > 0.5 * self._samples:
            raise UnusableTrackError(f"{shown(self._name)} contains only invalid samples. Export it again.")

    def notices(self) -> tuple[str, ...]:
        """Return sentences for the user; complete after the last block."""
        return (*self._reader.notices, *self._said())

    def _brought_to_format(self, part: Part) -> Iterator[NDArray[np.float64]]:
        rate, target = part.info.sample_rate, self.format
        resampler = StreamResampler(rate, target.sample_rate, target.channels)
        # In pieces of which none grows beyond a block.
        step = max(1, min(_BLOCK, _BLOCK * rate // target.sample_rate))
        for block in part.blocks:
            mixed = self._mixed(self._cleaned(block, part.info), part.info)
            for start in range(0, mixed.shape[1], step):
                yield resampler.push(mixed[:, start : start + step])
        rest = resampler.flush()
        if rest.size:
            yield rest

    def _cleaned(self, block: NDArray[np.float64], info: TrackInfo) -> NDArray[np.float64]:
        self._samples += block.size
        if info.sample_format.bits is not None:
            return block
        bad = ~np.isfinite(block) | (np.abs(block) > _LOUDEST)
        if not bad.any():
            return block
        self._repaired += int(bad.sum())
        self._repaired_seconds += int(bad.sum()) / info.channels / info.sample_rate
        return np.where(bad, 0.0, block)

    def _mixed(self, block: NDArray[np.float64], info: TrackInfo) -> NDArray[np.float64]:
        if info.channels > 2:
            return stereo_matrix(info.layout) @ block
        return block if info.channels == self.format.channels else np.repeat(block, self.format.channels, axis=0)

    def _said(self) -> Iterator[str]:
        channels = [channels for _, channels in self._parts]
        if len(self._parts) > 1:
            kinds = ", ".join(_in_words(*part) for part in list(self._parts)[:4])
            form = _in_words(self.format.sample_rate, self.format.channels)
            yield f"Its sound changes on the way ({kinds}). All of it was separated, as {form}."
        elif channels and channels[0] > 2:
            yield f"Its {channels[0]} channels were folded to stereo."
        if self._repaired:
            yield f"Invalid samples (about {math.ceil(self._repaired_seconds)} s) were replaced by silence."


def _in_words(sample_rate: int, channels: int) -> str:
    sides = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    return f"{sample_rate / 1000:g} kHz {sides}"
