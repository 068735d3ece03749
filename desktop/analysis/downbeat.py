"""Bars of a song: how many beats a bar has, and which beats begin one."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.chroma import Chroma, changes
from desktop.analysis.features import MEL_RATE, Features
from desktop.analysis.onsets import Onsets

_METRES = (3, 4)
_BLUR_FRAMES = 2.0
# Mel frames before and after a beat whose spectra are compared.
_BEFORE, _AFTER = 6, 10
# Weights of what `bar_candidates` returns, by a conditional logistic regression over some 190 songs.
_WEIGHTS = np.array([1.9, 0.8, 1.3, -0.4, 0.75, 0.65, 1.4, 0.85])


def find_bars(
    beats: NDArray[np.float64],
    features: Features,
    onsets: Onsets,
    chroma: Chroma,
    metre_before: int | None = None,
) -> BeatGrid:
    """Return the grid of `beats` (times in seconds) with its bars of three or four beats, or of `metre_before`."""
    candidates = bar_candidates(beats, features, onsets, chroma)
    possible = [bar for bar in candidates if metre_before in (None, bar[0])]
    beats_per_bar, first = max(possible, key=lambda bar: float(candidates[bar] @ _WEIGHTS))
    return BeatGrid(tuple(map(float, beats)), first, beats_per_bar)


def bar_candidates(
    beats: NDArray[np.float64], features: Features, onsets: Onsets, chroma: Chroma
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return what speaks for each number of beats in a bar and each first downbeat.

    That is how much more than other beats the downbeats have of: change of the chord, of the bass by two beats and by
    one, accents, kick drum and bass, and low sound among all; how alike beats are one bar apart; whether a bar has four.
    """
    edges = np.append(beats, 2 * beats[-1] - beats[-2])
    harmony = chroma.mean_between(edges)
    attacks = _attacks(beats, features)
    traits = [
        changes(harmony.treble, 2),
        changes(harmony.bass, 2),
        changes(harmony.bass, 1),
        _at_beats(onsets.accent, beats),
        _at_beats(onsets.low, beats),
        attacks[:, 0] / (attacks.sum(axis=1) + 1e-6),
    ]
    sound = np.concatenate([attacks / (attacks.std() + 1e-9), 0.5 * harmony.treble / (harmony.treble.std() + 1e-9)], 1)
    sound = sound - sound.mean(axis=0)
    candidates: dict[tuple[int, int], NDArray[np.float64]] = {}
    for beats_per_bar in _METRES:
        likeness = _likeness(sound, beats_per_bar)
        for first in range(beats_per_bar):
            excess = [
                float(_standardized(trait)[first::beats_per_bar].sum()) / max(1, len(beats[first::beats_per_bar]))
                for trait in traits
            ]
            candidates[beats_per_bar, first] = np.array([*excess, likeness, float(beats_per_bar == 4)])
    return candidates


def _attacks(beats: NDArray[np.float64], features: Features) -> NDArray[np.float64]:
    """Return how much louder each mel band is just after each beat than just before: `[beats, 24]`."""
    rows = np.round(beats * MEL_RATE).astype(int)
    before = np.mean([_level(features, rows + step) for step in range(-_BEFORE, -1)], axis=0)
    after = np.mean([_level(features, rows + step) for step in range(_AFTER)], axis=0)
    return np.maximum(after - before, 0).astype(np.float64)


def _level(features: Features, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the roots of the magnitudes of these mel frames; outside of the song there is silence."""
    inside = (rows >= 0) & (rows < len(features.mel))
    mel = features.mel[np.clip(rows, 0, len(features.mel) - 1)].astype(np.float32)
    return np.sqrt(mel) * inside[:, None]


def _at_beats(strength: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log1p(np.interp(beats * MEL_RATE, np.arange(len(strength)), gaussian_filter1d(strength, _BLUR_FRAMES)))


def _standardized(trait: NDArray[np.float64]) -> NDArray[np.float64]:
    return (trait - trait.mean()) / (trait.std() + 1e-6)


def _likeness(sound: NDArray[np.float64], beats_apart: int) -> float:
    """Return the correlation of the beats' sound with that of the beats so many later."""
    if len(sound) <= beats_apart:
        return 0.0
    earlier, later = sound[:-beats_apart], sound[beats_apart:]
    return float((earlier * later).sum() / np.sqrt((earlier**2).sum() * (later**2).sum() + 1e-9))
