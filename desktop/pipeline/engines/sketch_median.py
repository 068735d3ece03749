"""Exact moving medians, quick: windows side by side share most of their numbers, so these are put in order only once.

The windows of a block of outputs have the block itself in common. Half of them share some more on its left, the other
half on its right; each half splits again, down to single outputs. At every step only the ranks are kept that can
still be the median. All of it is minima and maxima of whole planes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]
# Numbers in ascending order along the first axis: `[count, blocks, columns]`.
SortedValues = NDArray[np.floating]
# Columns worked on at a time: few enough for a core's cache, and enough that threads seldom wait for Python's lock.
_CHUNK_COLUMNS = 600


def moving_median(plane: Plane, span: int) -> Plane:
    """Median of `span` (odd) neighbours along the first axis of `[n, columns]`, edges repeated."""
    result = np.empty_like(plane)
    for first in range(0, plane.shape[1], _CHUNK_COLUMNS):
        columns = slice(first, first + _CHUNK_COLUMNS)
        result[:, columns] = _BlockMedians(plane[:, columns], span).medians
    return result


@dataclass(frozen=True)
class _PartialWindow:
    """What is known of windows that share some numbers."""

    candidates: SortedValues
    """Those that can still be the median."""
    median_rank: int
    """Place of the median among these and the unknown ones."""
    missing_count: int
    """How many are still to come."""

    def merged_with(self, new: SortedValues) -> "_PartialWindow":
        """With numbers that came."""
        missing_count = self.missing_count - len(new)
        low = max(self.median_rank - missing_count, 0)
        high = min(self.median_rank, len(self.candidates) + len(new) - 1)
        return _PartialWindow(_merge_ranks(self.candidates, new, low, high + 1), self.median_rank - low, missing_count)


class _BlockMedians:
    """`medians` `[n, columns]` of a plane of that shape."""

    def __init__(self, plane: Plane, span: int) -> None:
        count, columns = plane.shape
        self._half = span // 2
        self._block_length = 1 << ((span + 1) // 2).bit_length() - 1
        self._block_count = -(-count // self._block_length)
        self._runs = self._sort_runs(plane)
        self._result = np.empty((self._block_count, self._block_length, columns), dtype=plane.dtype)
        self._split(
            _PartialWindow(self._run(self._block_length, 0), self._half, span - self._block_length),
            0,
            self._block_length,
        )
        self.medians = self._result.reshape(-1, columns)[:count]

    def _sort_runs(self, plane: Plane) -> dict[int, SortedValues]:
        """The plane cut into runs of each power of two, each in order: `[size, runs, columns]`."""
        around = 2 * self._block_length
        after = self._block_count * self._block_length - len(plane) + around
        size, runs = 1, {1: np.pad(plane, ((around, after), (0, 0)), mode="edge")[None]}
        while size < self._block_length:
            runs[2 * size] = _merge_ranks(runs[size][:, 0::2], runs[size][:, 1::2], 0, 2 * size)
            size *= 2
        return runs

    def _run(self, size: int, start: int) -> SortedValues:
        """Of every block the sorted `size` numbers that begin `start` after its own beginning."""
        first, step = (2 * self._block_length + start) // size, self._block_length // size
        return self._runs[size][:, first : first + step * (self._block_count - 1) + 1 : step]

    def _split(self, window: _PartialWindow, start: int, outputs: int) -> None:
        """Find `outputs` medians of every block, from its `start` on, that share what is known."""
        if outputs == 1:
            self._result[:, start] = self._add_outermost(window, start).candidates[0]
            return
        half = outputs // 2
        self._split(window.merged_with(self._run(half, start + half - self._block_length)), start, half)
        self._split(window.merged_with(self._run(half, start + self._block_length)), start + half, half)

    def _add_outermost(self, window: _PartialWindow, start: int) -> _PartialWindow:
        """The ends of a window that is no power of two long."""
        for distance in range(self._block_length, self._half + 1):
            window = window.merged_with(self._run(1, start - distance)).merged_with(self._run(1, start + distance))
        return window


def _merge_ranks(one: SortedValues, other: SortedValues, low: int, high: int) -> SortedValues:
    """The numbers from rank `low` to before `high` of two sorted lists together."""
    result = np.empty((high - low, *one.shape[1:]), dtype=one.dtype)
    scratch = np.empty(one.shape[1:], dtype=one.dtype)
    for rank in range(low, high):
        target: Plane = result[rank - low]
        # Taking i of one list and the rest of the other, the greatest taken is never below the right one.
        first = max(rank + 1 - len(other), 0)
        for i in range(first, min(rank + 1, len(one)) + 1):
            into = target if i == first else scratch
            if i in (0, rank + 1):
                into[...] = other[rank] if i == 0 else one[rank]
            else:
                np.maximum(one[i - 1], other[rank - i], out=into)
            if i > first:
                np.minimum(target, scratch, out=target)
    return result
