"""Writing of ready-made stems as the library keeps them: WAV files of one format and length, with peaks and their sum.

Each stem is decoded to disk first, so that its length and loudness are known, and hours of audio need little memory.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from desktop.audio.conform import AudioFormat
from desktop.audio.mixture import Mixture, decode_mixture
from desktop.audio.names import printable
from desktop.audio.peaks import PeakWriter
from desktop.audio.ready_stems import ReadyStem, WrittenStems
from desktop.audio.resample import StreamResampler
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.track import SampleFormat
from desktop.audio.writer import BLOCK_FRAMES, AudioWriter
from desktop.errors import UnusableTrackError
from desktop.text.message import Message, join_messages

# In seconds. Programs leave out silence at the end, and compressed files are padded.
_MAX_LENGTH_DIFFERENCE_S, _UNMENTIONED_DIFFERENCE_S = 5.0, 0.1
_DECODING_PART = 0.6
_DEPTHS = {SampleFormat.PCM_16: "16", SampleFormat.PCM_24: "24", SampleFormat.PCM_32: "32", SampleFormat.LOSSY: "24"}
_FLOAT_DEPTH = "32f"
_LENGTH_PROBLEM = Message(
    "{shortest} and {longest} differ in length by {seconds:.0f} seconds, so they are not stems of the same song."
)
_PADDED_NOTICE = Message("Shorter stems were filled up with silence.")
_RESAMPLED_NOTICE = Message("Stems with other sample rates were resampled to {rate} kHz.")


def write_ready_stems(
    stems: Sequence[ReadyStem],
    folder: Path,
    mixture: Path,
    mixture_peaks: Path,
    report_progress: Callable[[float], None],
) -> WrittenStems:
    """Write each stem and its peaks into the new folder `folder`, as "vocals.wav" and "vocals.peaks".

    Write their sum as the file `mixture`, which appears last.

    They get the sample rate of the first stem, the channels of the one with most, and the length of the longest. Call
    `report_progress` with 0 to 1. Raises UnusableTrackError if a stem cannot be decoded or their lengths differ by more
    than 5 seconds, StorageError or OSError if a file cannot be written; then files are left over.
    """
    folder.mkdir(parents=True)

    def decode(place: int, stem: ReadyStem) -> _DecodedStem:
        def report(part: float) -> None:
            report_progress(_DECODING_PART * (place + part) / len(stems))

        return _decode(stem, folder / f"{place}.decoded", report)

    decoded = [decode(place, stem) for place, stem in enumerate(stems)]
    files = [stem.mixture for stem in decoded]
    _check_lengths(stems, files)
    rate, channels = files[0].sample_rate, max(file.channels for file in files)
    total = folder / "sum.decoded"
    outputs = [
        *((folder / f"{stem.name}.wav", folder / f"{stem.name}.peaks", _choose_depth(decoded, rate)) for stem in stems),
        # The sum of integers is exact in float, and may be above full scale.
        (total, mixture_peaks, _FLOAT_DEPTH),
    ]
    with ExitStack() as stack:
        readers = [stack.enter_context(_AlignedReader(file, rate, channels)) for file in files]
        frames = max(reader.frames for reader in readers)
        writers = [stack.enter_context(_Writer(*output, rate, channels, frames)) for output in outputs]
        for start in range(0, frames, BLOCK_FRAMES):
            size = min(BLOCK_FRAMES, frames - start)
            blocks = [reader.read(size) for reader in readers]
            for writer, block in zip(writers, (*blocks, np.add.reduce(blocks)), strict=True):
                writer.write(block)
            report_progress(_DECODING_PART + (1.0 - _DECODING_PART) * (start + size) / frames)
        for writer in writers:
            writer.close()
    for file in files:
        file.path.unlink()
    mixture.parent.mkdir(exist_ok=True)
    total.rename(mixture)
    notices = (*_file_notices(stems, files), *_format_notices(files, rate))
    return WrittenStems(rate, channels, frames, _digest(stems), notices)


@dataclass(frozen=True)
class _DecodedStem:
    mixture: Mixture
    is_above_full_scale: bool


def _decode(stem: ReadyStem, path: Path, report_progress: Callable[[float], None]) -> _DecodedStem:
    meter = _PeakMeter()
    mixture = decode_mixture(stem.path, path, report_progress, lambda: False, meter, stem.audio_track)
    return _DecodedStem(mixture, meter.peak > 1.0)


class _PeakMeter:
    """Listener that measures the largest absolute sample."""

    peak = 0.0

    def reset(self) -> None:
        self.peak = 0.0

    def add_block(self, block: NDArray[np.float64]) -> None:
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))


def _check_lengths(stems: Sequence[ReadyStem], files: Sequence[Mixture]) -> None:
    lengths = [file.frames / file.sample_rate for file in files]
    shortest, longest = lengths.index(min(lengths)), lengths.index(max(lengths))
    difference_s = lengths[longest] - lengths[shortest]
    if difference_s > _MAX_LENGTH_DIFFERENCE_S:
        raise UnusableTrackError(
            _LENGTH_PROBLEM.with_arguments(
                shortest=_display_name(stems[shortest]), longest=_display_name(stems[longest]), seconds=difference_s
            )
        )


def _choose_depth(stems: Sequence[_DecodedStem], rate: int) -> str:
    """Return the bit depth that holds all stems: that of the finest, or float if one is louder than integers can be."""
    if any(stem.is_above_full_scale or stem.mixture.sample_rate != rate for stem in stems):
        return _FLOAT_DEPTH  # resampling makes peaks higher
    formats = (AudioFormat(rate, 2, stem.mixture.sample_format) for stem in stems)
    return _DEPTHS.get(reduce(AudioFormat.common_with, formats).sample_format, _FLOAT_DEPTH)


class _AlignedReader:
    """Reader of a decoded stem at another sample rate and number of channels, followed by silence.

    A context manager that closes the file.
    """

    def __init__(self, stem: Mixture, rate: int, channels: int) -> None:
        self.frames = round(stem.frames * rate / stem.sample_rate)
        """Length in frames at the new rate."""
        self._channels = channels
        self._file = SequentialSoundFile(stem.path)
        self._blocks = self._resampled_blocks(StreamResampler(stem.sample_rate, rate, channels))
        self._pending = np.zeros((channels, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, frames: int) -> NDArray[np.float64]:
        """Return the next frames, float64 `[channels, frames]`."""
        parts = [self._pending]
        missing = frames - self._pending.shape[1]
        while missing > 0 and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            missing -= block.shape[1]
        if missing > 0:
            parts.append(np.zeros((self._channels, missing)))
        joined = np.concatenate(parts, axis=1)
        self._pending = joined[:, frames:]
        return joined[:, :frames]

    def _resampled_blocks(self, resampler: StreamResampler) -> Iterator[NDArray[np.float64]]:
        while len(block := self._file.read(BLOCK_FRAMES, dtype="float64", always_2d=True)):
            channels = np.repeat(block.T, self._channels // block.shape[1], axis=0)
            yield resampler.push(cast("NDArray[np.float64]", channels))
        yield resampler.flush()


class _Writer:
    """Writer of an audio file and its peaks. A context manager that deletes what is not closed."""

    def __init__(self, path: Path, peaks: Path, depth: str, rate: int, channels: int, frames: int) -> None:
        # Without the comment of stems: it says that Unbraid separated them.
        self._audio = AudioWriter(path, rate, channels, frames, "wav", depth, comment="")
        self._peaks = PeakWriter(peaks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._audio.abort()
        self._peaks.abort()

    def write(self, block: NDArray[np.float64]) -> None:
        self._audio.write(block)
        self._peaks.add_block(block)

    def close(self) -> None:
        self._audio.close()
        self._peaks.close()


def _file_notices(stems: Sequence[ReadyStem], files: Sequence[Mixture]) -> Iterator[Message]:
    for stem, file in zip(stems, files, strict=True):
        for notice in file.notices:
            yield join_messages(Message("{name}:", name=_display_name(stem)), notice)


def _format_notices(files: Sequence[Mixture], rate: int) -> Iterator[Message]:
    lengths = [file.frames / file.sample_rate for file in files]
    if max(lengths) - min(lengths) > _UNMENTIONED_DIFFERENCE_S:
        yield _PADDED_NOTICE
    if any(file.sample_rate != rate for file in files):
        yield _RESAMPLED_NOTICE.with_arguments(rate=f"{rate / 1000:g}")


def _display_name(stem: ReadyStem) -> str:
    return printable(stem.path.name if stem.audio_track is None else stem.name)


def _digest(stems: Sequence[ReadyStem]) -> str:
    """Return a digest of the contents of all files; not that of a file, which may be added as a song as well."""
    digests: list[str] = []
    for path in {stem.path for stem in stems}:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256(" ".join(("stems", *sorted(digests))).encode()).hexdigest()
