"""Signalsmith Stretch of the package python-stretch, where the streaming one was not compiled.

Its `process` begins anew at each call. So overlapping windows are stretched on their own, and cross-faded where they fit
best.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from desktop.playback.practice import MAX_SPEED_PERCENT
from desktop.playback.stretch_process import StretchProcess, require_package

# Seconds of output of a window, and before it, until the phases have settled.
_BLOCK_S, _PREROLL_S = 0.75, 0.2
_FADE_S = 0.05
# Half a period of 100 Hz: lower tones may fit less well. No sound is moved by more than this.
_MAX_SHIFT_S = 0.005
# What the longest shift costs, as a part of the energy of a fade of average loudness.
_SHIFT_COST = 0.1
# Seconds of input after a window: its fade, its shift and half of Signalsmith's own window, at double speed.
_LATENCY_S = 0.25
# One for all streams: it takes a moment to start.
_process = StretchProcess()


class WindowStretcher:
    """Stretcher of several channels in groups, each with its own pitch, that works in windows."""

    run_in_blocks = 1
    output_latency = 0

    def __init__(self, groups: Sequence[Sequence[int]], sample_rate: int) -> None:
        """Allocate stretchers for each of `groups`, which contain the indices of their channels.

        Raises StretchUnavailableError if there is no such package for this machine.
        """
        self.block_frames = int(_BLOCK_S * sample_rate)
        self.input_latency = int(_LATENCY_S * sample_rate)
        self._preroll = int(_PREROLL_S * sample_rate)
        self._fade = int(_FADE_S * sample_rate)
        self._max_shift = int(_MAX_SHIFT_S * sample_rate)
        require_package()
        self._sample_rate = sample_rate
        self._groups = groups
        self._cents: Sequence[float] = [0.0] * len(groups)
        channels = sum(len(group) for group in groups)
        self._input = np.zeros((channels, 0), np.float32)
        self._tail: NDArray[np.float32] | None = None

    def set_cents(self, cents: Sequence[float]) -> None:
        """Transpose each group by its number of `cents`."""
        self._cents = cents

    def process(self, sound: NDArray[np.float32], frames_out: int) -> NDArray[np.float32]:
        """Add `sound`, float32 `[channels, frames]`, and return float32 `[channels, frames_out]`.

        Raises StretchUnavailableError.
        """
        self._input = np.concatenate([self._input, sound], axis=1)
        start = self._input.shape[1] - self.input_latency - sound.shape[1]
        if start <= 0 or not frames_out:  # there is no sound before the window yet
            return np.zeros((len(sound), frames_out), np.float32)
        speed = sound.shape[1] / frames_out
        preroll = min(start, round(self._preroll * speed))
        before_and_after = self._input[:, start - preroll :]
        window = _process.stretch(before_and_after, self._sample_rate, speed, self._groups, self._cents)
        out = self._join(window, round(preroll / speed), frames_out)
        self._input = self._input[:, -self.input_latency - self._preroll * MAX_SPEED_PERCENT // 100 :]
        return out

    def close(self) -> None:
        """Keep the process, which other streams may use."""

    def _join(self, window: NDArray[np.float32], start: int, frames: int) -> NDArray[np.float32]:
        """Return `frames` frames of `window`, from about `start` on, cross-faded with the window before."""
        if self._tail is not None:
            start += self._best_shift(window, start, self._tail)
        out = window[:, start : start + frames].copy()
        if self._tail is not None:
            weight = np.linspace(0, 1, self._fade, dtype=np.float32)
            out[:, : self._fade] = weight * out[:, : self._fade] + (1 - weight) * self._tail
        self._tail = window[:, start + frames : start + frames + self._fade]
        return out

    def _best_shift(self, window: NDArray[np.float32], start: int, tail: NDArray[np.float32]) -> int:
        """Return the shift in frames by which `window` differs least from `tail`."""
        most = self._max_shift
        # Where the fade is quiet beside the rest, nothing is gained by a shift.
        loudness = float(np.square(window).sum()) * self._fade / window.shape[1]
        near = window[:, start - most : start + most + self._fade]
        products = sum(np.correlate(row, old) for row, old in zip(near, tail, strict=True))
        energy_before = np.concatenate([[0.0], np.cumsum(np.square(near, dtype=np.float64).sum(axis=0))])
        energies = energy_before[self._fade :] - energy_before[: -self._fade]
        cost = _SHIFT_COST * loudness * np.abs(np.arange(-most, most + 1)) / most
        return int(np.argmin(energies - 2 * products + cost)) - most
