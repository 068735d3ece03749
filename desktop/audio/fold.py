"""More than two channels folded to stereo, as a receiver would: left to the left, centre to both, a little of the back."""

import numpy as np
from numpy.typing import NDArray

_HALF_POWER = float(np.sqrt(0.5))
# Rows: left, right. Columns in the order of WAV and FLAC: FL FR FC LFE BL BR SL SR. The LFE channel repeats the bass
# of the others and is left out, as ITU-R BS.775 recommends.
_KNOWN = {
    3: [[1, 0, _HALF_POWER], [0, 1, _HALF_POWER]],
    4: [[1, 0, _HALF_POWER, 0], [0, 1, 0, _HALF_POWER]],
    5: [[1, 0, _HALF_POWER, _HALF_POWER, 0], [0, 1, _HALF_POWER, 0, _HALF_POWER]],
    6: [[1, 0, _HALF_POWER, 0, _HALF_POWER, 0], [0, 1, _HALF_POWER, 0, 0, _HALF_POWER]],
    8: [
        [1, 0, _HALF_POWER, 0, _HALF_POWER, 0, _HALF_POWER, 0],
        [0, 1, _HALF_POWER, 0, 0, _HALF_POWER, 0, _HALF_POWER],
    ],
}


def fold_matrix(channels: int) -> NDArray[np.float64]:
    """Weights `[2, channels]` that fold to stereo and can never exceed full scale."""
    rows = _KNOWN.get(channels)
    if rows is None:
        rows = [[float(n % 2 == side) for n in range(channels)] for side in (0, 1)]
    matrix = np.asarray(rows, dtype=np.float64)
    return matrix / matrix.sum(axis=1).max()
