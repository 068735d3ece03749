"""A track's sound as it is separated: in one format throughout, and nothing in it that is no sample."""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.decode import open_readers
from desktop.audio.downmix import stereo_downmix_matrix
from desktop.audio.names import printable
from desktop.audio.resample import StreamResampler
from desktop.audio.track import SampleFormat, TrackInfo, TrackReader, TrackSection, UndecodableError
from desktop.errors import CancelledError, UnusableTrackError

# Music lies within ±1; what is 80 dB louder is no sample.
_MAX_AMPLITUDE = 1e4
_BLOCK_FRAMES = 65536
# From the format that holds the least to the one that holds all.
_PRECISION_ORDER = (
    SampleFormat.PCM_16, SampleFormat.PCM_24, SampleFormat.PCM_32, SampleFormat.LOSSY, SampleFormat.FLOAT
)  # fmt: skip


@dataclass(frozen=True)
class AudioFormat:
    """The one format that a track is brought to."""

    sample_rate: int
    channels: int
    """1 or 2."""
    sample_format: SampleFormat

    def common_with(self, other: "AudioFormat") -> "AudioFormat":
        """Return the format that holds all of both: the higher sample rate, stereo before mono, the finer samples."""
        sample_format = max(self.sample_format, other.sample_format, key=_PRECISION_ORDER.index)
        if self.sample_rate != other.sample_rate:
            sample_format = processing_sample_format(sample_format)
        return AudioFormat(max(self.sample_rate, other.sample_rate), max(self.channels, other.channels), sample_format)


def conformed_format(info: TrackInfo) -> AudioFormat:
    """Return the format that holds a track, or a part of one, after mixing it down to two channels."""
    needs_downmix = info.channels > 2
    samples = processing_sample_format(info.sample_format) if needs_downmix else info.sample_format
    return AudioFormat(info.sample_rate, min(info.channels, 2), samples)


def processing_sample_format(samples: SampleFormat) -> SampleFormat:
    """Return what holds sums and resampled sound, whose samples fall between the steps of their source."""
    return SampleFormat.PCM_24 if samples is SampleFormat.PCM_16 else samples


def open_conformed(track: Path, should_stop: Callable[[], bool]) -> Generator["ConformedTrack"]:
    """Yield the sound of a track from each decoder that can open it, best first. Close it when one was good.

    Ask for the next one only when the one before raised UndecodableError. Raises UnusableTrackError when none is left,
    CancelledError.
    """
    for reader in open_readers(track):
        with closing(reader), suppress(UndecodableError):
            sound = ConformedTrack(track.name, reader, conformed_format(reader.info))
            yield sound
            if sound.needs_wider_format:
                yield ConformedTrack(track.name, reader, _find_common_format(reader, should_stop))


def _find_common_format(reader: TrackReader, should_stop: Callable[[], bool]) -> AudioFormat:
    """Decode all of a track to find the format that holds all of its parts. Raises UndecodableError, CancelledError."""
    common = conformed_format(reader.info)
    for part in reader.sections():
        common = common.common_with(conformed_format(part.info))
        for _ in part.blocks:
            if should_stop():
                raise CancelledError("Cancelled.")
    return common


class ConformedTrack:
    """A decoder's sound brought to one format. Samples that are no numbers become silence."""

    def __init__(self, name: str, reader: TrackReader, audio_format: AudioFormat) -> None:
        """`name` is the track's, for sentences about it."""
        self._name = name
        self._reader = reader
        self.format = audio_format
        self.seconds = reader.info.seconds
        """The length by the header, an estimate; None where it tells none."""
        self.frames = 0
        """How many were given so far."""
        self.needs_wider_format = False
        """A part was found that this format cannot hold."""
        self._source_formats: dict[tuple[int, int], None] = {}
        self._sample_count = self._replaced_samples = 0
        self._replaced_seconds = 0.0

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield all of it in order, float64 `[channels, n]`.

        Raises UndecodableError, also when `outgrown`; UnusableTrackError for what turns out to be no sound at the end.
        """
        for part in self._reader.sections():
            part.info.check_supported()
            if self.format.common_with(conformed_format(part.info)) != self.format:
                self.needs_wider_format = True
                raise UndecodableError("has parts of a higher format")
            self._source_formats[part.info.sample_rate, part.info.channels] = None
            for block in self._convert_section(part):
                self.frames += block.shape[1]
                yield block
        if not self.frames:
            raise UndecodableError("contains no audio")
        if self._replaced_samples > 0.5 * self._sample_count:
            raise UnusableTrackError(f"{printable(self._name)} contains only invalid samples. Export it again.")

    def notices(self) -> tuple[str, ...]:
        """Return sentences for the user; complete after the last block."""
        return (*self._reader.notices, *self._conversion_notices())

    def _convert_section(self, part: TrackSection) -> Iterator[NDArray[np.float64]]:
        rate, target = part.info.sample_rate, self.format
        resampler = StreamResampler(rate, target.sample_rate, target.channels)
        # In pieces of which none grows beyond a block.
        chunk_frames = max(1, min(_BLOCK_FRAMES, _BLOCK_FRAMES * rate // target.sample_rate))
        for block in part.blocks:
            mixed = self._mix_channels(self._replace_invalid_samples(block, part.info), part.info)
            for start in range(0, mixed.shape[1], chunk_frames):
                yield resampler.push(mixed[:, start : start + chunk_frames])
        tail = resampler.flush()
        if tail.size:
            yield tail

    def _replace_invalid_samples(self, block: NDArray[np.float64], info: TrackInfo) -> NDArray[np.float64]:
        self._sample_count += block.size
        if info.sample_format.bits is not None:
            return block
        invalid = ~np.isfinite(block) | (np.abs(block) > _MAX_AMPLITUDE)
        if not invalid.any():
            return block
        self._replaced_samples += int(invalid.sum())
        self._replaced_seconds += int(invalid.sum()) / info.channels / info.sample_rate
        return np.where(invalid, 0.0, block)

    def _mix_channels(self, block: NDArray[np.float64], info: TrackInfo) -> NDArray[np.float64]:
        if info.channels > 2:
            return stereo_downmix_matrix(info.layout) @ block
        return block if info.channels == self.format.channels else np.repeat(block, self.format.channels, axis=0)

    def _conversion_notices(self) -> Iterator[str]:
        channels = [channels for _, channels in self._source_formats]
        if len(self._source_formats) > 1:
            kinds = ", ".join(_describe_format(*part) for part in list(self._source_formats)[:4])
            form = _describe_format(self.format.sample_rate, self.format.channels)
            yield f"Its sound changes on the way ({kinds}). All of it was separated, as {form}."
        elif channels and channels[0] > 2:
            yield f"Its {channels[0]} channels were folded to stereo."
        if self._replaced_samples:
            yield f"Invalid samples (about {math.ceil(self._replaced_seconds)} s) were replaced by silence."


def _describe_format(sample_rate: int, channels: int) -> str:
    sides = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    return f"{sample_rate / 1000:g} kHz {sides}"
