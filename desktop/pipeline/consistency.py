"""Mixture consistency: stems that sum to the mixture sample for sample.

The residual (mixture minus sum of the engine's stems) is distributed among the stems in proportion to their energy at
that moment. Then the stems are quantized to the steps of the file format so that the quantized values also sum to the
mixture's: the rounding error is corrected by one step per stem, in the stems that were rounded farthest the other way.
"""

import numpy as np
from numpy.typing import NDArray

from desktop.pipeline.spool import StemBlock

# Long enough to follow loudness and not the waveform, short enough that the residual of a drum hit stays with the drum.
_SMOOTHING_S = 0.01
# Length of a block of the smoothing, in time constants. A longer block costs precision: values in a block are scaled
# up and down again by e to the power of this number.
_BLOCK_TIME_CONSTANTS = 4.0
# Far below the last of 24 bits: where all stems are silent, all get the same share.
_ENERGY_FLOOR = 1e-16


class ResidualDistributor:
    """Distributor of the residual among stems; keeps the smoothed energy of each stem between blocks."""

    def __init__(self, source_count: int, sample_rate: int) -> None:
        self._smoothing = float(np.exp(-1.0 / (_SMOOTHING_S * sample_rate)))
        self._energy = np.zeros((source_count, 1))

    def distribute(self, stems: StemBlock, mixture: NDArray[np.floating]) -> StemBlock:
        """Return the stems `[sources, channels, n]` corrected to sum to the mixture `[channels, n]`."""
        power = np.square(stems).mean(axis=1)
        energy = smooth_exponentially(power + _ENERGY_FLOOR, self._smoothing, self._energy)
        self._energy = energy[:, -1:]
        weights = energy / energy.sum(axis=0)
        return stems + weights[:, None] * (mixture - stems.sum(axis=0))


def smooth_exponentially(
    values: NDArray[np.float64], smoothing: float, previous: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `y[n] = (1 - smoothing) x[n] + smoothing y[n-1]`, float64 `[rows, n]`, along the last axis.

    `values` is x, float64 `[rows, n]`; `previous` is y before the first column, float64 `[rows, 1]`. Equals
    `scipy.signal.lfilter`, whose import takes half a second and 40 MB.
    """
    result = np.empty_like(values)
    length = int(_BLOCK_TIME_CONSTANTS / (1.0 - smoothing)) + 1
    decay = smoothing ** np.arange(1, length + 1)
    gain = (1.0 - smoothing) / decay
    for start in range(0, values.shape[1], length):
        block = result[:, start : start + length]
        frames = block.shape[1]
        np.multiply(values[:, start : start + length], gain[:frames], out=block)
        np.cumsum(block, axis=-1, out=block)
        block += previous
        block *= decay[:frames]
        previous = block[:, -1:]
    return result


def quantize(stems: StemBlock, bits: int) -> StemBlock:
    """Return the stems rounded to the steps of a format with this many bits; full scale is 1."""
    scale = _full_scale(bits)
    return np.rint(stems * scale) / scale


def quantize_preserving_sum(stems: StemBlock, mixture: NDArray[np.floating], bits: int) -> StemBlock:
    """Return stems `[sources, channels, n]` rounded to whole steps that sum to those of the mixture `[channels, n]`.

    The stems must nearly sum to the mixture. Each stem changes by at most one step.
    """
    scale = _full_scale(bits)
    scaled = stems * scale
    steps = np.rint(scaled)
    missing = np.rint(mixture * scale) - steps.sum(axis=0)
    rank = _rank_sources(steps - scaled)
    steps += rank < missing
    steps -= stems.shape[0] - 1 - rank < -missing
    return steps / scale


def round_to_float32_preserving_sum(stems: StemBlock, mixture: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the stems `[sources, channels, n]` rounded to float32, with a sum as close to the mixture as possible.

    The quietest stem of each sample takes the rounding error, because its float32 steps are the finest. The sum is
    exact where the values are multiples of 2^-23 below 2, as all but the loudest are.
    """
    rounded = stems.astype(np.float32)
    rounding_error = mixture - rounded.sum(axis=0, dtype=np.float64)
    quietest = np.abs(rounded).argmin(axis=0)[None]
    corrected = np.take_along_axis(rounded, quietest, axis=0) + rounding_error
    np.put_along_axis(rounded, quietest, corrected.astype(np.float32), axis=0)
    return rounded


def _rank_sources(values: StemBlock) -> NDArray[np.int8]:
    """Return the rank of each value `[sources, …]` among the sources, from 0. Fifty times as fast as sorting."""
    rank = np.zeros(values.shape, dtype=np.int8)
    for later in range(len(values)):
        for earlier in range(later):
            is_not_less = values[earlier] <= values[later]
            rank[later] += is_not_less
            rank[earlier] += ~is_not_less
    return rank


def _full_scale(bits: int) -> float:
    return float(1 << (bits - 1))
