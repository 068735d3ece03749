"""Bars of a song: how many beats a bar has, and which beats begin one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.chroma import Chroma, changes
from desktop.analysis.features import MEL_RATE, Features
from desktop.analysis.onsets import Onsets

_METRES = (3, 4)
# Slow beats of which each is three eighth notes make bars of six: up to this tempo, and if onsets on both thirds of the
# beats are so many times as strong as halfway between beats. On the first third, a shuffle has less than half as strong
# onsets as on the second.
_COMPOUND_METRE, _MAX_COMPOUND_BPM, _COMPOUND_RATIO, _SHUFFLE_RATIO = 6, 80.0, 1.5, 0.5
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
    """Return the grid of `beats` (times in seconds) with its bars of three or four beats, or of `metre_before`.

    If each of the beats has three eighth notes, these become the beats, six a bar.
    """
    metres = _METRES if metre_before is None else (metre_before,)
    if metre_before is None and _is_compound(beats, onsets):
        beats, metres = _thirds(beats), (_COMPOUND_METRE,)
    candidates = bar_candidates(beats, features, onsets, chroma, metres)
    beats_per_bar, first = max(candidates, key=lambda bar: float(candidates[bar] @ _WEIGHTS))
    return BeatGrid(tuple(map(float, beats)), first, beats_per_bar)


def _is_compound(beats: NDArray[np.float64], onsets: Onsets) -> bool:
    """Return whether slow beats are divided in three, by notes on both thirds."""
    if 60 / np.median(np.diff(beats)) > _MAX_COMPOUND_BPM:
        return False
    first, half, second = (_between(onsets, beats, part) for part in (1 / 3, 1 / 2, 2 / 3))
    return min(first, second) > max(_COMPOUND_RATIO * half, _SHUFFLE_RATIO * second)


def _between(onsets: Onsets, beats: NDArray[np.float64], part: float) -> float:
    """Return the mean onset strength at a part of the way from each beat to the next."""
    return float(_at_beats(onsets.all, beats[:-1] + part * np.diff(beats)).mean())


def _thirds(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the beats and two times evenly spaced between each and the next."""
    return np.interp(np.arange(3 * len(beats) - 2) / 3, np.arange(len(beats)), beats)


def bar_candidates(
    beats: NDArray[np.float64], features: Features, onsets: Onsets, chroma: Chroma, metres: Sequence[int] = _METRES
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
    for beats_per_bar in metres:
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
