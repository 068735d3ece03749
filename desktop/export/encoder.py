"""Encoding of a stream of blocks to an audio file of any format, with tags, in constant memory."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from desktop.audio.resample import StreamResampler
from desktop.audio.writer import AudioWriter
from desktop.audio_formats import AAC, ALAC, AudioFormat
from desktop.export.mp4_writer import Mp4Writer
from desktop.export.quantizer import Quantizer, check_full_scale, stream_seed
from desktop.export.song_tags import SongTags, write_song_tags

DEFAULT_DEPTH = "24"
"""Bit depth of lossless formats unless another is chosen."""
_NO_TAGS = SongTags()


class _Writer(Protocol):
    """Writer of a file with one track."""

    def write(self, block: NDArray[np.floating], /) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class EncodedFile(ABC):
    """File that a context manager closes at the end of its block, or deletes if the block raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self.abort()

    @abstractmethod
    def close(self) -> None:
        """Finish the file and move it to its path."""

    @abstractmethod
    def abort(self) -> None:
        """Delete the incomplete file; do nothing after `close`."""


class Encoder(EncodedFile):
    """Writer of one audio file. Nothing is at its path until it is complete, tags included.

    A context manager: closes the file, or deletes it if the block raises.

    Integer formats hold no sample above full scale: unless the file may clip, `write` raises AboveFullScaleError at the
    first one, so that the caller lowers the level or chooses floats; otherwise such samples are cut off and counted in
    `clipped_samples`. What resampling lifts above full scale is always cut off and counted. WAV with floats and lossy
    formats hold such samples; what plays lossy files may cut them off.
    """

    def __init__(
        self,
        path: Path,
        audio_format: AudioFormat,
        sample_rate: int,
        channels: int,
        frames: int,
        *,
        depth: str | None = None,
        output_rate: int | None = None,
        tags: SongTags = _NO_TAGS,
        comment: str = "",
        may_clip: bool = False,
    ) -> None:
        """Open a temporary file for `frames` frames at `sample_rate` Hz, 1 or 2 channels.

        `depth` is one of the format's depths, by default `DEFAULT_DEPTH`; lossy formats ignore it. `output_rate` is the
        sample rate of the file in Hz, by default `AudioFormat.nearest_rate` of that of the blocks; audio is resampled
        only if they differ. `comment` is `STEM_COMMENT` for stems, which adding a folder to the library skips. Raises StorageError if
        the file cannot be written, ValueError if the format has no such depth or sample rate.
        """
        depth = depth or DEFAULT_DEPTH
        output_rate = output_rate or audio_format.nearest_rate(sample_rate)
        if not audio_format.holds_rate(output_rate):
            raise ValueError(f"{audio_format.title} does not hold {output_rate} Hz")
        if audio_format.is_lossless and depth not in audio_format.depths:
            raise ValueError(f"{audio_format.title} does not hold {depth} bits")
        self._may_clip = may_clip
        self._resampler = None if output_rate == sample_rate else StreamResampler(sample_rate, output_rate, channels)
        self._quantizer: Quantizer | None = None
        if audio_format.is_lossless and depth != "32f":
            may_overshoot = may_clip or self._resampler is not None
            self._quantizer = Quantizer(int(depth), stream_seed(path.name), may_overshoot)
        self._writer: _Writer

        def finish(part: Path) -> None:
            write_song_tags(part, audio_format, tags)

        if audio_format in (AAC, ALAC):
            self._writer = Mp4Writer(path, audio_format, output_rate, channels, depth, comment=comment, finish=finish)
        else:
            output_frames = round(frames * output_rate / sample_rate)
            self._writer = AudioWriter(
                path, output_rate, channels, output_frames, audio_format.name, depth, comment=comment, finish=finish
            )

    @property
    def clipped_samples(self) -> int:
        """Number of samples above full scale that were cut off."""
        return self._quantizer.clipped_samples if self._quantizer else 0

    def write(self, block: NDArray[np.floating]) -> None:
        """Append float samples `[frames, channels]`, full scale ±1.

        Raises StorageError if the file cannot be written; AboveFullScaleError, see the class.
        """
        if self._resampler is None:
            self._write(block)
            return
        if self._quantizer and not self._may_clip:
            check_full_scale(block)
        self._write(self._resampler.push(block.T).T)

    def close(self) -> None:
        """Finish the file and move it to its path.

        Raises StorageError if it cannot be written or if a file exists at the path; never overwrites.
        """
        if self._resampler:
            self._write(self._resampler.flush().T)
        self._writer.close()

    def abort(self) -> None:
        """Delete the incomplete file; do nothing after `close`."""
        self._writer.abort()

    def _write(self, block: NDArray[np.floating]) -> None:
        if len(block):
            self._writer.write((self._quantizer.quantize(block) if self._quantizer else block).T)
