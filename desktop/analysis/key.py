"""Key of a song."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.chroma import Chroma
from desktop.analysis.harmony import Chord, Key

# Weights of the scale degrees from the tonic upwards (D. Temperley, "What's Key for Key? The Krumhansl-Schmuckler
# Key-Finding Algorithm Reconsidered", Music Perception 17:1, 1999).
_MAJOR_PROFILE = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR_PROFILE = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)
# The triads of a key by the semitones of their roots above the tonic; in minor, the dominant may be major.
_MAJOR_TRIADS = frozenset({(0, ""), (2, "m"), (4, "m"), (5, ""), (7, ""), (9, "m")})
_DOMINANT = (7, "")
_MINOR_TRIADS = frozenset({(0, "m"), (3, ""), (5, "m"), (7, "m"), (7, ""), (8, ""), (10, "")})
# Weights of the profile's correlation, of the shares of the tonic's triad and of the key's triads in the time, of the
# tonic as the first and the last chord, and of the share of cadences, from the major dominant to the tonic, in all
# changes: by a conditional logistic regression over some 220 songs, rounded. The notes of a key and its relative are
# the same: only the chords tell them apart.
_PROFILE_WEIGHT, _TONIC_WEIGHT, _TRIADS_WEIGHT, _END_WEIGHT, _CADENCE_WEIGHT = 1.0, 4.0, 12.0, 3.0, 2.5


def find_key(chroma: Chroma, chords: Sequence[Chord]) -> Key | None:
    """Return the key that suits the notes and chords of a song best; None if it has no pitch."""
    treble, bass = chroma.treble.sum(axis=0, dtype=np.float64), chroma.bass.sum(axis=0, dtype=np.float64)
    if not treble.any() and not bass.any():
        return None
    notes = treble / (treble.sum() + 1e-9) + bass / (bass.sum() + 1e-9)
    keys = [Key(tonic, is_minor) for is_minor in (False, True) for tonic in range(12)]
    return max(keys, key=lambda key: _PROFILE_WEIGHT * _correlation(key, notes) + _chord_score(key, chords))


def _correlation(key: Key, notes: NDArray[np.float64]) -> float:
    profile = np.roll(_MINOR_PROFILE if key.is_minor else _MAJOR_PROFILE, key.tonic)
    return float(np.corrcoef(profile, notes)[0, 1])


def _chord_score(key: Key, chords: Sequence[Chord]) -> float:
    sounding = [(chord, chord.root) for chord in chords]
    degrees = [((root - key.tonic) % 12, chord.quality) for chord, root in sounding if root is not None]
    durations = np.array([chord.end_s - chord.start_s for chord, root in sounding if root is not None])
    if not degrees:
        return 0.0
    tonic = (0, "m" if key.is_minor else "")
    triads = _MINOR_TRIADS if key.is_minor else _MAJOR_TRIADS
    tonic_share = durations @ [degree == tonic for degree in degrees] / durations.sum()
    triads_share = durations @ [degree in triads for degree in degrees] / durations.sum()
    cadences = sum(change == (_DOMINANT, tonic) for change in pairwise(degrees)) / max(1, len(degrees) - 1)
    ends = (degrees[0] == tonic) + (degrees[-1] == tonic)
    return float(
        _TONIC_WEIGHT * tonic_share + _TRIADS_WEIGHT * triads_share + _END_WEIGHT * ends + _CADENCE_WEIGHT * cadences
    )
