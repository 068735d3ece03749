"""Level meters of the audio callback: peak and mean square of both channels since the last reading."""

from math import sqrt

import numpy as np

from desktop.playback.levels import LaneLevels
from desktop.playback.ring import LaneSamples

_DOUBLE_BYTES, _FLOAT_BYTES = 8, 4


class Tallies:
    """Peaks and sums of squares of several lanes since the last reading, in memory that two processes may share.

    There are two: the callback adds to one of them while the other one is read and cleared; neither side waits.
    """

    def __init__(self, memory: memoryview, capacity: int) -> None:
        """Use `memory` of `size(capacity)` bytes for `capacity` lanes."""
        sums_at = 3 * _DOUBLE_BYTES
        peaks_at = sums_at + 4 * capacity * _DOUBLE_BYTES
        shape = (2, capacity, 2)
        self._numbers = memory[:sums_at].cast("d")
        # One view for each tally: indexing an array would allocate one in the callback.
        self.square_sums = tuple(np.frombuffer(memory[sums_at:peaks_at], np.float64).reshape(shape))
        self.peaks = tuple(np.frombuffer(memory[peaks_at : self.size(capacity)], np.float32).reshape(shape))

    @staticmethod
    def size(capacity: int) -> int:
        """Return the bytes that `capacity` lanes need; a multiple of 8."""
        return 3 * _DOUBLE_BYTES + 4 * capacity * (_DOUBLE_BYTES + _FLOAT_BYTES)

    @property
    def current(self) -> int:
        """Index of the tally that is added to."""
        return int(self._numbers[0])

    def add_frames(self, tally: int, frames: int) -> None:
        """Count the frames of a block."""
        self._numbers[1 + tally] += frames

    def take(self, lanes: int) -> tuple[LaneLevels, ...]:
        """Return the levels of the first `lanes` lanes since the last call."""
        tally = self.current
        self._numbers[0] = 1 - tally
        frames = max(1.0, self._numbers[1 + tally])
        peaks, square_sums = self.peaks[tally][:lanes].tolist(), self.square_sums[tally][:lanes].tolist()
        levels = tuple(
            LaneLevels(*lane_peaks, *(sqrt(square_sum / frames) for square_sum in lane_sums))
            for lane_peaks, lane_sums in zip(peaks, square_sums, strict=True)
        )
        self._clear_tally(tally)
        return levels

    def clear(self) -> None:
        """Forget all levels."""
        for tally in range(2):
            self._clear_tally(tally)

    def _clear_tally(self, tally: int) -> None:
        self.peaks[tally].fill(0.0)
        self.square_sums[tally].fill(0.0)
        self._numbers[1 + tally] = 0.0


class LevelMeter:
    """Measures lanes in the callback, which alone calls `add`, for one other thread or process, which calls `take`.

    A block that is added while `take` runs may count in the next reading.
    """

    def __init__(self, lanes: int, max_frames: int, tallies: Tallies | None = None) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `add` may get.

        `tallies` are where the levels are counted; None counts in memory of this process.
        """
        self._tallies = tallies or Tallies(memoryview(bytearray(Tallies.size(lanes))), lanes)
        self._lanes = lanes
        self._peaks = tuple(peaks[:lanes] for peaks in self._tallies.peaks)
        self._square_sums = tuple(sums[:lanes] for sums in self._tallies.square_sums)
        self._highest, self._lowest, self._sums = np.zeros((3, lanes, 2), dtype=np.float32)
        self._double_sums = np.zeros((lanes, 2), dtype=np.float64)
        self._squares = np.zeros((max_frames, lanes, 2), dtype=np.float32)

    def add(self, sound: LaneSamples) -> None:
        """Measure the next frames, float32 `[frames, lanes, 2]`, without allocating a buffer."""
        if not len(sound):
            return
        tally, squares = self._tallies.current, self._squares[: len(sound)]
        peaks, square_sums = self._peaks[tally], self._square_sums[tally]
        np.maximum.reduce(sound, axis=0, out=self._highest)
        np.minimum.reduce(sound, axis=0, out=self._lowest)
        np.negative(self._lowest, out=self._lowest)
        np.maximum(peaks, self._highest, out=peaks)
        np.maximum(peaks, self._lowest, out=peaks)
        np.multiply(sound, sound, out=squares)
        np.add.reduce(squares, axis=0, out=self._sums)
        np.copyto(self._double_sums, self._sums)
        np.add(square_sums, self._double_sums, out=square_sums)
        self._tallies.add_frames(tally, len(sound))

    def take(self) -> tuple[LaneLevels, ...]:
        """Return the levels of each lane since the last call."""
        return self._tallies.take(self._lanes)
