"""Features of Sketch: sixteen values for each group of frequencies and each frame.

The features separate drums from held notes (median filters along time and frequency), onsets from sustain (moving
means over several spans), centre from sides, and loud from quiet. All planes are float32 `[groups, frames]` unless
noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from desktop.pipeline.engines.sketch_median import moving_median

Plane = NDArray[np.floating]

# First bin, end bin, bins per group: fine in the range of pitches, coarse in the range of noise.
_BIN_RANGES = ((0, 372, 1), (372, 744, 2), (744, 1488, 8), (1488, 2048, 16))
GROUP_STARTS = np.concatenate([np.arange(low, high, width) for low, high, width in _BIN_RANGES])
GROUP_WIDTHS = np.concatenate([np.full((high - low) // width, width) for low, high, width in _BIN_RANGES])
GROUP_COUNT = len(GROUP_STARTS)
FEATURE_COUNT = 16
# Frames pooled at a time: few enough for a core's cache, enough that threads seldom wait for the GIL.
_CHUNK_FRAMES = 64
_ALL_FRAMES = slice(None)
# NumPy's log10 takes several times as long as its natural logarithm.
_LN_TO_LOG10 = 1 / np.log(10.0)
_LOW_GROUPS, _HIGH_GROUPS = slice(0, 12), slice(400, None)


@dataclass(frozen=True)
class StereoEnergies:
    """Pooled energies of a stereo spectrum, divided by their mean over the segment."""

    left: Plane
    right: Plane
    cross: Plane
    """Cross energy Re(L · conj R)."""

    @cached_property
    def total(self) -> Plane:
        """Energy of both channels."""
        return self.left + self.right

    @cached_property
    def mid(self) -> Plane:
        """Energy of (L + R) / 2."""
        return np.maximum(self.total + 2 * self.cross, 0) / 4

    @cached_property
    def side(self) -> Plane:
        """Energy of (L - R) / 2."""
        return np.maximum(self.total - 2 * self.cross, 0) / 4


def pool_energies(spectrum: NDArray[np.complex64]) -> StereoEnergies:
    """Return the pooled energies of a spectrum `[2, bins >= 2048, frames]`."""
    left, right = (channel[:2048].T.view(np.float32) for channel in spectrum)
    planes = [_pooled_products(*pair) for pair in ((left, left), (right, right), (left, right))]
    mean = float((planes[0] + planes[1]).mean()) or 1.0
    return StereoEnergies(*(plane / np.float32(mean) for plane in planes))


def compute_features(
    energies: StereoEnergies, frames: slice = _ALL_FRAMES, scratch: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return the features float32 `[16, groups, frames]` of a range of frames, in the order of the fitted tables.

    Written into `scratch`, an earlier result, if its shape fits.
    """
    shape = (FEATURE_COUNT, *energies.total[:, frames].shape)
    result = scratch if scratch is not None and scratch.shape == shape else np.empty(shape, dtype=np.float32)
    # One plane at a time, so that few are in memory at once.
    for number, plane in enumerate(_feature_planes(energies)):
        result[number] = plane[:, frames]
    return result


def _feature_planes(energies: StereoEnergies) -> Iterator[Plane]:
    power = energies.total
    volume = np.sqrt(power)
    level = _safe_log(power) / 2
    onset_reference = _box_filter(volume, 1, 4)
    medium = _box_filter(volume, 1, 21)
    log_medium, log_long = _safe_log(medium), _safe_log(_box_filter(volume, 1, 65))
    percussive = _percussive_log_odds(volume)
    high = volume[_HIGH_GROUPS].mean(axis=0, keepdims=True)
    yield percussive
    yield _box_filter(percussive, 41, 1)
    yield _box_filter(percussive, 5, 5)
    yield level - _safe_log(_shift(onset_reference, 3))
    yield level - _safe_log(_shift(onset_reference, -3))
    yield level - log_long
    yield log_medium - log_long
    yield level - _safe_log(_box_filter(volume, 9, 1))
    yield log_medium - _safe_log(_box_filter(medium, 9, 1))
    yield _side_ratio(energies, 3, 3)
    yield _side_ratio(energies, 15, 9)
    yield np.abs(_box_filter(energies.left - energies.right, 3, 3)) / (_box_filter(power, 3, 3) + 1e-9)
    yield level
    yield _safe_log(_box_filter(volume, 15, 15))
    yield _safe_log(volume[_LOW_GROUPS].mean(axis=0, keepdims=True))
    yield _safe_log(high) - _safe_log(_shift(_box_filter(high, 1, 4), 3))


