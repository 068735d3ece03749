"""Rounding to integers of fewer bits, with dither, and the limit at full scale."""

import zlib

import numpy as np
from numpy.typing import NDArray


class AboveFullScaleError(Exception):
    """A sample is above full scale, so that no integer format can hold it."""


def check_full_scale(block: NDArray[np.floating]) -> None:
    """Raise AboveFullScaleError if a sample is above ±1."""
    if np.abs(block).max(initial=0.0) > 1.0:
        raise AboveFullScaleError


def stream_seed(name: str) -> int:
    """Return a seed for the dither of the stream `name`: the same in each run, another for each name."""
    return zlib.crc32(name.encode(errors="replace"))


class Quantizer:
    """Rounds a stream to the steps of a bit depth.

    A block whose samples all are steps of the bit depth passes unchanged: 16-bit audio stays the same in 16 and 24 bits,
    and silence stays silent. All others get triangular (TPDF) dither of two steps, peak to peak, before they are rounded,
    so that the error is noise that does not depend on the signal.
    """

    def __init__(self, bits: int, seed: int, may_clip: bool = False) -> None:
        """Dither with the random numbers of `seed`; streams that are added up need different ones."""
        self._full_scale = float(1 << (bits - 1))
        self._random = np.random.default_rng(seed)
        self._may_clip = may_clip
        self.clipped_samples = 0
        """Number of samples above full scale that were cut off."""

    def quantize(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the block `[frames, channels]`, full scale ±1, rounded to the steps of the bit depth.

        Samples above full scale are cut off and counted, or AboveFullScaleError is raised unless the stream may clip. A
        sample at exactly +1 becomes the highest step, as everywhere.
        """
        if not self._may_clip:
            check_full_scale(block)
        self.clipped_samples += int(np.count_nonzero(np.abs(block) > 1.0))
        scaled = np.asarray(block, dtype=np.float64) * self._full_scale
        rounded = np.rint(scaled)
        if not np.array_equal(rounded, scaled):
            rounded = np.rint(scaled + self._triangular_noise(scaled.shape))
        return np.clip(rounded, -self._full_scale, self._full_scale - 1) / self._full_scale

    def _triangular_noise(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return noise from -1 to 1 steps, the difference of two uniform numbers."""
        pairs = self._random.random((*shape, 2))
        return pairs[..., 0] - pairs[..., 1]
