"""Lanes to two channels: every change of a level is a ramp, so that nothing ever clicks."""

import numpy as np
from numpy.typing import NDArray

from desktop.playback.ring import Lanes

# Long enough not to click, short enough to feel at once (seconds).
RAMP = 0.012
SILENCE_DB = -60.0


def linear(db: float) -> float:
    """The factor of a level in dB; the bottom of a fader is silence."""
    return 0.0 if db <= SILENCE_DB else 10.0 ** (db / 20.0)


class Mixer:
    """Levels of the lanes, moving towards where they were set. Works on arrays that were made beforehand."""

    def __init__(self, lanes: int, sample_rate: int, longest: int) -> None:
        """`longest` is the most frames that one call mixes."""
        self.targets = np.ones(lanes, dtype=np.float32)
        """Factor of each lane, set from any thread."""
        self.peaks = np.zeros(lanes, dtype=np.float32)
        """Loudest sample of each lane since this was last set to zero."""
        self._now = np.ones(lanes, dtype=np.float32)
        self._step = np.float32(1.0 / (RAMP * sample_rate))
        self._count = np.arange(1, longest + 1, dtype=np.float32)[:, None]
        self._gains = np.zeros((longest, lanes), dtype=np.float32)

    def begin(self, sample_rate: int) -> None:
        """Start at the levels that are set, without a ramp, before the first sound on a device of this rate."""
        self._step = np.float32(1.0 / (RAMP * sample_rate))
        self._now[:] = self.targets

    def mix(self, lanes: Lanes, out: NDArray[np.float32]) -> None:
        """Sum `lanes` `[frames, lanes, 2]`, which is scaled in place, into `out` `[frames, 2]`."""
        if not np.array_equal(self._now, self.targets):
            gains = self._ramp(len(out))
            np.multiply(lanes, gains[:, :, None], out=lanes)
        elif not np.all(self._now == 1.0):
            np.multiply(lanes, self._now[None, :, None], out=lanes)
        if len(out):
            np.maximum(self.peaks, np.maximum(lanes.max(axis=(0, 2)), -lanes.min(axis=(0, 2))), out=self.peaks)
        np.sum(lanes, axis=1, out=out)

    def _ramp(self, frames: int) -> NDArray[np.float32]:
        """Factors `[frames, lanes]`, each moving towards its target by one step a frame at most."""
        gains = self._gains[:frames]
        distance = self.targets - self._now
        np.multiply(self._count[:frames], self._step, out=gains)
        np.minimum(gains, np.abs(distance), out=gains)
        np.multiply(gains, np.sign(distance), out=gains)
        gains += self._now
        if frames:
            self._now[:] = gains[-1]
        return gains
