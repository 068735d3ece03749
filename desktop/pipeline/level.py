"""The mean and deviation to which a track is brought before it is separated, found in one pass over blocks."""

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


class LevelMeter:
    """Finds the level of sound that comes block by block: Welford's sums of its mono mix, merged."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def add(self, block: NDArray[np.floating]) -> None:
        """The next block `[channels, n]`."""
        mono = block.mean(axis=0, dtype=np.float64)
        if not mono.size:
            return
        own = float(mono.mean())
        mono -= own
        delta, total = own - self._mean, self._count + mono.size
        self._squares += float(mono @ mono) + delta * delta * self._count * mono.size / total
        self._mean += delta * mono.size / total
        self._count = total

    @property
    def level(self) -> Level:
        """Of all blocks so far."""
        variance = self._squares / (self._count - 1) if self._count > 1 else 0.0
        return Level(self._mean, float(np.sqrt(variance)) + _SMALLEST_DEVIATION)
