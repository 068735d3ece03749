"""The mean and deviation to which a track is brought before it is separated, found in one pass over blocks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As demucs: keeps digital silence finite.
_EPSILON = 1e-8


@dataclass(frozen=True)
class Normalization:
    """What is taken off and divided by before separating, and undone after."""

    mean: float = 0.0
    deviation: float = 1.0

    def apply(self, sound: NDArray[np.floating]) -> NDArray[np.float32]:
        """Bring sound of any shape to mean 0 and deviation 1."""
        return ((sound - self.mean) / self.deviation).astype(np.float32)

    def invert(self, stems: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring stems of any shape back. Each gets the mean, as in demucs."""
        return stems if self == Normalization() else stems * np.float32(self.deviation) + np.float32(self.mean)


class NormalizationMeter:
    """Finds the level of sound that comes block by block: Welford's sums of its mono mix, merged."""

    def __init__(self) -> None:
        self._count, self._mean, self._sum_of_squares = 0, 0.0, 0.0

    def add(self, block: NDArray[np.floating]) -> None:
        """The next block `[channels, n]`."""
        mono = block.mean(axis=0, dtype=np.float64)
        if not mono.size:
            return
        block_mean = float(mono.mean())
        mono -= block_mean
        delta, total = block_mean - self._mean, self._count + mono.size
        self._sum_of_squares += float(mono @ mono) + delta * delta * self._count * mono.size / total
        self._mean += delta * mono.size / total
        self._count = total

    @property
    def normalization(self) -> Normalization:
        """Of all blocks so far."""
        variance = self._sum_of_squares / (self._count - 1) if self._count > 1 else 0.0
        return Normalization(self._mean, float(np.sqrt(variance)) + _EPSILON)
