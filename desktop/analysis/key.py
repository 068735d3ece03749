"""Key of a song."""

import numpy as np

from desktop.analysis.chroma import Chroma
from desktop.analysis.harmony import Key

# Weights of the scale degrees from the tonic upwards (D. Temperley, "What's Key for Key? The Krumhansl-Schmuckler
# Key-Finding Algorithm Reconsidered", Music Perception 17:1, 1999).
_MAJOR_PROFILE = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR_PROFILE = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)


def find_key(chroma: Chroma) -> Key | None:
    """Return the key whose profile correlates best with the pitch classes of the song; None if it has no pitch."""
    treble, bass = chroma.treble.sum(axis=0, dtype=np.float64), chroma.bass.sum(axis=0, dtype=np.float64)
    if not treble.any() and not bass.any():
        return None
    strengths = treble / (treble.sum() + 1e-9) + bass / (bass.sum() + 1e-9)
    scores = {
        Key(tonic, is_minor): float(np.corrcoef(np.roll(profile, tonic), strengths)[0, 1])
        for is_minor, profile in ((False, _MAJOR_PROFILE), (True, _MINOR_PROFILE))
        for tonic in range(12)
    }
    return max(scores, key=scores.__getitem__)
