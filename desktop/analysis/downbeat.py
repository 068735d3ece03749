"""Bars of a song: how many beats a bar has, and which beats begin one."""

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.features import Features


def find_bars(features: Features, beats: NDArray[np.float64], tuning_cents: float) -> BeatGrid:
    """Return the grid of `beats` (times in seconds) with its bars."""
    return BeatGrid(tuple(map(float, beats)))
