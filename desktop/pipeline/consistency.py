"""Stems that sum to the mixture sample for sample.

What the engine's stems lack of the mixture is shared out by energy, each stem getting the share that it has of the
sound at that moment. Then the stems are rounded to the steps of the file format so that the rounded values, too, sum
to the mixture's: what rounding lost goes, one step a stem, to the stems that were rounded farthest the other way.
"""

import numpy as np
from numpy.typing import NDArray

from desktop.pipeline.spool import Block

# Long enough to follow loudness and not the wave, short enough that a drum's remainder stays with the drum.
_MEMORY_SECONDS = 0.01
# As many go into a block of the smoothing: more would cost exactness, e to their power being gained and lost again.
_TIME_CONSTANTS = 4.0
# Far under the last bit of 24: where no stem sounds, all get the same share.
_FLOOR = 1e-16


class Remainder:
    """Shares out what stems lack of their mixture. Holds the running energy of each stem between blocks."""

    def __init__(self, sources: int, sample_rate: int) -> None:
        self._keep = float(np.exp(-1.0 / (_MEMORY_SECONDS * sample_rate)))
        self._energy = np.zeros((sources, 1))

    def share(self, stems: Block, mixture: NDArray[np.floating]) -> Block:
        """Stems `[sources, channels, n]` and their mixture `[channels, n]` to stems that sum to it."""
        power = np.square(stems).mean(axis=1)
        energy = smoothed(power + _FLOOR, self._keep, self._energy)
        self._energy = energy[:, -1:]
        weights = energy / energy.sum(axis=0)
        return stems + weights[:, None] * (mixture - stems.sum(axis=0))


def smoothed(values: NDArray[np.float64], keep: float, last: NDArray[np.float64]) -> NDArray[np.float64]:
    """`y[n] = (1 - keep) x[n] + keep y[n-1]` for `x` float64 `[rows, n]` after `last`, float64 `[rows, 1]`.

    As `scipy.signal.lfilter` computes it, whose import alone takes half a second and brings 40 MB with it.
    """
    after = np.empty_like(values)
    length = int(_TIME_CONSTANTS / (1.0 - keep)) + 1
    decay = keep ** np.arange(1, length + 1)
    gain = (1.0 - keep) / decay
    for begin in range(0, values.shape[1], length):
        block = after[:, begin : begin + length]
        frames = block.shape[1]
        np.multiply(values[:, begin : begin + length], gain[:frames], out=block)
        np.cumsum(block, axis=-1, out=block)
        block += last
        block *= decay[:frames]
        last = block[:, -1:]
    return after


def to_steps(stems: Block, bits: int) -> Block:
    """Each stem to the nearest whole step of a `bits` wide format, full scale being 1."""
    scale = _scale(bits)
    return np.rint(stems * scale) / scale


def to_steps_that_sum(stems: Block, mixture: NDArray[np.floating], bits: int) -> Block:
    """Stems `[sources, channels, n]` that nearly sum to the mixture, to whole steps that sum to the mixture's own.

    Each stem stays within one step of where it was.
    """
    scale = _scale(bits)
    wanted = stems * scale
    steps = np.rint(wanted)
    missing = np.rint(mixture * scale) - steps.sum(axis=0)
    rank = _rank(steps - wanted)
    steps += rank < missing
    steps -= stems.shape[0] - 1 - rank < -missing
    return steps / scale


def to_float32_that_sums(stems: Block, mixture: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rounded to float32, the quietest stem of each sample taking up what rounding lost: its own steps are finest.

    Nothing is lost at all where the values are multiples of 2^-23 below 2, as all but the loudest are.
    """
    rounded = stems.astype(np.float32)
    lost = mixture - rounded.sum(axis=0, dtype=np.float64)
    quietest = np.abs(rounded).argmin(axis=0)[None]
    mended = np.take_along_axis(rounded, quietest, axis=0) + lost
    np.put_along_axis(rounded, quietest, mended.astype(np.float32), axis=0)
    return rounded


def _rank(values: Block) -> NDArray[np.int8]:
    """Place of each of `[sources, …]` among its sources, from 0 for the least. Fifty times as fast as sorting."""
    rank = np.zeros(values.shape, dtype=np.int8)
    for later in range(len(values)):
        for earlier in range(later):
            behind = values[earlier] <= values[later]
            rank[later] += behind
            rank[earlier] += ~behind
    return rank


def _scale(bits: int) -> float:
    return float(1 << (bits - 1))
