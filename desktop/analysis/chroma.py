"""Chroma: how strong each pitch class is over time, once the tuning of the song is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.features import BINS_PER_SEMITONE, CHROMA_RATE, Features

# Chroma below this sum of roots of magnitudes is silence: a sine at -100 dB has 0.003.
SILENCE = 3e-3


@dataclass(frozen=True)
class Chroma:
    """Strengths of the pitch classes from C, float32 `[frames, 12]` at CHROMA_RATE."""

    bass: NDArray[np.float32]
    treble: NDArray[np.float32]

    def mean_between(self, edges: NDArray[np.float64]) -> "Chroma":
        """Return the mean chroma of each passage between two ascending `edges` in seconds: `[passages, 12]`."""
        return Chroma(_mean_between(self.bass, edges), _mean_between(self.treble, edges))

    def total(self) -> "Chroma":
        """Return the sums over all frames: `[1, 12]`."""
        bass, treble = (chroma.sum(axis=0, keepdims=True, dtype=np.float64) for chroma in (self.bass, self.treble))
        return Chroma(bass.astype(np.float32), treble.astype(np.float32))

    def __add__(self, other: "Chroma") -> "Chroma":
        """Return the sums of the strengths of two chromas that are equally long."""
        return Chroma(self.bass + other.bass, self.treble + other.treble)


def find_tuning(features: Features, near: float = 0.0) -> float:
    """Return the deviation from A = 440 Hz in cents: the circular mean of all peaks' deviations.

    50 cents up are 50 down from the next semitone: of these values, return that between 50 below and 50 above `near`.
    """
    peaks = features.treble_chroma.sum(axis=0, dtype=np.float64) + features.bass_chroma.sum(axis=0, dtype=np.float64)
    turns = np.arange(len(peaks)) / BINS_PER_SEMITONE
    cents = float(np.angle(peaks @ np.exp(2j * np.pi * turns)) / (2 * np.pi) * 100)
    return cents + 100 * round((near - cents) / 100)


def find_chroma(features: Features, tuning_cents: float) -> Chroma:
    """Return the chroma of a song with this tuning; a peak counts the less the farther it is from its semitone."""
    cents = np.arange(12 * BINS_PER_SEMITONE) * (100 / BINS_PER_SEMITONE) - tuning_cents
    distance = (cents[:, None] - 100 * np.arange(12) + 600) % 1200 - 600
    weights = (np.cos(np.pi * np.clip(distance / 100, -0.5, 0.5)) ** 2).astype(np.float32)
    return Chroma(features.bass_chroma @ weights, features.treble_chroma @ weights)


def changes(chroma: NDArray[np.float32], reach: int) -> NDArray[np.float64]:
    """Return how much the `reach` passages from each on differ from the `reach` before it, 0 to 1: `[passages]`.

    It is the cosine distance, and 0 next to silence.
    """
    sums = np.concatenate([np.zeros((1, chroma.shape[1])), np.cumsum(chroma, axis=0, dtype=np.float64)])
    here = np.arange(len(chroma))
    before = sums[here] - sums[np.maximum(here - reach, 0)]
    after = sums[np.minimum(here + reach, len(chroma))] - sums[here]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.where(norms > SILENCE**2, 1 - (before * after).sum(axis=1) / (norms + 1e-12), 0.0)


def _mean_between(chroma: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    # Frame i stands for the tenth of a second around i / CHROMA_RATE.
    positions = np.clip(edges * CHROMA_RATE + 0.5, 0, len(chroma))
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    whole = np.minimum(positions.astype(int), len(chroma) - 1)
    at_edges = sums[whole] + (positions - whole)[:, None] * chroma[whole]
    return (np.diff(at_edges, axis=0) / np.maximum(np.diff(positions), 1e-6)[:, None]).astype(np.float32)
