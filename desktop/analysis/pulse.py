"""Pulse of a song: the steady rate at which notes fall, of which the beat is a multiple or a fraction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.features import MEL_RATE

# Windows in which the rate is taken as constant.
_WINDOW_S, _HOP_S = 6.0, 1.5
_TRANSFORM_SIZE = 1 << 13
_RATE_RANGE_HZ = (0.8, 4.2)
_LOG_STEP = 0.005
# How far the best rate stands out of the median of all. Measured: music 2.0 to 11, speech, noise, rubato and ambience
# 1.0 to 1.5.
_MIN_CLARITY = 1.7
# Length of the sum of all windows' phasors over the sum of their lengths: 1 for a constant rate. Measured: at least 0.92
# for music to a click track, at most 0.66 for a tempo that drifts by 3 %.
_MIN_COHERENCE = 0.85
# What a change of the tempo by 1 % from one window to the next costs, as a share of a window's typical strength.
_CHANGE_COST = 0.05
_MAX_CHANGE_STEPS = 6


@dataclass(frozen=True)
class Pulse:
    """Number of pulses since the start of a song, as a function of time."""

    counts: NDArray[np.float64]
    """Pulses at each mel frame, ascending; a whole number where a pulse falls."""
    is_constant: bool
    """Whether the rate is the same throughout."""

    @property
    def rate_hz(self) -> float:
        """Mean pulses a second."""
        return float((self.counts[-1] - self.counts[0]) / (len(self.counts) - 1) * MEL_RATE)

    def times_of(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the times in seconds at which these numbers of pulses are reached, also before and after the song."""
        frames = np.interp(counts, self.counts, np.arange(len(self.counts)))
        before, after = np.minimum(counts - self.counts[0], 0), np.maximum(counts - self.counts[-1], 0)
        first_rate, last_rate = self.counts[1] - self.counts[0], self.counts[-1] - self.counts[-2]
        return (frames + before / first_rate + after / last_rate) / MEL_RATE


def find_pulse(onset: NDArray[np.float64]) -> Pulse | None:
    """Return the pulse of a song with this onset strength; None if it has no steady beat."""
    if len(onset) < _WINDOW_S * MEL_RATE or not onset.any():
        return None
    windows = _Windows(onset - onset.mean())
    strengths = windows.comb_strengths()
    mean = strengths.mean(axis=0)
    if mean.max() < _MIN_CLARITY * np.median(mean):
        return None
    rate = _refine_rate(onset, float(windows.rates[np.argmax(mean)]))
    phasors = windows.phasors(np.full(len(windows.starts), rate))
    times = np.arange(len(onset)) / MEL_RATE
    if np.abs(phasors.sum()) > _MIN_COHERENCE * np.abs(phasors).sum():
        turns = np.angle(phasors.sum()) / (2 * np.pi)
        return Pulse(times * rate + turns, is_constant=True)
    return Pulse(_follow(windows, strengths, times), is_constant=False)


def _refine_rate(onset: NDArray[np.float64], rate: float) -> float:
    """Return the rate within 2 % of `rate` at which the Fourier transform of the whole song is largest."""
    size = fft.next_fast_len(8 * len(onset), real=True)
    hertz = MEL_RATE / size
    first, last = int(rate * 0.98 / hertz), int(rate * 1.02 / hertz) + 2
    magnitudes = np.abs(fft.rfft(onset - onset.mean(), size, workers=1)[first:last])
    return (first + int(np.argmax(magnitudes))) * hertz


class _Windows:
    """Overlapping windows of an onset strength, centred on the times `starts`."""

    def __init__(self, onset: NDArray[np.float64]) -> None:
        self._length, self._hop = round(_WINDOW_S * MEL_RATE), round(_HOP_S * MEL_RATE)
        padded = np.pad(onset, (self._length // 2, self._length))
        self.starts = np.arange(-(-len(onset) // self._hop)) * self._hop
        self._frames = np.lib.stride_tricks.sliding_window_view(padded, self._length)[self.starts]
        self._shape = np.hanning(self._length)
        self.rates = np.exp(np.arange(np.log(_RATE_RANGE_HZ[0]), np.log(_RATE_RANGE_HZ[1]), _LOG_STEP))

    @property
    def times(self) -> NDArray[np.float64]:
        """Centres in seconds."""
        return self.starts / MEL_RATE

    def comb_strengths(self) -> NDArray[np.float64]:
        """Return how strong each rate and its double are in each window: `[windows, rates]`."""
        hertz = np.arange(_TRANSFORM_SIZE // 2 + 1) * (MEL_RATE / _TRANSFORM_SIZE)
        strengths = np.empty((len(self._frames), len(self.rates)))
        for index, frame in enumerate(self._frames):
            magnitudes = np.abs(fft.rfft(frame * self._shape, _TRANSFORM_SIZE, workers=1))
            strengths[index] = np.interp(self.rates, hertz, magnitudes) + 0.5 * np.interp(
                2 * self.rates, hertz, magnitudes
            )
        return strengths

    def phasors(self, rates: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the Fourier transform of each window at its rate, as if the rate had been the same since time 0."""
        offsets = (np.arange(self._length) - self._length // 2) / MEL_RATE
        turns = np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(self.times))])
        return np.array(
            [
                (frame * self._shape) @ np.exp(-2j * np.pi * (rate * offsets + turn))
                for frame, rate, turn in zip(self._frames, rates, turns, strict=True)
            ]
        )


def _follow(windows: _Windows, strengths: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pulses at `times` of a song whose tempo drifts.

    The path of the rate is the strongest smooth one through all windows. What is left of the phase is then followed from
    window to window, as by a phase-locked loop.
    """
    rates = windows.rates[_smooth_path(strengths)]
    rates = np.exp(gaussian_filter1d(np.log(rates), 1.0, mode="nearest"))
    counts = np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(windows.times))])
    # The phasor turns by the error of the count; a strong window tells more than a weak one.
    phasors = windows.phasors(rates)
    error = np.unwrap(np.angle(gaussian_filter1d(phasors.real, 0.7) + 1j * gaussian_filter1d(phasors.imag, 0.7)))
    counts = counts + error / (2 * np.pi)
    from scipy.interpolate import PchipInterpolator

    inner = PchipInterpolator(windows.times, counts, extrapolate=True)
    return np.maximum.accumulate(inner(times))


def _smooth_path(strengths: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rate's index in each window: the largest sum of strengths less the costs of changes (Viterbi, 1967)."""
    cost = _CHANGE_COST * strengths.max(axis=1).mean() * _LOG_STEP / 0.01
    total = strengths[0]
    origins = np.empty(strengths.shape, np.intp)
    count = strengths.shape[1]
    steps = np.arange(-_MAX_CHANGE_STEPS, _MAX_CHANGE_STEPS + 1)
    for index, strength in enumerate(strengths[1:], start=1):
        padded = np.pad(total, _MAX_CHANGE_STEPS, constant_values=-np.inf)
        choices = np.stack([padded[_MAX_CHANGE_STEPS + step :][:count] - cost * abs(step) for step in steps])
        best = np.argmax(choices, axis=0)
        origins[index] = np.arange(count) + steps[best]
        total = np.take_along_axis(choices, best[None], axis=0)[0] + strength
    path = np.empty(len(strengths), np.intp)
    path[-1] = np.argmax(total)
    for index in range(len(strengths) - 1, 0, -1):
        path[index - 1] = origins[index, path[index]]
    return path
