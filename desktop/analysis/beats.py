"""Beats of a song: their exact times."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.chroma import Chroma
from desktop.analysis.features import MEL_RATE
from desktop.analysis.onsets import Onsets
from desktop.analysis.pulse import find_pulse
from desktop.analysis.tempo import find_beats_of_pulse

# Seconds around a beat in which its onset is looked for.
_SEARCH_S = 0.04
# Rounds of the fit, and the error in seconds below which it counts as none.
_FIT_ROUNDS, _FIT_EPSILON_S = 10, 0.002
# Seconds that the first and last beats may move for a whole number of beats a minute.
_MAX_ROUNDING_S = 0.008
_BLUR_FRAMES = 1.5
# Beats over which the times of a drifting tempo are evened out.
_SMOOTH_BEATS = 3.0
# Beats begin with the first onset of this strength, in standard deviations, and end with the last.
_AUDIBLE = 1.0
_MARGIN_S = 0.05


def find_beats(onsets: Onsets, chroma: Chroma, tempo_before: float | None = None) -> NDArray[np.float64] | None:
    """Return the times of the beats in seconds, from the first onset to the last; None if there is no steady beat.

    If the song had the tempo `tempo_before` (beats a minute) before this excerpt, it goes on with it if it can.
    """
    pulse = find_pulse(onsets.all)
    if pulse is None:
        return None
    beats = find_beats_of_pulse(pulse, onsets, chroma, tempo_before)
    times, weights = _onsets_near(beats, gaussian_filter1d(onsets.all + onsets.accent, _BLUR_FRAMES))
    beats = _constant(times, weights) if pulse.is_constant else _smooth(beats, times, weights)
    audible = np.flatnonzero(onsets.all > _AUDIBLE) / MEL_RATE
    beats = beats[(beats >= audible[0] - _MARGIN_S) & (beats <= audible[-1] + _MARGIN_S)]
    return np.maximum(beats, 0) if len(beats) >= 2 else None


def _onsets_near(
    beats: NDArray[np.float64], strength: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the time in seconds of the strongest onset near each beat, and how strong it is."""
    reach = np.arange(-_SEARCH_S, _SEARCH_S + 1e-4, 0.001)
    nearby = np.interp((beats[:, None] + reach) * MEL_RATE, np.arange(len(strength)), strength, left=0, right=0)
    strongest = np.argmax(nearby, axis=1)
    return beats + reach[strongest], nearby[np.arange(len(beats)), strongest]


def _constant(onsets: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return evenly spaced times near the onsets: the line with the least weighted absolute errors.

    It is found by iteratively reweighted least squares. If a whole number of beats a minute, as in most music to a click
    track, fits as well, it is taken.
    """
    index = np.arange(len(onsets), dtype=np.float64)
    factors = weights
    slope = intercept = 0.0
    for _ in range(_FIT_ROUNDS):
        slope, intercept = np.polyfit(index, onsets, 1, w=np.sqrt(factors + 1e-6))
        factors = weights / np.maximum(np.abs(onsets - intercept - slope * index), _FIT_EPSILON_S)
    whole = 60 / max(1, round(60 / slope))
    middle = len(onsets) / 2
    if abs(whole - slope) * middle <= _MAX_ROUNDING_S:
        slope, intercept = whole, intercept + (slope - whole) * middle
    return intercept + slope * index


def _smooth(
    beats: NDArray[np.float64], onsets: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `beats` moved towards the onsets by what neighbouring beats agree on."""
    errors = gaussian_filter1d((onsets - beats) * weights, _SMOOTH_BEATS)
    return beats + errors / (gaussian_filter1d(weights, _SMOOTH_BEATS) + 1e-9)
