"""The track decoded once, and all that is to be learned of it on the way: its peaks and its level."""

from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture, decode_mixture
from desktop.audio.peaks import PeakWriter
from desktop.pipeline.level import Level, LevelMeter
from desktop.pipeline.progress import Progress


def decode(track: Path, out: Path, peaks: Path, progress: Progress) -> tuple[Mixture, Level]:
    """Decode `track` into the new file `out`, and write its peaks. Raises as `decode_mixture`, and OSError."""
    with closing(_Listener(peaks)) as listener:
        mixture = decode_mixture(track, out, lambda part: progress.at("decoding", part), progress.should_stop, listener)
        listener.peaks.close()
    return mixture, listener.meter.level


class _Listener:
    def __init__(self, peaks: Path) -> None:
        self._path = peaks
        self.peaks, self.meter = PeakWriter(peaks), LevelMeter()

    def begin(self) -> None:
        self.close()
        self.peaks, self.meter = PeakWriter(self._path), LevelMeter()

    def hear(self, block: NDArray[np.float64]) -> None:
        self.peaks.add(block)
        self.meter.add(block)

    def close(self) -> None:
        """Leave no peaks but finished ones."""
        self.peaks.abort()
