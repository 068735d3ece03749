"""Mixer: sums the lanes to stereo, with every level change as a ramp, so that nothing clicks."""

import numpy as np
from numpy.typing import NDArray

from desktop.playback.ring import LaneSamples

# Seconds of a level ramp: long enough not to click, short enough to feel immediate.
RAMP_S = 0.012
SILENCE_DB = -60.0


def db_to_gain(db: float) -> float:
    """Return the linear gain of a level in dB; `SILENCE_DB`, the bottom of a fader, and below give 0."""
    return 0.0 if db <= SILENCE_DB else 10.0 ** (db / 20.0)


class Mixer:
    """Sums lanes at gains that ramp towards their targets, in buffers that are allocated beforehand."""

    def __init__(self, lanes: int, sample_rate: int, max_frames: int) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `mix` may get."""
        self.target_gains = np.ones(lanes, dtype=np.float32)
        """Linear gain of each lane, float32 `[lanes]`; may be set from any thread."""
        self.peaks = np.zeros(lanes, dtype=np.float32)
        """Largest absolute sample of each lane since the last reset to zero, float32 `[lanes]`."""
        self._current_gains = np.ones(lanes, dtype=np.float32)
        self._gain_step = np.float32(1.0 / (RAMP_S * sample_rate))
        self._frame_numbers = np.arange(1, max_frames + 1, dtype=np.float32)[:, None]
        self._ramp_buffer = np.zeros((max_frames, lanes), dtype=np.float32)

    def reset(self, sample_rate: int) -> None:
        """Apply the target gains without a ramp, before the first block on a device of this sample rate."""
        self._gain_step = np.float32(1.0 / (RAMP_S * sample_rate))
        self._current_gains[:] = self.target_gains

    def mix(self, lanes: LaneSamples, out: NDArray[np.float32]) -> None:
        """Sum `lanes`, float32 `[frames, lanes, 2]`, scaled in place, into `out`, float32 `[frames, 2]`."""
        if not np.array_equal(self._current_gains, self.target_gains):
            gains = self._ramp_gains(len(out))
            np.multiply(lanes, gains[:, :, None], out=lanes)
        elif not np.all(self._current_gains == 1.0):
            np.multiply(lanes, self._current_gains[None, :, None], out=lanes)
        if len(out):
            np.maximum(self.peaks, np.maximum(lanes.max(axis=(0, 2)), -lanes.min(axis=(0, 2))), out=self.peaks)
        np.sum(lanes, axis=1, out=out)

    def _ramp_gains(self, frames: int) -> NDArray[np.float32]:
        """Return gains `[frames, lanes]`, each moving towards its target by at most one step per frame."""
        gains = self._ramp_buffer[:frames]
        distance = self.target_gains - self._current_gains
        np.multiply(self._frame_numbers[:frames], self._gain_step, out=gains)
        np.minimum(gains, np.abs(distance), out=gains)
        np.multiply(gains, np.sign(distance), out=gains)
        gains += self._current_gains
        if frames:
            self._current_gains[:] = gains[-1]
        return gains
