"""Stem files and their peaks, written block by block, and the null test, which reads them back."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture
from desktop.audio.names import printable, safe_file_name
from desktop.audio.peaks import PeakWriter
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import AudioWriter
from desktop.errors import StorageError
from desktop.pipeline import consistency
from desktop.pipeline.output_format import OutputFormat
from desktop.pipeline.progress import Progress
from desktop.pipeline.spool import BLOCK_FRAMES, StemBlock
from desktop.stage import Stage
from desktop.text.message import Message

# Result of a null test without any difference, in dBFS.
_NULL_FLOOR_DBFS = -300.0
_FLOAT_NOTICE = Message(
    "A stem is louder than {depth}-bit files can hold, so all stems were written as 32-bit float WAV."
)


@dataclass(frozen=True)
class StemFile:
    """Files of one stem."""

    name: str
    """Name of the engine's source."""
    path: Path
    peaks: Path


class StemWriter:
    """Writer of stem files, corrected to sum to the mixture if the output format says so."""

    def __init__(self, folder: Path, sources: Sequence[str], mixture: Mixture, output_format: OutputFormat) -> None:
        self._mixture = mixture
        self._output_format = output_format
        self._stem_files = [_make_stem_file(folder, source, output_format) for source in sources]
        self._residual = consistency.ResidualDistributor(len(sources), mixture.sample_rate)
        self._frames_written = 0
        self._audio_writers: list[AudioWriter] = []
        self._peak_writers: list[PeakWriter] = []
        self._set_aside_paths: list[Path] = []
        self._owns_files = False
        self.notices: tuple[Message, ...] = ()

    def write_all(self, blocks: Iterable[StemBlock]) -> None:
        """Create the files and write all blocks `[sources, channels, n]`. Raises StorageError, OSError."""
        self.open()
        for block in blocks:
            self.write(block)

    def open(self) -> None:
        """Create the files. Raises StorageError if a file of that name exists; existing files stay unchanged.

        Call `abort` to delete the files after a failure, also after a failure of this method.
        """
        for path in (path for stem in self._stem_files for path in (stem.path, stem.peaks)):
            if path.exists():
                raise StorageError(Message("{name} already exists and was not overwritten.", name=printable(path.name)))
        self._owns_files = True
        for stem in self._stem_files:
            self._peak_writers.append(PeakWriter(stem.peaks))
        self._open_writers()

    def write(self, stems: StemBlock) -> None:
        """Write the next block `[sources, channels, n]` of the engine's stems, at the mixture's sample rate."""
        original = self._mixture.read(self._frames_written, stems.shape[-1])
        values = self._quantize(stems, original)
        if self._output_format.would_clip(values):
            self._switch_to_float()
        values = self._as_stored(values, original)
        self._write_audio(values)
        for peaks, stem in zip(self._peak_writers, values, strict=True):
            peaks.add_block(stem)
        self._frames_written += stems.shape[-1]

    def close(self) -> tuple[StemFile, ...]:
        """Finish the files, rename them into place, and return them."""
        for writer in self._audio_writers:
            writer.close()
        for peaks in self._peak_writers:
            peaks.close()
        return tuple(self._stem_files)

    def abort(self) -> None:
        """Delete all files that this writer created."""
        for writer in self._audio_writers:
            writer.abort()
        for peaks in self._peak_writers:
            peaks.abort()
        if not self._owns_files:
            return
        for path in (*self._set_aside_paths, *(path for stem in self._stem_files for path in (stem.path, stem.peaks))):
            path.unlink(missing_ok=True)

    def _quantize(self, stems: StemBlock, original: NDArray[np.floating]) -> StemBlock:
        """Return the stems corrected to sum to `original`, and rounded to the steps of the output format."""
        output_format = self._output_format
        if output_format.preserves_sum:
            stems = self._residual.distribute(stems, original)
        if output_format.quantization_bits is None:
            return stems
        if output_format.preserves_sum:
            return consistency.quantize_preserving_sum(stems, original, output_format.quantization_bits)
        return consistency.quantize(stems, output_format.quantization_bits)

    def _as_stored(self, values: StemBlock, original: NDArray[np.floating]) -> StemBlock:
        """Return the values as the files store them."""
        if not self._output_format.is_float:
            return values
        if self._output_format.preserves_sum:
            return consistency.round_to_float32_preserving_sum(values, original).astype(np.float64)
        return values.astype(np.float32).astype(np.float64)

    def _write_audio(self, values: StemBlock) -> None:
        for writer, stem in zip(self._audio_writers, values, strict=True):
            writer.write(stem)

    def _open_writers(self) -> None:
        mixture, output_format = self._mixture, self._output_format
        self._audio_writers = []
        for stem in self._stem_files:
            writer = AudioWriter(
                stem.path,
                mixture.sample_rate,
                mixture.channels,
                mixture.frames,
                output_format.container,
                output_format.depth,
            )
            self._audio_writers.append(writer)

    def _switch_to_float(self) -> None:
        """Switch to float files, and copy the audio written so far into them."""
        self._set_aside()
        self.notices = (_FLOAT_NOTICE.with_arguments(depth=self._output_format.depth),)
        self._output_format = self._output_format.as_float()
        self._stem_files = [replace(stem, path=stem.path.with_suffix(".wav")) for stem in self._stem_files]
        self._open_writers()
        self._copy_set_aside_audio()

    def _set_aside(self) -> None:
        """Rename the files written so far; discard empty ones."""
        for writer, stem in zip(self._audio_writers, self._stem_files, strict=True):
            if self._frames_written:
                writer.close()
                self._set_aside_paths.append(stem.path.replace(stem.path.with_name(f"{stem.path.name}.aside")))
            else:
                writer.abort()

    def _copy_set_aside_audio(self) -> None:
        position = 0
        for values in read_stem_blocks(self._set_aside_paths, self._mixture.channels, self._frames_written):
            original = self._mixture.read(position, values.shape[-1])
            self._write_audio(self._as_stored(values, original))
            position += values.shape[-1]
        for path in self._set_aside_paths:
            path.unlink()
        self._set_aside_paths = []


