"""Null test: the written stems are read back, summed and compared with the mixture."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from desktop.audio.mixture import Mixture
from desktop.audio.streaming import SequentialSoundFile
from desktop.pipeline.progress import Progress
from desktop.pipeline.spool import BLOCK_FRAMES, StemBlock
from desktop.stage import Stage

NULL_FLOOR_DBFS = -300.0


def measure_null_dbfs(mixture: Mixture, paths: Sequence[Path], progress: Progress) -> float:
    """Return the peak of mixture minus sum of the written stems, in dBFS; -300 if there is no difference."""
    peak = 0.0
    position = 0
    for stems in read_stem_blocks(paths, mixture.channels, mixture.frames):
        original = mixture.read(position, stems.shape[-1])
        peak = max(peak, float(np.abs(original - stems.sum(axis=0)).max(initial=0.0)))
        position += stems.shape[-1]
        progress.advance(Stage.WRITING, position / mixture.frames)
    return max(20.0 * float(np.log10(peak)), NULL_FLOOR_DBFS) if peak else NULL_FLOOR_DBFS


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
