"""Chords of a song: the most probable path through major and minor triads."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.chroma import SILENCE, Chroma
from desktop.analysis.harmony import NO_CHORD, Chord, Key
from desktop.analysis.viterbi import best_path

# Length of a passage where the song has no beat.
_PASSAGE_S = 0.5
# What a change of the chord costs: at a downbeat, in the middle of a bar of four or six, and elsewhere.
_DOWNBEAT_COST, _HALF_BAR_COST, _COST = 0.12, 0.2, 0.3
# A note sounds with its third and fifth harmonics, a twelfth and two octaves and a third above it (E. Gómez, "Tonal
# Description of Polyphonic Audio for Music Content Processing", 2006).
_THIRD_HARMONIC, _FIFTH_HARMONIC = 0.4, 0.2
# Weight of the bass in a chord, and of the chord's root among the bass notes.
_BASS_WEIGHT, _ROOT_WEIGHT = 0.5, 0.3
# Likeness to a triad below which noise is likelier; that of twelve equally strong pitch classes is 0.72.
_NOISE_SCORE = 0.85


def find_chords(chroma: Chroma, grid: BeatGrid | None, seconds: float) -> tuple[Chord, ...]:
    """Return the chords by beat, or by half second where the song has no beat; neighbours that are equal are one.

    What sounds like no triad has the name `NO_CHORD`.
    """
    edges = _passage_edges(grid, seconds)
    scores = _scores(chroma.mean_between(edges))
    path = best_path(scores, _change_costs(edges[:-1], grid), 1 - np.eye(scores.shape[1]))
    names = [*(Key(tonic).tonic_name + mode for mode in ("", "m") for tonic in range(12)), NO_CHORD]
    starts = [0, *(np.flatnonzero(np.diff(path)) + 1)]
    ends = [*starts[1:], len(path)]
    return tuple(
        Chord(float(edges[start]), float(edges[end]), names[path[start]])
        for start, end in zip(starts, ends, strict=True)
    )


def spelled(chords: Sequence[Chord], key: Key | None) -> tuple[Chord, ...]:
    """Return `chords` with the accidentals that the key signature has."""
    uses_flats = key is not None and key.uses_flats
    return tuple(replace(chord, name=chord.transposed_name(0, uses_flats)) for chord in chords)


def _passage_edges(grid: BeatGrid | None, seconds: float) -> NDArray[np.float64]:
    """Return the times in seconds between which a chord is looked for."""
    if grid is None:
        inner = np.arange(_PASSAGE_S, seconds - _PASSAGE_S / 2, _PASSAGE_S)
    else:
        beats = np.asarray(grid.beats)
        inner = beats[(beats > 0.1) & (beats < seconds - 0.1)]
    return np.concatenate([[0.0], inner, [seconds]])


def _change_costs(starts: NDArray[np.float64], grid: BeatGrid | None) -> NDArray[np.float64]:
    """Return what it costs to change the chord at the start of each passage."""
    if grid is None:
        return np.full(len(starts), _COST)
    costs = np.full(len(grid.beats), _COST)
    half_bar, rest = divmod(grid.beats_per_bar, 2)
    if not rest:
        costs[grid.first_downbeat % half_bar :: half_bar] = _HALF_BAR_COST
    costs[grid.first_downbeat % grid.beats_per_bar :: grid.beats_per_bar] = _DOWNBEAT_COST
    return costs[np.searchsorted(grid.beats, starts + 0.001) - 1]


def _scores(passages: Chroma) -> NDArray[np.float64]:
    """Return how well each passage suits the 12 major triads, 12 minor triads and no chord: `[passages, 25]`."""
    notes = _relative(passages.treble) + _BASS_WEIGHT * _relative(passages.bass)
    roots = _normalized(passages.bass) @ np.tile(np.eye(12), 2)
    triads = _normalized(notes) @ _triads().T + _ROOT_WEIGHT * roots
    loudness = passages.treble.sum(axis=1) + passages.bass.sum(axis=1)
    no_chord = np.where(loudness < SILENCE, 9.0, _NOISE_SCORE)
    return np.concatenate([triads, no_chord[:, None]], axis=1)


def _relative(chroma: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return chroma relative to its own mean, so that bass and treble count alike however they are mixed."""
    return chroma / (chroma.mean() + 1e-9)


def _normalized(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


@cache
def _triads() -> NDArray[np.float64]:
    """Return the pitch classes of the notes and harmonics of the 24 triads, normalized: `[triads, 12]`."""
    harmonics = np.zeros(12)
    harmonics[[0, 7, 4]] = 1, _THIRD_HARMONIC, _FIFTH_HARMONIC
    triads = [
        sum(np.roll(harmonics, tonic + interval) for interval in (0, third, 7))
        for third in (4, 3)
        for tonic in range(12)
    ]
    return _normalized(np.array(triads))
