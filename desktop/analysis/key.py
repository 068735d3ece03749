"""Tuning and key of a song."""

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.features import BINS_PER_SEMITONE, Features
from desktop.analysis.harmony import Key

# Weights of the scale degrees from the tonic upwards (D. Temperley, "What's Key for Key? The Krumhansl-Schmuckler
# Key-Finding Algorithm Reconsidered", Music Perception 17:1, 1999).
_MAJOR_PROFILE = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR_PROFILE = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)


def find_tuning(features: Features) -> float:
    """Return the deviation from A = 440 Hz in cents, from -50 to 50: the circular mean of all peaks' deviations."""
    peaks = features.treble_chroma.sum(axis=0, dtype=np.float64) + features.bass_chroma.sum(axis=0, dtype=np.float64)
    turns = np.arange(len(peaks)) / BINS_PER_SEMITONE
    return float(np.angle(peaks @ np.exp(2j * np.pi * turns)) / (2 * np.pi) * 100)


def fold_chroma(chroma: NDArray[np.float16], tuning_cents: float) -> NDArray[np.float32]:
    """Return `[frames, 120]` of 10 cents as `[frames, 12]` of semitones of a song with this tuning.

    A peak counts the less the farther it is from its semitone.
    """
    cents = np.arange(chroma.shape[1]) * (100 / BINS_PER_SEMITONE) - tuning_cents
    distance = (cents[:, None] - 100 * np.arange(12) + 600) % 1200 - 600
    weights = np.cos(np.pi * np.clip(distance / 100, -0.5, 0.5)) ** 2
    return chroma.astype(np.float32) @ weights.astype(np.float32)


def find_key(features: Features, tuning_cents: float) -> Key | None:
    """Return the key whose profile correlates best with the pitch classes of the song; None if it has no pitch."""
    treble = fold_chroma(features.treble_chroma, tuning_cents).sum(axis=0, dtype=np.float64)
    bass = fold_chroma(features.bass_chroma, tuning_cents).sum(axis=0, dtype=np.float64)
    if not treble.any() and not bass.any():
        return None
    chroma = treble / (treble.sum() + 1e-9) + bass / (bass.sum() + 1e-9)
    scores = {
        Key(tonic, is_minor): float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for is_minor, profile in ((False, _MAJOR_PROFILE), (True, _MINOR_PROFILE))
        for tonic in range(12)
    }
    return max(scores, key=scores.__getitem__)
