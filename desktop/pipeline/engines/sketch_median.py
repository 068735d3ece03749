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
Sorted = NDArray[np.floating]
# Columns worked on at a time: few enough for a core's cache, and enough that threads seldom wait for Python's lock.
_COLUMNS = 600


def moving_median(plane: Plane, span: int) -> Plane:
    """Median of `span` (odd) neighbours along the first axis of `[n, columns]`, edges repeated."""
    result = np.empty_like(plane)
    for first in range(0, plane.shape[1], _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        result[:, columns] = _Medians(plane[:, columns], span).medians
    return result


@dataclass(frozen=True)
class _Known:
    """What is known of windows that share some numbers."""

    numbers: Sorted
    """Those that can still be the median."""
    rank: int
    """Place of the median among these and the unknown ones."""
    unknown: int
    """How many are still to come."""

    def along_with(self, new: Sorted) -> "_Known":
        """With numbers that came."""
        unknown = self.unknown - len(new)
        low = max(self.rank - unknown, 0)
        high = min(self.rank, len(self.numbers) + len(new) - 1)
        return _Known(_merged(self.numbers, new, low, high + 1), self.rank - low, unknown)


class _Medians:
    """`medians` `[n, columns]` of a plane of that shape."""

    def __init__(self, plane: Plane, span: int) -> None:
        count, columns = plane.shape
        self._half = span // 2
        self._block = 1 << ((span + 1) // 2).bit_length() - 1
        self._blocks = -(-count // self._block)
        self._runs = self._sorted_runs(plane)
        self._answer = np.empty((self._blocks, self._block, columns), dtype=plane.dtype)
        self._split(_Known(self._run(self._block, 0), self._half, span - self._block), 0, self._block)
        self.medians = self._answer.reshape(-1, columns)[:count]

    def _sorted_runs(self, plane: Plane) -> dict[int, Sorted]:
        """The plane cut into runs of each power of two, each in order: `[size, runs, columns]`."""
        around = 2 * self._block
        after = self._blocks * self._block - len(plane) + around
        size, runs = 1, {1: np.pad(plane, ((around, after), (0, 0)), mode="edge")[None]}
        while size < self._block:
            runs[2 * size] = _merged(runs[size][:, 0::2], runs[size][:, 1::2], 0, 2 * size)
            size *= 2
        return runs

    def _run(self, size: int, start: int) -> Sorted:
        """Of every block the sorted `size` numbers that begin `start` after its own beginning."""
        first, step = (2 * self._block + start) // size, self._block // size
        return self._runs[size][:, first : first + step * (self._blocks - 1) + 1 : step]

    def _split(self, known: _Known, start: int, outputs: int) -> None:
        """Find `outputs` medians of every block, from its `start` on, that share what is known."""
        if outputs == 1:
            self._answer[:, start] = self._with_the_outermost(known, start).numbers[0]
            return
        half = outputs // 2
        self._split(known.along_with(self._run(half, start + half - self._block)), start, half)
        self._split(known.along_with(self._run(half, start + self._block)), start + half, half)

    def _with_the_outermost(self, known: _Known, start: int) -> _Known:
        """The ends of a window that is no power of two long."""
        for far in range(self._block, self._half + 1):
            known = known.along_with(self._run(1, start - far)).along_with(self._run(1, start + far))
        return known


def _merged(one: Sorted, other: Sorted, low: int, high: int) -> Sorted:
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
