"""Single samples of a stretch of a song, where the view is too close for peaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSE = 64
"""Below so many frames for a column of pixels the samples themselves are drawn."""


@dataclass(frozen=True)
class SampleWindow:
    """The samples of every lane from one frame on, as the lowest and the highest channel of each frame."""

    start: int
    """First frame."""
    sample_rate: int
    low: NDArray[np.float32]
    """[frames, lanes], full scale ±1."""
    high: NDArray[np.float32]
    """[frames, lanes], full scale ±1."""

    def covers(self, start: float, end: float) -> bool:
        """Return whether all of the stretch between two seconds is here."""
        last = self.start + len(self.low)
        return self.start <= start * self.sample_rate + 1 and end * self.sample_rate <= last + 1

    def columns(self, lane: int, start: float, end: float, width: int) -> NDArray[np.float32]:
        """Return lowest and highest sample of `width` columns between two seconds, float32 [width, 2] in ±1.

        Where a sample is wider than a column it becomes a step, and steps are joined by upright lines.
        """
        edges = np.linspace(start, end, width + 1) * self.sample_rate - self.start
        first = np.clip(np.floor(edges[:-1]).astype(np.int64), 0, max(0, len(self.low) - 1))
        last = np.clip(np.ceil(edges[1:]).astype(np.int64), first + 1, max(1, len(self.low)))
        found = np.zeros((width, 2), np.float32)
        if not len(self.low):
            return found
        cuts = np.stack([first, last], axis=1).ravel()
        padding = np.zeros(1, np.float32)  # `reduceat` takes no cut behind the last sample
        found[:, 0] = np.minimum.reduceat(np.concatenate([self.low[:, lane], padding]), cuts)[::2]
        found[:, 1] = np.maximum.reduceat(np.concatenate([self.high[:, lane], padding]), cuts)[::2]
        before = found[:-1].copy()
        found[1:, 0] = np.minimum(found[1:, 0], before[:, 1])
        found[1:, 1] = np.maximum(found[1:, 1], before[:, 0])
        return found
