"""Onset strength: how much louder a song becomes, over time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from desktop.analysis.features import MEL_RATE, Features

# A rise is measured over 17 ms, against the loudest of three neighbouring bands so that vibrato is no onset (S. Böck and
# G. Widmer, "Maximum Filter Vibrato Suppression for Onset Detection", DAFx 2013).
_RISE_FRAMES = 3
# Slow changes of the mean rise are no onsets.
_BACKGROUND_FRAMES = round(0.5 * MEL_RATE)
# Compression of magnitudes relative to the song's loudest: with much of it a hi-hat counts as much as a kick drum.
_COMPRESSION = 1000.0
_CHUNK_FRAMES = 16_384


@dataclass(frozen=True)
class Onsets:
    """Onset strengths of a song, float64 `[frames]` at MEL_RATE, each with the standard deviation 1."""

    all: NDArray[np.float64]
    """Each instrument counts alike, also a quiet hi-hat."""
    accent: NDArray[np.float64]
    """Loud instruments count more."""
    low: NDArray[np.float64]
    """Kick drum and bass, up to some 200 Hz."""


def find_onsets(features: Features) -> Onsets:
    """Return the onset strengths of a song."""
    peak = float(features.mel.max(initial=0)) + 1e-9
    rises = [
        _rises(features.mel[max(0, first - _RISE_FRAMES) : first + _CHUNK_FRAMES], peak, is_start=not first)
        for first in range(0, len(features.mel), _CHUNK_FRAMES)
    ]
    return Onsets(*map(_sharpened, np.concatenate(rises, axis=1)))


def _rises(mel: NDArray[np.float16], peak: float, is_start: bool) -> NDArray[np.float64]:
    """Return the rises of all three strengths, `[3, frames]`; before the start of a song there is silence."""
    relative = np.pad(mel.astype(np.float32), ((_RISE_FRAMES if is_start else 0, 0), (0, 0))) / peak
    compressed = _rise(np.log1p(_COMPRESSION * relative))
    root = _rise(np.sqrt(relative))
    return np.stack([compressed.mean(axis=1), root.mean(axis=1), root[:, 0]]).astype(np.float64)


def _rise(level: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(level[_RISE_FRAMES:] - maximum_filter1d(level, 3, axis=1)[:-_RISE_FRAMES], 0)


def _sharpened(rise: NDArray[np.float64]) -> NDArray[np.float64]:
    onset = np.maximum(rise - uniform_filter1d(rise, _BACKGROUND_FRAMES), 0)
    return onset / (onset.std() + 1e-9)
