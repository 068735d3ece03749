"""Normalization of a track to mean 0 and deviation 1, with both measured in one pass over blocks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As in demucs: avoids a division by zero for digital silence.
_EPSILON = 1e-8


@dataclass(frozen=True)
class Normalization:
    """Mean and standard deviation of a track: removed before separation, restored afterwards."""

    mean: float = 0.0
    deviation: float = 1.0

    def apply(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return samples of any shape normalized to mean 0 and deviation 1."""
        return ((samples - self.mean) / self.deviation).astype(np.float32)

    def invert(self, stems: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return stems of any shape at the track's level. Each stem gets the whole mean, as in demucs."""
        return stems if self == Normalization() else stems * np.float32(self.deviation) + np.float32(self.mean)


class NormalizationMeter:
    """Meter of the mean and deviation of a mono mix, block by block, with Welford's algorithm."""

    def __init__(self) -> None:
        self._count, self._mean, self._sum_of_squares = 0, 0.0, 0.0

    def add(self, block: NDArray[np.floating]) -> None:
        """Add the next block `[channels, n]`."""
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
        """Normalization of all blocks added so far."""
        variance = self._sum_of_squares / (self._count - 1) if self._count > 1 else 0.0
        return Normalization(self._mean, float(np.sqrt(variance)) + _EPSILON)
