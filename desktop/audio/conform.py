"""Conversion of a track to one audio format throughout, with invalid samples replaced by silence."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from desktop.audio.decode import decode_file
from desktop.audio.downmix import stereo_downmix_matrix
from desktop.audio.names import printable
from desktop.audio.resample import StreamResampler
from desktop.audio.track import NO_AUDIO_PROBLEM, SampleFormat, TrackInfo, TrackReader, TrackSection, UndecodableError
from desktop.errors import CancelledError, UnusableTrackError
from desktop.text.message import Message, join_messages

_Result = TypeVar("_Result")
# Full scale is ±1; values 80 dB above it are treated as invalid samples.
_MAX_AMPLITUDE = 1e4
# Maximum number of source formats that a notice lists.
_MAX_LISTED_FORMATS = 4
_BLOCK_FRAMES = 65536
# From the least to the most precise format.
_PRECISION_ORDER = (
    SampleFormat.PCM_16, SampleFormat.PCM_24, SampleFormat.PCM_32, SampleFormat.LOSSY, SampleFormat.FLOAT
)  # fmt: skip


@dataclass(frozen=True)
class AudioFormat:
    """Target format of a conformed track."""

    sample_rate: int
    """Hz."""
    channels: int
    """1 or 2."""
    sample_format: SampleFormat

    def common_with(self, other: "AudioFormat") -> "AudioFormat":
        """Return the format that can hold both: the higher sample rate, the larger channel count, the finer samples."""
        sample_format = max(self.sample_format, other.sample_format, key=_PRECISION_ORDER.index)
        if self.sample_rate != other.sample_rate:
            sample_format = processing_sample_format(sample_format)
        return AudioFormat(max(self.sample_rate, other.sample_rate), max(self.channels, other.channels), sample_format)


def conformed_format(info: TrackInfo) -> AudioFormat:
    """Return the format of a track or section after a downmix to at most two channels."""
    needs_downmix = info.channels > 2
    samples = processing_sample_format(info.sample_format) if needs_downmix else info.sample_format
    return AudioFormat(info.sample_rate, min(info.channels, 2), samples)


def processing_sample_format(samples: SampleFormat) -> SampleFormat:
    """Return the sample format for sums and resampled audio, whose values fall between the source's integer steps."""
    return SampleFormat.PCM_24 if samples is SampleFormat.PCM_16 else samples


def decode_conformed(
    track: Path,
    should_stop: Callable[[], bool],
    decode: Callable[["ConformedTrack"], _Result],
    audio_track: int | None = None,
) -> _Result:
    """Return what `decode` returns for the first conformed track with which it does not raise UndecodableError.

    Tries each decoder, best first, and again in the format of all sections if a section turned out to need it.
    `audio_track` is that of `decode_file`. Raises UnusableTrackError if no decoder is left, CancelledError if `should_stop` returns True, and what else `decode`
    raises.
    """

    def decode_reader(reader: TrackReader) -> _Result:
        conformed = ConformedTrack(track.name, reader, conformed_format(reader.info))
        try:
            return decode(conformed)
        except UndecodableError:
            if not conformed.needs_wider_format:
                raise
        return decode(ConformedTrack(track.name, reader, _find_common_format(reader, should_stop)))

    return decode_file(track, decode_reader, audio_track)


def _find_common_format(reader: TrackReader, should_stop: Callable[[], bool]) -> AudioFormat:
    """Decode the whole track and return the format that can hold all its sections.

    Raises UndecodableError at damage, CancelledError if `should_stop` returns True.
    """
    common = conformed_format(reader.info)
    for section in reader.sections():
        common = common.common_with(conformed_format(section.info))
        for _ in section.blocks:
            if should_stop():
                raise CancelledError(Message("Cancelled."))
    return common


class ConformedTrack:
    """A decoder's audio converted to one format, with invalid samples replaced by silence."""

    def __init__(self, name: str, reader: TrackReader, audio_format: AudioFormat) -> None:
        """Convert the audio of `reader` to `audio_format`. Error messages call the track `name`."""
        self._name = name
        self._reader = reader
        self.format = audio_format
        self.seconds = reader.info.seconds
        """Length in seconds according to the header, an estimate; None if the header declares none."""
        self.frames = 0
        """Number of frames yielded so far."""
        self.needs_wider_format = False
        """True after a section was found that `format` cannot hold."""
        self._source_formats: dict[tuple[int, int], None] = {}
        self._sample_count = self._replaced_samples = 0
        self._replaced_seconds = 0.0

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield the whole track in order as float64 `[channels, frames]`.

        Raises UndecodableError if the track is damaged, empty or `needs_wider_format`, UnusableTrackError if most
        samples are invalid (known at the end).
        """
        for section in self._reader.sections():
            section.info.check_supported()
            if self.format.common_with(conformed_format(section.info)) != self.format:
                self.needs_wider_format = True
                raise UndecodableError(Message("{name} has parts of a higher format."))
            self._source_formats[section.info.sample_rate, section.info.channels] = None
            for block in self._convert_section(section):
                self.frames += block.shape[1]
                yield block
        if not self.frames:
            raise UndecodableError(NO_AUDIO_PROBLEM)
        if self._replaced_samples > 0.5 * self._sample_count:
            raise UnusableTrackError(
                Message("{name} contains only invalid samples. Export it again.", name=printable(self._name))
            )

    def notices(self) -> tuple[Message, ...]:
        """Return sentences for the user; complete after the last block of `blocks`."""
        return (*self._reader.notices, *self._conversion_notices())

    def _convert_section(self, section: TrackSection) -> Iterator[NDArray[np.float64]]:
        rate, target = section.info.sample_rate, self.format
        resampler = StreamResampler(rate, target.sample_rate, target.channels)
        # Split so that no resampled chunk exceeds a block.
        chunk_frames = max(1, min(_BLOCK_FRAMES, _BLOCK_FRAMES * rate // target.sample_rate))
        for block in section.blocks:
            mixed = self._mix_channels(self._replace_invalid_samples(block, section.info), section.info)
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

    def _conversion_notices(self) -> Iterator[Message]:
        channels = [channels for _, channels in self._source_formats]
        if len(self._source_formats) > 1:
            yield self._mixed_formats_notice()
        elif channels and channels[0] > 2:
            yield Message("Its {channels} channels were mixed down to stereo.", channels=channels[0])
        if self._replaced_samples:
            seconds = math.ceil(self._replaced_seconds)
            yield Message("Invalid samples (about {seconds} s) were replaced with silence.", seconds=seconds)

    def _mixed_formats_notice(self) -> Message:
        sources = [_describe_format(*source) for source in list(self._source_formats)[:_MAX_LISTED_FORMATS]]
        return Message(
            "Its sample rate or channels change partway through ({sources}). All of it was separated, as {target}.",
            sources=join_messages(*sources, separator=", "),
            target=_describe_format(self.format.sample_rate, self.format.channels),
        )


def _describe_format(sample_rate: int, channels: int) -> Message:
    rate = f"{sample_rate / 1000:g}"
    if channels == 1:
        return Message("{rate} kHz mono", rate=rate)
    if channels == 2:
        return Message("{rate} kHz stereo", rate=rate)
    return Message("{rate} kHz {channels} channels", rate=rate, channels=channels)
