"""Samples as integers, exactly: libsndfile's own conversion from floats scales by 2^(n-1) - 1."""

import numpy as np
from numpy.typing import NDArray


def to_int32(block: NDArray[np.floating], bits: int) -> NDArray[np.int32]:
    """Samples of any shape, full scale ±1, rounded to `bits` wide integers in the upper bits of int32.

    That is how libsndfile takes integers for every width. Values beyond full scale stick to it.
    """
    top = float(1 << (bits - 1))
    steps = np.clip(np.rint(block * top), -top, top - 1)
    return (steps.astype(np.int64) << (32 - bits)).astype(np.int32)
