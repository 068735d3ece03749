"""Chords of a song: the most probable path through major and minor triads."""

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.chroma import Chroma
from desktop.analysis.harmony import NO_CHORD, Chord, Key

_PASSAGE_S = 0.5
_CHANGE_COST = 0.6
_SILENCE = 1e-3


def find_chords(chroma: Chroma, grid: BeatGrid | None, seconds: float) -> tuple[Chord, ...]:
    """Return the chords by beat, or by half second where the song has no beat; neighbours that are equal are one."""
    edges = _passage_edges(grid, seconds)
    passages = chroma.mean_between(edges)
    path = _best_path(_similarities(passages.bass, passages.treble))
    names = [*(Key(tonic).tonic_name + mode for mode in ("", "m") for tonic in range(12)), NO_CHORD]
    starts = [0, *(np.flatnonzero(np.diff(path)) + 1)]
    ends = [*starts[1:], len(path)]
    return tuple(
        Chord(float(edges[start]), float(edges[end]), names[path[start]])
        for start, end in zip(starts, ends, strict=True)
    )


def _passage_edges(grid: BeatGrid | None, seconds: float) -> NDArray[np.float64]:
    """Return the times in seconds between which a chord is looked for."""
    if grid is None:
        inner = np.arange(_PASSAGE_S, seconds - _PASSAGE_S / 2, _PASSAGE_S)
    else:
        inner = np.asarray([beat for beat in grid.beats if 0.1 < beat < seconds - 0.1])
    return np.concatenate([[0.0], inner, [seconds]])


def _similarities(bass: NDArray[np.float32], treble: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how well each passage suits the 12 major triads, 12 minor triads and no chord: `[passages, 25]`."""
    both = treble + 0.5 * bass
    norm = np.linalg.norm(both, axis=1, keepdims=True)
    unit = both / (norm + 1e-9)
    triads = np.zeros((24, 12), np.float32)
    for tonic in range(12):
        triads[tonic, [tonic, (tonic + 4) % 12, (tonic + 7) % 12]] = 1 / np.sqrt(3)
        triads[12 + tonic, [tonic, (tonic + 3) % 12, (tonic + 7) % 12]] = 1 / np.sqrt(3)
    scores = unit @ triads.T
    scores += 0.2 * np.tile(bass / (np.linalg.norm(bass, axis=1, keepdims=True) + 1e-9), 2)
    silent = np.where(norm < _SILENCE, 9.0, 0.6)
    return np.concatenate([scores, silent], axis=1)


def _best_path(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the states with the largest sum of scores less the costs of changes (Viterbi, 1967): `[passages]`."""
    total = scores[0]
    origins = np.empty(scores.shape, np.intp)
    states = np.arange(scores.shape[1])
    for index, score in enumerate(scores[1:], start=1):
        best = int(np.argmax(total))
        origins[index] = np.where(total >= total[best] - _CHANGE_COST, states, best)
        total = total[origins[index]] - _CHANGE_COST * (origins[index] != states) + score
    path = np.empty(len(scores), np.intp)
    path[-1] = np.argmax(total)
    for index in range(len(scores) - 1, 0, -1):
        path[index - 1] = origins[index, path[index]]
    return path
