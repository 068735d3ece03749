"""Look-ahead limiter of the master: no sample leaves it above the ceiling.

The method is that of G. Luff, "Designing a straightforward limiter" (signalsmith-audio.co.uk/writing/2022/limiter):
the reduction that each sample needs is held for the look-ahead, released exponentially, and smoothed by a moving
average as long as the look-ahead. The sound is delayed by as much, so the whole average below a peak is at least the
reduction that the peak needs. Reductions are computed as 1 - gain: then a release is a decay to 0, and the maximum of
decaying values is a running maximum of values scaled by the inverse decay, which numpy computes without a loop.

The audio callback uses it, so nothing here allocates a buffer (see mixer.py).
"""

from collections.abc import Callable
from math import exp, log2, log10

import numpy as np
from numpy.typing import NDArray

from desktop.playback.mixer import GainRamp
from desktop.playback.ring import LaneSamples

CEILING_DB = -0.1
"""Highest level in dBFS that leaves the limiter."""
LOOK_AHEAD_S = 0.0015
"""Seconds of look-ahead, which are also those of the attack; rounded to a power of two in frames."""
_RELEASE_S = 0.1
# A smaller reduction is none (-0.00009 dB), so that the limiter becomes transparent again.
_NEGLIGIBLE = 1e-5
_CEILING = 10.0 ** (CEILING_DB / 20.0)
_Combine = Callable[..., NDArray[np.float32]]


class Limiter:
    """Limits the first stereo pair of the device; it delays all pairs alike, so that they stay together.

    While it is off, the sound passes untouched and without delay. On and off cross-fade over a gain ramp.
    """

    def __init__(self, sample_rate: int, max_frames: int, pairs: int = 1) -> None:
        """Allocate the buffers; `max_frames` is the most frames that `process` may get."""
        self.is_on = False
        """Whether the sound is limited; may be set from any thread."""
        self._window = 1 << round(log2(LOOK_AHEAD_S * sample_rate))
        self.delay_frames = self._window - 1
        """Frames by which the sound is delayed while the limiter is on."""
        total = self.delay_frames + max_frames
        self._blend = GainRamp(pairs, 0.0, sample_rate, max_frames)
        self._input = np.zeros((total, pairs, 2), dtype=np.float32)
        self._kept_input = np.zeros((self.delay_frames, pairs, 2), dtype=np.float32)
        self._limited = np.zeros((max_frames, pairs, 2), dtype=np.float32)
        self._needed, self._reductions = np.zeros((2, total), dtype=np.float32)
        self._scratch = np.zeros((2, total), dtype=np.float32)
        self._kept = np.zeros(self.delay_frames, dtype=np.float32)
        self._block, self._rectified = np.zeros((2, max_frames), dtype=np.float32)
        self._ceilings = np.full(max_frames, _CEILING, dtype=np.float32)
        self._ones = np.ones(max_frames, dtype=np.float32)
        self._window_parts = np.full(max_frames, 1.0 / self._window, dtype=np.float32)
        decay = np.exp(-np.arange(1, max_frames + 1) / (_RELEASE_S * sample_rate))
        self._decay, self._inverse_decay = decay.astype(np.float32), (1.0 / decay).astype(np.float32)
        self._frame_decay = exp(-1.0 / (_RELEASE_S * sample_rate))
        self._last_reduction = self._largest_reduction = 0.0

    def take_reduction(self) -> float:
        """Return the largest gain reduction since the last call, linear from 0 to 1."""
        reduction, self._largest_reduction = self._largest_reduction, 0.0
        return reduction

    def process(self, sound: LaneSamples) -> None:
        """Limit `sound`, float32 `[frames, pairs, 2]`, in place."""
        count = len(sound)
        if not count:
            return
        np.copyto(self._input[self.delay_frames : self.delay_frames + count], sound)
        self._blend.targets.fill(1.0 if self.is_on else 0.0)
        if self.is_on or self._blend.is_audible:
            self._limit(sound)
        _keep_last(self._input, count, self._kept_input)

    def _limit(self, sound: LaneSamples) -> None:
        count = len(sound)
        limited, gains = self._limited[:count], self._compute_gains(count)
        np.copyto(limited, self._input[:count])
        for channel in (limited[:, 0, 0], limited[:, 0, 1]):
            np.multiply(channel, gains, out=channel)
        if self.is_on and self._blend.is_unity:
            np.copyto(sound, limited)
            return
        np.subtract(limited, sound, out=limited)
        self._blend.apply(limited)
        np.add(sound, limited, out=sound)

    def _compute_gains(self, count: int) -> NDArray[np.float32]:
        """Return the gain of each of the `count` delayed frames, float32 `[count]`, in a buffer."""
        end, block = self.delay_frames + count, self._block[:count]
        self._compute_needed(self._input[self.delay_frames : end, 0], self._needed[self.delay_frames : end])
        held = self._combine_window(np.maximum, self._needed[:end])
        self._release(held, self._reductions[self.delay_frames : end])
        np.multiply(self._combine_window(np.add, self._reductions[:end]), self._window_parts[:count], out=block)
        self._largest_reduction = max(self._largest_reduction, np.maximum.reduce(block).item())
        np.subtract(self._ones[:count], block, out=block)
        _keep_last(self._needed, count, self._kept)
        _keep_last(self._reductions, count, self._kept)
        return block

    def _compute_needed(self, sound: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Compute the reduction that each frame of `sound`, float32 `[frames, 2]`, needs; exactly 0 below the ceiling."""
        count = len(sound)
        rectified, ceilings = self._rectified[:count], self._ceilings[:count]
        np.copyto(out, ceilings)
        for channel in (sound[:, 0], sound[:, 1]):
            np.abs(channel, out=rectified)
            np.maximum(out, rectified, out=out)
        np.divide(ceilings, out, out=out)
        np.subtract(self._ones[:count], out, out=out)

    def _release(self, held: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Let each reduction in `held`, which is overwritten, decay exponentially from the last one on."""
        count = len(held)
        if self._last_reduction * self._frame_decay > held.item(0):
            held[0] = self._last_reduction * self._frame_decay
        np.multiply(held, self._inverse_decay[:count], out=held)
        np.maximum.accumulate(held, out=out)
        np.multiply(out, self._decay[:count], out=out)
        last = out.item(count - 1)
        self._last_reduction = last if last > _NEGLIGIBLE else 0.0

    def _combine_window(self, combine: _Combine, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the maximum or the sum of each window, in a buffer: its length doubles with every step."""
        step, source = 1, values
        for number in range(self._window.bit_length() - 1):
            target = self._scratch[number % 2, : len(source) - step]
            combine(source[step:], source[:-step], out=target)
            source, step = target, 2 * step
        return source


def reduction_to_db(reduction: float) -> float:
    """Return a linear gain reduction in dB, 0 or more."""
    return -20.0 * log10(1.0 - reduction) if reduction > _NEGLIGIBLE else 0.0


def _keep_last(buffer: NDArray[np.float32], count: int, kept: NDArray[np.float32]) -> None:
    """Move the last `len(kept)` values behind `count` new ones to the beginning; they may overlap, so by `kept`."""
    np.copyto(kept, buffer[count : count + len(kept)])
    np.copyto(buffer[: len(kept)], kept)
