"""Mixer: sums the lanes to the stereo pairs of the device, with every change of a gain as a ramp, so that nothing clicks.

The audio callback uses it, so nothing here allocates a buffer: each numpy operation has an `out` array, no operand is a
Python number, and each operand is contiguous in the shape of the result, or has one dimension: for one that it has to
broadcast, or whose steps differ, numpy's iterator allocates up to 32 KiB.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from desktop.playback.meters import LevelMeter, Tallies
from desktop.playback.ring import LaneSamples

# Seconds of a gain ramp: long enough not to click, short enough to feel immediate.
RAMP_S = 0.010


def ramp_frames(sample_rate: int) -> int:
    """Return the length of a gain ramp in frames."""
    return round(RAMP_S * sample_rate)


class GainRamp:
    """Linear gains of several lanes for the left and the right channel, which reach a new target in `RAMP_S`."""

    def __init__(self, lanes: int, gain: float, sample_rate: int, max_frames: int) -> None:
        """Allocate the buffers; all lanes begin at `gain`. `max_frames` is the most frames that `apply` may get."""
        self.targets = np.full((lanes, 2), gain, dtype=np.float32)
        """Linear gains that the lanes move to, float32 `[lanes, 2]`; may be set from any thread."""
        self.gains = self.targets.copy()
        """Linear gains of the lanes in the last frame, float32 `[lanes, 2]`."""
        self._wanted, self._ones = self.targets.copy(), np.ones((lanes, 2), dtype=np.float32)
        self._requested, self._changes = np.zeros((2, lanes, 2), dtype=np.float32)
        self._differs = np.zeros((lanes, 2), dtype=np.bool_)
        self._fractions, self._ramp, self._operand = np.zeros((3, max_frames, lanes, 2), dtype=np.float32)
        self._frames_left = 0
        self.set_sample_rate(sample_rate)

    def set_sample_rate(self, sample_rate: int) -> None:
        """Change the sample rate in Hz, while `apply` is not called."""
        self._ramp_frames = ramp_frames(sample_rate)
        frame_numbers = np.arange(1, len(self._fractions) + 1, dtype=np.float32)
        self._fractions[:] = (frame_numbers / np.float32(self._ramp_frames))[:, None, None]

    def jump_to_targets(self) -> None:
        """Apply the target gains without a ramp, while `apply` is not called."""
        self.gains[:] = self._wanted[:] = self.targets
        self._frames_left = 0

    @property
    def is_audible(self) -> bool:
        """Whether any gain of the last frame was not 0."""
        return bool(np.count_nonzero(self.gains))

    @property
    def is_unity(self) -> bool:
        """Whether all gains are 1 and no ramp runs, after the last `apply`."""
        return not self._frames_left and not self._has_difference(self.gains, self._ones)

    def apply(self, sound: LaneSamples) -> None:
        """Scale `sound`, float32 `[frames, lanes, 2]`, in place."""
        if not len(sound):
            return
        np.copyto(self._requested, self.targets)
        if self._has_difference(self._requested, self._wanted):
            np.copyto(self._wanted, self._requested)
            np.subtract(self._wanted, self.gains, out=self._changes)
            self._frames_left = self._ramp_frames
        if self._frames_left:
            np.multiply(sound, self._advance(len(sound)), out=sound)
        elif self._has_difference(self.gains, self._ones):
            operand = self._operand[: len(sound)]
            np.copyto(operand, self.gains)
            np.multiply(sound, operand, out=sound)

    def _has_difference(self, first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
        np.not_equal(first, second, out=self._differs)
        return bool(np.count_nonzero(self._differs))

    def _advance(self, frames: int) -> LaneSamples:
        """Return the gains of the next frames, float32 `[frames, lanes, 2]`; `frames` is not 0."""
        count = min(frames, self._frames_left)
        ramp, operand = self._ramp[:frames], self._operand[:count]
        np.copyto(operand, self._changes)
        np.multiply(self._fractions[:count], operand, out=ramp[:count])
        np.copyto(operand, self.gains)
        np.add(ramp[:count], operand, out=ramp[:count])
        self._frames_left -= count
        if not self._frames_left:
            np.copyto(ramp[count - 1 :], self._wanted)
        np.copyto(self.gains, ramp[-1])
        return ramp


class Mixer:
    """Sums lanes at gains that ramp towards their targets, and meters them."""

    def __init__(self, lanes: int, sample_rate: int, max_frames: int, tallies: Tallies | None = None) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `mix` may get.

        `tallies` are where the meter counts.
        """
        self._ramp = GainRamp(lanes, 1.0, sample_rate, max_frames)
        self.meter = LevelMeter(lanes, max_frames, tallies)
        """Levels of the lanes after their gains."""
        self._pairs = (0,) * lanes

    @property
    def target_gains(self) -> NDArray[np.float32]:
        """Linear gains of the lanes, float32 `[lanes, 2]`; may be set from any thread."""
        return self._ramp.targets

    def reset(self, sample_rate: int, pairs: Sequence[int] | None = None) -> None:
        """Apply the target gains without a ramp, before the first block on a device of this sample rate.

        `pairs` has the index of the stereo pair that each lane is summed to; None sums all to the first.
        """
        self._ramp.set_sample_rate(sample_rate)
        self._ramp.jump_to_targets()
        self._pairs = tuple(pairs) if pairs else (0,) * len(self._pairs)

    def mix(self, lanes: LaneSamples, out: LaneSamples) -> None:
        """Sum `lanes`, float32 `[frames, lanes, 2]`, scaled in place, into `out`, float32 `[frames, pairs, 2]`."""
        self._ramp.apply(lanes)
        self.meter.add(lanes)
        out.fill(0.0)
        for lane, pair in enumerate(self._pairs):
            for channel in (0, 1):
                total = out[:, pair, channel]
                np.add(total, lanes[:, lane, channel], out=total)
