"""The proof of a separation: the files read back, summed, and held against the source."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from desktop.audio.mixture import Mixture
from desktop.audio.onward import OnwardFile
from desktop.pipeline.progress import Progress
from desktop.pipeline.spool import BLOCK, Block

NO_DIFFERENCE_DBFS = -300.0


def null_dbfs(mixture: Mixture, paths: Sequence[Path], progress: Progress) -> float:
    """Peak of source minus sum of the written stems, in dB of full scale; -300 when there is no difference at all."""
    peak = 0.0
    done = 0
    for stems in stems_together(paths, mixture.channels, mixture.frames):
        original = mixture.read(done, stems.shape[-1])
        peak = max(peak, float(np.abs(original - stems.sum(axis=0)).max(initial=0.0)))
        done += stems.shape[-1]
        progress.at("writing", done / mixture.frames)
    return max(20.0 * float(np.log10(peak)), NO_DIFFERENCE_DBFS) if peak else NO_DIFFERENCE_DBFS


def stems_together(paths: Sequence[Path], channels: int, frames: int) -> Iterator[Block]:
    """Blocks `[stems, channels, n <= 65536]` of files side by side; silence where one is shorter than `frames`."""
    with ExitStack() as opened:
        files = [opened.enter_context(OnwardFile(path)) for path in paths]
        for start in range(0, frames, BLOCK):
            size = min(BLOCK, frames - start)
            block = np.zeros((len(files), channels, size))
            for stem, file in zip(block, files, strict=True):
                read = file.read(size, dtype="float64", always_2d=True).T
                stem[:, : read.shape[1]] = read
            yield block
