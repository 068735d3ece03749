"""What Sketch looks at: sixteen numbers for every group of frequencies and every frame.

The features tell drums from held notes (median filters along time and frequency), onsets from sustain (moving means
over several spans), centre from sides, and loud from quiet. All planes are float32 `[groups, frames]` unless said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from desktop.pipeline.engines.sketch_median import moving_median

Plane = NDArray[np.floating]

# From bin, to bin, bins a group: fine where pitches lie, coarse where only hiss is.
_RANGES = ((0, 372, 1), (372, 744, 2), (744, 1488, 8), (1488, 2048, 16))
STARTS = np.concatenate([np.arange(low, high, width) for low, high, width in _RANGES])
WIDTHS = np.concatenate([np.full((high - low) // width, width) for low, high, width in _RANGES])
GROUPS = len(STARTS)
FEATURES = 16
# Frames pooled at a time: few enough for a core's cache, and enough that threads seldom wait for Python's lock.
_CHUNK = 64
_ALL = slice(None)
# numpy's logarithm to the base ten takes several times as long as the natural one.
_BY_LOG10 = 1 / np.log(10.0)
_LOW, _HIGH = slice(0, 12), slice(400, None)


@dataclass(frozen=True)
class Energies:
    """Pooled energies of a stereo spectrum, divided by their mean over the segment."""

    left: Plane
    right: Plane
    cross: Plane
    """Re(L · conj R)."""

    @cached_property
    def total(self) -> Plane:
        """Of both channels."""
        return self.left + self.right

    @cached_property
    def middle(self) -> Plane:
        """Of (L + R) / 2."""
        return np.maximum(self.total + 2 * self.cross, 0) / 4

    @cached_property
    def side(self) -> Plane:
        """Of (L - R) / 2."""
        return np.maximum(self.total - 2 * self.cross, 0) / 4


def pool(spectrum: NDArray[np.complex64]) -> Energies:
    """Energies of a spectrum `[2, bins >= 2048, frames]`."""
    left, right = (channel[:2048].T.view(np.float32) for channel in spectrum)
    planes = [_mean_of_products(*pair) for pair in ((left, left), (right, right), (left, right))]
    mean = float((planes[0] + planes[1]).mean()) or 1.0
    return Energies(*(plane / np.float32(mean) for plane in planes))


def features(
    energies: Energies, frames: slice = _ALL, scratch: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """float32 `[16, groups, frames]` of some of the frames, numbered as they are listed in the sketch's recipe.

    In `scratch`, an earlier result, where it fits.
    """
    shape = (FEATURES, *energies.total[:, frames].shape)
    result = scratch if scratch is not None and scratch.shape == shape else np.empty(shape, dtype=np.float32)
    # One after the other, so that few planes are in memory at once.
    for number, plane in enumerate(_planes(energies)):
        result[number] = plane[:, frames]
    return result


def _planes(energies: Energies) -> Iterator[Plane]:
    power = energies.total
    volume = np.sqrt(power)
    level = _log(power) / 2
    before = _box(volume, 1, 4)
    medium = _box(volume, 1, 21)
    of_medium, of_long = _log(medium), _log(_box(volume, 1, 65))
    percussive = _percussive(volume)
    high = volume[_HIGH].mean(axis=0, keepdims=True)
    yield percussive
    yield _box(percussive, 41, 1)
    yield _box(percussive, 5, 5)
    yield level - _log(_shift(before, 3))
    yield level - _log(_shift(before, -3))
    yield level - of_long
    yield of_medium - of_long
    yield level - _log(_box(volume, 9, 1))
    yield of_medium - _log(_box(medium, 9, 1))
    yield _sideness(energies, 3, 3)
    yield _sideness(energies, 15, 9)
    yield np.abs(_box(energies.left - energies.right, 3, 3)) / (_box(power, 3, 3) + 1e-9)
    yield level
    yield _log(_box(volume, 15, 15))
    yield _log(volume[_LOW].mean(axis=0, keepdims=True))
    yield _log(high) - _log(_shift(_box(high, 1, 4), 3))


def side_to_middle(energies: Energies) -> float:
    """Energy of the sides over that of the middle, in dB; very low for mono."""
    side, middle = float(energies.side.sum(dtype=np.float64)), float(energies.middle.sum(dtype=np.float64))
    return 10.0 * float(np.log10((side + 1e-12) / (middle + 1e-12)))


def _percussive(volume: Plane) -> Plane:
    """Log-odds that a bin belongs to a click and not to a tone (Fitzgerald's median filters)."""
    held = np.square(np.ascontiguousarray(moving_median(volume.T, 17).T))
    click = np.square(moving_median(volume, 31))
    part = np.clip(click / (held + click + 1e-9), 0.005, 0.995)
    return np.log(part / (1 - part)) / 2


def _sideness(energies: Energies, groups: int, frames: int) -> Plane:
    side, middle = _box(energies.side, groups, frames), _box(energies.middle, groups, frames)
    part = np.log(np.float32(1e-4) + side / (middle + side + np.float32(1e-9)))
    part *= np.float32(_BY_LOG10)
    return np.clip(part, -4, 0, out=part)


def _mean_of_products(one: Plane, other: Plane) -> Plane:
    """Re(X · conj Y) pooled `[groups, frames]`, of spectra as real and imaginary parts in turn `[frames, 4096]`."""
    sums = np.empty((GROUPS, len(one)), dtype=np.float32)
    for first in range(0, len(one), _CHUNK):
        chunk = slice(first, first + _CHUNK)
        _pool_sums(one[chunk] * other[chunk], sums[:, chunk])
    sums /= WIDTHS[:, None].astype(np.float32)
    return sums


def _pool_sums(parts: Plane, into: Plane) -> None:
    """Sums of the groups, by adding neighbours to one another until they are as wide as the next groups are."""
    rest, width, group = _of_pairs(parts), 1, 0
    for low, high, size in _RANGES:
        while width < size:
            rest, width = _of_pairs(rest), 2 * width
        count = (high - low) // size
        into[group : group + count] = rest[:, :count].T
        rest, group = rest[:, count:], group + count


def _of_pairs(plane: Plane) -> Plane:
    return plane[:, 0::2] + plane[:, 1::2]


def _box(plane: Plane, groups: int, frames: int) -> Plane:
    """Moving mean, edges repeated; an even span reaches one further back than ahead."""
    if groups > 1:
        plane = _moving_mean(plane, groups)
    return np.asarray(uniform_filter1d(plane, frames, axis=1, mode="nearest")) if frames > 1 else plane


def _moving_mean(plane: Plane, span: int) -> Plane:
    """Along the first axis, out of sums of 1, 2, 4 ... neighbours: twice as fast as scipy's there."""
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
    """Delayed by `frames`, or advanced where that is negative."""
    count = plane.shape[1]
    return plane[:, np.clip(np.arange(count) - frames, 0, count - 1)]


def _log(plane: Plane) -> Plane:
    return np.log(plane + np.float32(1e-7))