def side_to_mid_db(energies: StereoEnergies) -> float:
    """Return the ratio of side to mid energy in dB; very low for mono."""
    side, mid = float(energies.side.sum(dtype=np.float64)), float(energies.mid.sum(dtype=np.float64))
    return 10.0 * float(np.log10((side + 1e-12) / (mid + 1e-12)))


def _percussive_log_odds(volume: Plane) -> Plane:
    """Return the log-odds that a group is percussive and not harmonic (Fitzgerald's median filters)."""
    harmonic = np.square(np.ascontiguousarray(moving_median(volume.T, 17).T))
    percussive = np.square(moving_median(volume, 31))
    probability = np.clip(percussive / (harmonic + percussive + 1e-9), 0.005, 0.995)
    return np.log(probability / (1 - probability)) / 2


def _side_ratio(energies: StereoEnergies, groups: int, frames: int) -> Plane:
    side, mid = _box_filter(energies.side, groups, frames), _box_filter(energies.mid, groups, frames)
    ratio = np.log(np.float32(1e-4) + side / (mid + side + np.float32(1e-9)))
    ratio *= np.float32(_LN_TO_LOG10)
    return np.clip(ratio, -4, 0, out=ratio)


def _pooled_products(one: Plane, other: Plane) -> Plane:
    """Return Re(X · conj Y) pooled to `[groups, frames]`, of interleaved complex spectra `[frames, 4096]`."""
    sums = np.empty((GROUP_COUNT, len(one)), dtype=np.float32)
    for first in range(0, len(one), _CHUNK_FRAMES):
        chunk = slice(first, first + _CHUNK_FRAMES)
        _sum_groups(one[chunk] * other[chunk], sums[:, chunk])
    sums /= GROUP_WIDTHS[:, None].astype(np.float32)
    return sums


def _sum_groups(parts: Plane, into: Plane) -> None:
    """Write the sums of the groups to `into`: pairs are summed until they are as wide as the next groups."""
    remaining, width, group = _sum_pairs(parts), 1, 0
    for low, high, size in _BIN_RANGES:
        while width < size:
            remaining, width = _sum_pairs(remaining), 2 * width
        count = (high - low) // size
        into[group : group + count] = remaining[:, :count].T
        remaining, group = remaining[:, count:], group + count


def _sum_pairs(plane: Plane) -> Plane:
    return plane[:, 0::2] + plane[:, 1::2]


def _box_filter(plane: Plane, groups: int, frames: int) -> Plane:
    """Return the moving mean with edges repeated; an even span reaches one further back than ahead."""
    if groups > 1:
        plane = _moving_mean(plane, groups)
    return np.asarray(uniform_filter1d(plane, frames, axis=1, mode="nearest")) if frames > 1 else plane


def _moving_mean(plane: Plane, span: int) -> Plane:
    """Return the moving mean along the first axis, from sums of 1, 2, 4 ... neighbours: twice as fast as SciPy's."""
    count = len(plane)
    sums = np.pad(plane, ((span // 2, span - 1 - span // 2), (0, 0)), mode="edge")
    result, taken, width = np.zeros_like(plane), 0, 1
    while width <= span:
        if span & width:
            result += sums[taken : taken + count]
            taken += width
        sums = sums[:-width] + sums[width:] if 2 * width <= span else sums
        width *= 2
    result /= np.float32(span)
    return result


def _shift(plane: Plane, frames: int) -> Plane:
    """Return the plane delayed by `frames`, or advanced if negative, with edges repeated."""
    count = plane.shape[1]
    return plane[:, np.clip(np.arange(count) - frames, 0, count - 1)]


def _safe_log(plane: Plane) -> Plane:
    return np.log(plane + np.float32(1e-7))
