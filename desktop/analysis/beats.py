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
# Seconds by which the rise of a mel frame is later than the attack that a listener hears; measured.
_LATENCY_S = 0.0
_BLUR_FRAMES = 1.5
# Beats over which the times of a drifting tempo are evened out.
_SMOOTH_BEATS = 3.0
# An onset of at least this strength is heard.
_AUDIBLE = 1.0
_MARGIN_S = 0.05


def find_beats(onsets: Onsets, chroma: Chroma) -> NDArray[np.float64] | None:
    """Return the times of the beats in seconds, from the first onset to the last; None if there is no steady beat."""
    pulse = find_pulse(onsets.all)
    if pulse is None:
        return None
    beats = find_beats_of_pulse(pulse, onsets, chroma)
    errors, weights = _onsets_near(beats, gaussian_filter1d(onsets.all + onsets.accent, _BLUR_FRAMES))
    beats = beats + (_line(errors, weights) if pulse.is_constant else _curve(errors, weights)) - _LATENCY_S
    audible = np.flatnonzero(onsets.all > _AUDIBLE) / MEL_RATE
    beats = beats[(beats >= max(0.0, audible[0] - _MARGIN_S)) & (beats <= audible[-1] + _MARGIN_S)]
    return beats if len(beats) >= 2 else None


def _onsets_near(
    beats: NDArray[np.float64], strength: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return by how many seconds the strongest onset near each beat is later than it, and how strong it is."""
    reach = np.arange(-_SEARCH_S, _SEARCH_S + 1e-4, 0.001)
    nearby = np.interp((beats[:, None] + reach) * MEL_RATE, np.arange(len(strength)), strength, left=0, right=0)
    strongest = np.argmax(nearby, axis=1)
    return reach[strongest], nearby[np.arange(len(beats)), strongest]


def _line(errors: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the line through the errors that minimizes their weighted absolute sum, by reweighted least squares."""
    index = np.arange(len(errors), dtype=np.float64)
    line = np.zeros(len(errors))
    factors = weights
    for _ in range(10):
        line = np.polynomial.Polynomial.fit(index, errors, 1, w=np.sqrt(factors + 1e-6))(index)
        factors = weights / np.maximum(np.abs(errors - line), 0.002)
    return line


def _curve(errors: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return gaussian_filter1d(errors * weights, _SMOOTH_BEATS) / (gaussian_filter1d(weights, _SMOOTH_BEATS) + 1e-9)