def _make_stem_file(folder: Path, source: str, output_format: OutputFormat) -> StemFile:
    name = safe_file_name(source)
    return StemFile(source, folder / f"{name}.{output_format.container}", folder / f"{name}.peaks")


def measure_null_dbfs(mixture: Mixture, paths: Sequence[Path], progress: Progress) -> float:
    """Measure the null test: read the written stems back, and compare their sum with the mixture.

    Return the peak of mixture minus sum of the written stems, in dBFS; -300 if there is no difference.
    """
    peak = 0.0
    position = 0
    for stems in read_stem_blocks(paths, mixture.channels, mixture.frames):
        original = mixture.read(position, stems.shape[-1])
        peak = max(peak, float(np.abs(original - stems.sum(axis=0)).max(initial=0.0)))
        position += stems.shape[-1]
        progress.advance(Stage.WRITING, position / mixture.frames)
    return max(20.0 * float(np.log10(peak)), _NULL_FLOOR_DBFS) if peak else _NULL_FLOOR_DBFS


def read_stem_blocks(paths: Sequence[Path], channels: int, frames: int) -> Iterator[StemBlock]:
    """Yield blocks `[stems, channels, n <= 65536]` of all files, with silence after the end of a shorter file."""
    with ExitStack() as stack:
        files = [stack.enter_context(SequentialSoundFile(path)) for path in paths]
        for start in range(0, frames, BLOCK_FRAMES):
            size = min(BLOCK_FRAMES, frames - start)
            block = np.zeros((len(files), channels, size))
            for stem, file in zip(block, files, strict=True):
                read = file.read(size, dtype="float64", always_2d=True).T
                stem[:, : read.shape[1]] = read
            yield block
