"""The mean and deviation to which a track is brought before it is separated, found in one pass over blocks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As demucs: keeps digital silence finite.
_SMALLEST_DEVIATION = 1e-8


@dataclass(frozen=True)
class Level:
    """What is taken off and divided by before separating, and undone after."""

    mean: float = 0.0
    deviation: float = 1.0

    def apply(self, sound: NDArray[np.floating]) -> NDArray[np.float32]:
        """Bring sound of any shape to mean 0 and deviation 1."""
        return ((sound - self.mean) / self.deviation).astype(np.float32)

    def undo(self, stems: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring stems of any shape back. Each gets the mean, as in demucs."""
        return stems if self == Level() else stems * np.float32(self.deviation) + np.float32(self.mean)


def measure(blocks: Iterable[NDArray[np.floating]]) -> Level:
    """The level of the mono mix of blocks `[channels, n]`: Welford's sums, merged block by block."""
    count, mean, squares = 0, 0.0, 0.0
    for block in blocks:
        mono = block.astype(np.float64).mean(axis=0)
        size = mono.size
        if not size:
            continue
        delta = float(mono.mean()) - mean
        total = count + size
        squares += float(((mono - mono.mean()) ** 2).sum()) + delta * delta * count * size / total
        mean += delta * size / total
        count = total
    variance = squares / (count - 1) if count > 1 else 0.0
    return Level(mean, float(np.sqrt(variance)) + _SMALLEST_DEVIATION)
