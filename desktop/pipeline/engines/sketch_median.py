"""Fast exact moving median: neighbouring windows share most of their values, so these are sorted only once.

The windows of a block of outputs have the block itself in common. Half of them share more values on its left, the
other half on its right; each half splits again, down to single outputs. Each step keeps only the ranks that can still
be the median. All operations are minima and maxima of whole planes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]
SortedValues = NDArray[np.floating]
"""Values in ascending order along the first axis, `[count, blocks, columns]`."""
# Columns computed at a time: few enough for a core's cache, enough that threads seldom wait for the GIL.
_CHUNK_COLUMNS = 600


def moving_median(plane: Plane, span: int) -> Plane:
    """Return the median of `span` (odd) neighbours along the first axis of `[n, columns]`, with edges repeated."""
    result = np.empty_like(plane)
    for first in range(0, plane.shape[1], _CHUNK_COLUMNS):
        columns = slice(first, first + _CHUNK_COLUMNS)
        result[:, columns] = _BlockMedians(plane[:, columns], span).medians
    return result


@dataclass(frozen=True)
class _PartialWindow:
    """State of windows that share some values."""

    candidates: SortedValues
    """Values that can still be the median."""
    median_rank: int
    """Rank of the median among the candidates and the missing values."""
    missing_count: int
    """Number of values of the window that are not merged yet."""

    def merged_with(self, new: SortedValues) -> "_PartialWindow":
        """Return the state with more values of the windows merged."""
        missing_count = self.missing_count - len(new)
        low = max(self.median_rank - missing_count, 0)
        high = min(self.median_rank, len(self.candidates) + len(new) - 1)
        return _PartialWindow(_merge_ranks(self.candidates, new, low, high + 1), self.median_rank - low, missing_count)


class _BlockMedians:
    """Computation of the moving median `medians` `[n, columns]` of a plane of that shape."""

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
        """Return the plane in sorted runs of each power of two up to the block length: `[size, runs, columns]`."""
        pad_before = 2 * self._block_length
        pad_after = self._block_count * self._block_length - len(plane) + pad_before
        size, runs = 1, {1: np.pad(plane, ((pad_before, pad_after), (0, 0)), mode="edge")[None]}
        while size < self._block_length:
            runs[2 * size] = _merge_ranks(runs[size][:, 0::2], runs[size][:, 1::2], 0, 2 * size)
            size *= 2
        return runs

    def _run(self, size: int, start: int) -> SortedValues:
        """Return for every block the `size` sorted values that begin `start` after the block's beginning."""
        first, step = (2 * self._block_length + start) // size, self._block_length // size
        return self._runs[size][:, first : first + step * (self._block_count - 1) + 1 : step]

    def _split(self, window: _PartialWindow, start: int, outputs: int) -> None:
        """Compute `outputs` medians of every block, from its `start` on, whose windows share `window`."""
        if outputs == 1:
            self._result[:, start] = self._add_outermost(window, start).candidates[0]
            return
        half = outputs // 2
        self._split(window.merged_with(self._run(half, start + half - self._block_length)), start, half)
        self._split(window.merged_with(self._run(half, start + self._block_length)), start + half, half)

    def _add_outermost(self, window: _PartialWindow, start: int) -> _PartialWindow:
        """Merge the ends of the window that no run of a power of two covers."""
        for distance in range(self._block_length, self._half + 1):
            window = window.merged_with(self._run(1, start - distance)).merged_with(self._run(1, start + distance))
        return window


def _merge_ranks(one: SortedValues, other: SortedValues, low: int, high: int) -> SortedValues:
    """Return the values from rank `low` to before `high` of two sorted lists merged."""
    result = np.empty((high - low, *one.shape[1:]), dtype=one.dtype)
    scratch = np.empty(one.shape[1:], dtype=one.dtype)
    for rank in range(low, high):
        target: Plane = result[rank - low]
        # The greatest of the i least values of one list and the rank + 1 - i least of the other is never below the
        # value at this rank, so the minimum over all i is that value.
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
