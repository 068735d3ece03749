"""Pulse of a song: the steady rate at which notes fall, of which the beat is a multiple or a fraction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.features import MEL_RATE
from desktop.analysis.monotone_cubic import monotone_cubic
from desktop.analysis.viterbi import best_path

# Windows in which the rate is taken as constant.
_WINDOW_S, _HOP_S = 6.0, 1.5
_TRANSFORM_SIZE = 1 << 13
# Pulses a second: those of 48 to 252 beats a minute.
_RATE_RANGE_HZ = (0.8, 4.2)
_LOG_STEP = 0.005
# Logarithm of how far the tempo of a song may be from its most frequent one: by 25 %.
_MAX_DRIFT = 0.22
# How far the best rate stands out of the median of all. Measured: music 2.0 to 11, speech, noise, rubato and ambience
# 1.0 to 1.5.
_MIN_CLARITY = 1.7
# Length of the sum of all windows' phasors over the sum of their lengths: 1 for a constant rate. Measured: at least 0.92
# for music to a click track, at most 0.66 for a tempo that drifts by 3 %.
_MIN_COHERENCE = 0.85
# What a change of the tempo by 1 % from one window to the next costs, as a share of a window's typical strength.
_CHANGE_COST = 0.05
_MAX_CHANGE_PERCENT = 3.0
# Rounds in which the phase is corrected, and windows over which it is blurred.
_CORRECTIONS, _PHASE_BLUR = 3, 0.7


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
    margin = round(_MAX_DRIFT / _LOG_STEP)
    mean = strengths[:, margin:-margin].mean(axis=0)
    if mean.max() < _MIN_CLARITY * np.median(mean):
        return None
    best = int(np.argmax(mean))
    times = np.arange(len(onset)) / MEL_RATE
    rate = _refine_rate(windows, float(windows.rates[margin + best]), times)
    phasors = windows.phasors(rate * times)
    if np.abs(phasors.sum()) > _MIN_COHERENCE * np.abs(phasors).sum():
        turns = np.angle(phasors.sum()) / (2 * np.pi)
        return Pulse(times * rate + turns, is_constant=True)
    return Pulse(_follow(windows, strengths, slice(best, best + 2 * margin + 1), times), is_constant=False)


class _Windows:
    """Overlapping windows of an onset strength, one every 1.5 s."""

    def __init__(self, onset: NDArray[np.float64]) -> None:
        self._length, self._hop = round(_WINDOW_S * MEL_RATE), round(_HOP_S * MEL_RATE)
        padded = np.pad(onset, (self._length // 2, self._length))
        self._centres = np.arange(-(-len(onset) // self._hop)) * self._hop
        self._frames = np.lib.stride_tricks.sliding_window_view(padded, self._length)[self._centres]
        self._shape = np.hanning(self._length)
        low, high = np.log(_RATE_RANGE_HZ)
        self.rates = np.exp(np.arange(low - _MAX_DRIFT, high + _MAX_DRIFT, _LOG_STEP))

    @property
    def times(self) -> NDArray[np.float64]:
        """Centres in seconds."""
        return self._centres / MEL_RATE

    @property
    def hop_s(self) -> float:
        """Seconds from one window to the next."""
        return self._hop / MEL_RATE

    def comb_strengths(self) -> NDArray[np.float64]:
        """Return how strong each rate and its double are in each window: `[windows, rates]`."""
        hertz = np.arange(_TRANSFORM_SIZE // 2 + 1) * (MEL_RATE / _TRANSFORM_SIZE)
        strengths = np.empty((len(self._frames), len(self.rates)))
        for index, frame in enumerate(self._frames):
            magnitudes = np.abs(np.fft.rfft(frame * self._shape, _TRANSFORM_SIZE))
            strengths[index] = np.interp(self.rates, hertz, magnitudes) + 0.5 * np.interp(
                2 * self.rates, hertz, magnitudes
            )
        return strengths

    def phasors(self, counts: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the Fourier transform of each window at the rate of the pulses `counts`, one of each frame.

        It turns forward by one turn where the true pulses are one ahead of the counts.
        """
        padded = np.pad(counts, (self._length // 2, self._length), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._length)[self._centres]
        return np.array(
            [
                (frame * self._shape) @ np.exp(-2j * np.pi * window)
                for frame, window in zip(self._frames, windows, strict=True)
            ]
        )


def _refine_rate(windows: _Windows, rate: float, times: NDArray[np.float64]) -> float:
    """Return the rate within 2 % of `rate` at which the phasors of all windows add up best."""
    phasors = windows.phasors(rate * times)
    size = 1 << (16 * len(phasors)).bit_length()
    deviations = np.fft.fftfreq(size, windows.hop_s)
    strengths = np.where(np.abs(deviations) <= 0.02 * rate, np.abs(np.fft.fft(phasors, size)), 0)
    return rate + float(deviations[np.argmax(strengths)])


def _follow(
    windows: _Windows, strengths: NDArray[np.float64], choice: slice, times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the pulses at `times` of a song whose tempo drifts.

    The path of the rate is the strongest smooth one through all windows, among the rates of `choice`. What is left of
    the phase is then followed from window to window, as by a phase-locked loop.
    """
    path = _smooth_path(strengths[:, choice])
    rates = np.exp(gaussian_filter1d(np.log(windows.rates[choice][path]), 1.0, mode="nearest"))
    counts = np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(windows.times))])
    places = times / windows.hop_s
    for _ in range(_CORRECTIONS):
        phasors = gaussian_filter1d(windows.phasors(monotone_cubic(counts, places)), _PHASE_BLUR)
        counts = counts + np.unwrap(np.angle(phasors)) / (2 * np.pi)
    return np.maximum.accumulate(monotone_cubic(counts, places))


def _smooth_path(strengths: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rate's index in each window: the strongest path whose tempo changes little."""
    typical = strengths.max(axis=1).mean()
    states = np.arange(strengths.shape[1])
    distances = np.abs(states[:, None] - states) * (_LOG_STEP / 0.01)
    distances[distances > _MAX_CHANGE_PERCENT] = np.inf
    return best_path(strengths, np.full(len(strengths), _CHANGE_COST * typical), distances)
