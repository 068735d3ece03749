"""Mixer: sums the lanes to stereo, with every level change as a ramp, so that nothing clicks.

The audio callback uses it, so nothing here allocates a buffer: each numpy operation has an `out` array, no operand is a
Python number, and operands are copied to the shape of the result first, because numpy's iterator allocates 32 KiB for
an operand that it has to broadcast.
"""

import numpy as np
from numpy.typing import NDArray

from desktop.playback.ring import LaneSamples

# Seconds of a level ramp: long enough not to click, short enough to feel immediate.
RAMP_S = 0.012


class GainRamp:
    """Linear gains of several lanes, each moving towards its target by at most one step per frame."""

    def __init__(self, lanes: int, gain: float, sample_rate: int, max_frames: int) -> None:
        """Allocate the buffers; all lanes begin at `gain`. `max_frames` is the most frames that `apply` may get."""
        self.targets = np.full(lanes, gain, dtype=np.float32)
        """Linear gain that each lane moves to, float32 `[lanes]`; may be set from any thread."""
        self.gains = self.targets.copy()
        """Linear gain of each lane in the last frame, float32 `[lanes]`; set it only while `apply` is not called."""
        self._ones = np.ones(lanes, dtype=np.float32)
        self._differs = np.zeros(lanes, dtype=np.bool_)
        self._wanted, self._directions, self._lowest, self._highest = np.zeros((4, lanes), dtype=np.float32)
        self._steps, self._ramp, self._operand = np.zeros((3, max_frames, lanes, 2), dtype=np.float32)
        self.set_sample_rate(sample_rate)

    def set_sample_rate(self, sample_rate: int) -> None:
        """Change the sample rate in Hz, while `apply` is not called."""
        frame_numbers = np.arange(1, len(self._steps) + 1, dtype=np.float32)
        self._steps[:] = (frame_numbers * np.float32(1.0 / (RAMP_S * sample_rate)))[:, None, None]

    def apply(self, sound: LaneSamples) -> None:
        """Scale `sound`, float32 `[frames, lanes, 2]`, in place."""
        np.copyto(self._wanted, self.targets)
        if self._has_difference(self._wanted, self.gains):
            if len(sound):
                np.multiply(sound, self._advance(len(sound)), out=sound)
        elif self._has_difference(self.gains, self._ones):
            np.multiply(sound, self._for_frames(self.gains, len(sound)), out=sound)

    def _has_difference(self, first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
        np.not_equal(first, second, out=self._differs)
        return bool(np.count_nonzero(self._differs))

    def _advance(self, frames: int) -> LaneSamples:
        """Return the gains of the next frames, float32 `[frames, lanes, 2]`; `frames` is not 0."""
        np.subtract(self._wanted, self.gains, out=self._directions)
        np.sign(self._directions, out=self._directions)
        np.minimum(self._wanted, self.gains, out=self._lowest)
        np.maximum(self._wanted, self.gains, out=self._highest)
        ramp = self._ramp[:frames]
        np.multiply(self._steps[:frames], self._for_frames(self._directions, frames), out=ramp)
        np.add(ramp, self._for_frames(self.gains, frames), out=ramp)
        np.maximum(ramp, self._for_frames(self._lowest, frames), out=ramp)
        np.minimum(ramp, self._for_frames(self._highest, frames), out=ramp)
        np.copyto(self.gains, ramp[-1, :, 0])
        return ramp

    def _for_frames(self, values: NDArray[np.float32], frames: int) -> LaneSamples:
        """Return `values`, float32 `[lanes]`, for each of `frames` frames, in a buffer that the next call overwrites."""
        operand = self._operand[:frames]
        np.copyto(operand, values[:, None])
        return operand


class Mixer:
    """Sums lanes at gains that ramp towards their targets."""

    def __init__(self, lanes: int, sample_rate: int, max_frames: int) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `mix` may get."""
        self._ramp = GainRamp(lanes, 1.0, sample_rate, max_frames)
        self.peaks = np.zeros(lanes, dtype=np.float32)
        """Largest absolute sample of each lane since the last reset to zero, float32 `[lanes]`."""
        self._highest, self._lowest = np.zeros((2, lanes), dtype=np.float32)

    @property
    def target_gains(self) -> NDArray[np.float32]:
        """Linear gain of each lane, float32 `[lanes]`; may be set from any thread."""
        return self._ramp.targets

    def reset(self, sample_rate: int) -> None:
        """Apply the target gains without a ramp, before the first block on a device of this sample rate."""
        self._ramp.set_sample_rate(sample_rate)
        self._ramp.gains[:] = self._ramp.targets

    def mix(self, lanes: LaneSamples, out: NDArray[np.float32]) -> None:
        """Sum `lanes`, float32 `[frames, lanes, 2]`, scaled in place, into `out`, float32 `[frames, 2]`."""
        self._ramp.apply(lanes)
        if len(out):
            np.maximum.reduce(lanes, axis=(0, 2), out=self._highest)
            np.minimum.reduce(lanes, axis=(0, 2), out=self._lowest)
            np.negative(self._lowest, out=self._lowest)
            np.maximum(self.peaks, self._highest, out=self.peaks)
            np.maximum(self.peaks, self._lowest, out=self.peaks)
        np.add.reduce(lanes, axis=1, out=out)
