"""What Sketch looks at: sixteen numbers for every group of frequencies and every frame.

The features tell drums from held notes (median filters along time and frequency), onsets from sustain (moving means
over several spans), centre from sides, and loud from quiet. All planes are float32 `[groups, frames]` unless said.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Plane = NDArray[np.floating]

# From bin, to bin, bins a group: fine where pitches lie, coarse where only hiss is.
_RANGES = ((0, 372, 1), (372, 744, 2), (744, 1488, 8), (1488, 2048, 16))
STARTS = np.concatenate([np.arange(low, high, width) for low, high, width in _RANGES])
WIDTHS = np.concatenate([np.full((high - low) // width, width) for low, high, width in _RANGES])
GROUPS = len(STARTS)
FEATURES = 16
_LOW, _HIGH = slice(0, 12), slice(400, None)


@dataclass(frozen=True)
class Energies:
    """Pooled energies of a stereo spectrum, divided by their mean over the segment."""

    left: Plane
    right: Plane
    cross: Plane
    """Re(L · conj R)."""

    @property
    def total(self) -> Plane:
        """Of both channels."""
        return self.left + self.right

    @property
    def middle(self) -> Plane:
        """Of (L + R) / 2."""
        return np.maximum(self.total + 2 * self.cross, 0) / 4

    @property
    def side(self) -> Plane:
        """Of (L - R) / 2."""
        return np.maximum(self.total - 2 * self.cross, 0) / 4


def pool(spectrum: NDArray[np.complex64]) -> Energies:
    """Energies of a spectrum `[2, bins >= 2048, frames]`."""
    left, right = spectrum[0, :2048], spectrum[1, :2048]
    planes = [_mean_of_groups(plane) for plane in (_power(left), _power(right), (left * right.conj()).real)]
    mean = float((planes[0] + planes[1]).mean()) or 1.0
    return Energies(*(plane / np.float32(mean) for plane in planes))


def features(energies: Energies) -> NDArray[np.float32]:
    """float32 `[16, groups, frames]`, numbered as they are listed in the sketch's recipe."""
    power = energies.total
    volume = np.sqrt(power)
    level = _log(power) / 2
    before = _box(volume, 1, 4)
    medium, long = _box(volume, 1, 21), _box(volume, 1, 65)
    percussive = _percussive(volume)
    high = volume[_HIGH].mean(axis=0, keepdims=True)
    planes = (
        percussive,
        _box(percussive, 41, 1),
        _box(percussive, 5, 5),
        level - _log(_shift(before, 3)),
        level - _log(_shift(before, -3)),
        level - _log(long),
        _log(medium) - _log(long),
        level - _log(_box(volume, 9, 1)),
        _log(medium) - _log(_box(medium, 9, 1)),
        _sideness(energies, 3, 3),
        _sideness(energies, 15, 9),
        np.abs(_box(energies.left - energies.right, 3, 3)) / (_box(power, 3, 3) + 1e-9),
        level,
        _log(_box(volume, 15, 15)),
        _log(volume[_LOW].mean(axis=0, keepdims=True)),
        _log(high) - _log(_shift(_box(high, 1, 4), 3)),
    )
    result = np.empty((FEATURES, *power.shape), dtype=np.float32)
    for number, plane in enumerate(planes):
        result[number] = plane
    return result


def side_to_middle(energies: Energies) -> float:
    """Energy of the sides over that of the middle, in dB; very low for mono."""
    side, middle = float(energies.side.sum(dtype=np.float64)), float(energies.middle.sum(dtype=np.float64))
    return 10.0 * float(np.log10((side + 1e-12) / (middle + 1e-12)))


def _percussive(volume: Plane) -> Plane:
    """Log-odds that a bin belongs to a click and not to a tone (Fitzgerald's median filters)."""
    held = np.square(_median(volume, 17))
    click = np.square(_median(volume.T, 31).T)
    part = np.clip(click / (held + click + 1e-9), 0.005, 0.995)
    return np.log(part / (1 - part)) / 2


def _median(plane: Plane, span: int) -> Plane:
    """Median of `span` neighbours along the last axis, edges repeated. Partitioning is 3 to 6 times as fast as scipy."""
    padded = np.pad(plane, ((0, 0), (span // 2, span // 2)), mode="edge")
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, span, axis=1)
    return np.partition(neighbours, span // 2, axis=-1)[..., span // 2]


def _sideness(energies: Energies, groups: int, frames: int) -> Plane:
    side, middle = _box(energies.side, groups, frames), _box(energies.middle, groups, frames)
    return np.clip(np.log10(1e-4 + side / (middle + side + 1e-9)), -4, 0)


def _power(spectrum: NDArray[np.complex64]) -> Plane:
    return np.square(spectrum.real) + np.square(spectrum.imag)


def _mean_of_groups(plane: Plane) -> Plane:
    return np.add.reduceat(plane, STARTS, axis=0) / WIDTHS[:, None].astype(np.float32)


def _box(plane: Plane, groups: int, frames: int) -> Plane:
    """Moving mean; an even span reaches one further back than ahead."""
    for axis, size in ((0, groups), (1, frames)):
        if size > 1:
            plane = np.asarray(uniform_filter1d(plane, size, axis=axis, mode="nearest"))
    return plane


def _shift(plane: Plane, frames: int) -> Plane:
    """Delayed by `frames`, or advanced where that is negative."""
    count = plane.shape[1]
    return plane[:, np.clip(np.arange(count) - frames, 0, count - 1)]


def _log(plane: Plane) -> Plane:
    return np.log(plane + np.float32(1e-7))
