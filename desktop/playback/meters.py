"""Level meters of the audio callback: peak and mean square of both channels since the last reading."""

from math import sqrt

import numpy as np

from desktop.playback.levels import LaneLevels
from desktop.playback.ring import LaneSamples


class _Tally:
    """Peaks and sums of squares of several lanes since this reading began."""

    def __init__(self, lanes: int) -> None:
        self.peaks = np.zeros((lanes, 2), dtype=np.float32)
        self.square_sums = np.zeros((lanes, 2), dtype=np.float64)
        self.frames = 0

    def clear(self) -> None:
        self.peaks[:] = 0.0
        self.square_sums[:] = 0.0
        self.frames = 0


class LevelMeter:
    """Measures lanes in the callback, which alone calls `add`, for one other thread, which calls `take`; neither waits.

    Two readings are written in turn: a block that is added while `take` runs may count in the next one.
    """

    def __init__(self, lanes: int, max_frames: int) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `add` may get."""
        self._readings = (_Tally(lanes), _Tally(lanes))
        self._current = 0
        self._highest, self._lowest, self._sums = np.zeros((3, lanes, 2), dtype=np.float32)
        self._double_sums = np.zeros((lanes, 2), dtype=np.float64)
        self._squares = np.zeros((max_frames, lanes, 2), dtype=np.float32)

    def add(self, sound: LaneSamples) -> None:
        """Measure the next frames, float32 `[frames, lanes, 2]`, without allocating a buffer."""
        if not len(sound):
            return
        reading, squares = self._readings[self._current], self._squares[: len(sound)]
        np.maximum.reduce(sound, axis=0, out=self._highest)
        np.minimum.reduce(sound, axis=0, out=self._lowest)
        np.negative(self._lowest, out=self._lowest)
        np.maximum(reading.peaks, self._highest, out=reading.peaks)
        np.maximum(reading.peaks, self._lowest, out=reading.peaks)
        np.multiply(sound, sound, out=squares)
        np.add.reduce(squares, axis=0, out=self._sums)
        np.copyto(self._double_sums, self._sums)
        np.add(reading.square_sums, self._double_sums, out=reading.square_sums)
        reading.frames += len(sound)

    def take(self) -> tuple[LaneLevels, ...]:
        """Return the levels of each lane since the last call."""
        reading = self._readings[self._current]
        self._current ^= 1
        frames = max(1, reading.frames)
        levels = tuple(
            LaneLevels(*peaks, *(sqrt(square_sum / frames) for square_sum in square_sums))
            for peaks, square_sums in zip(reading.peaks.tolist(), reading.square_sums.tolist(), strict=True)
        )
        reading.clear()
        return levels
