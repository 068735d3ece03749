"""Ranges of rows."""

from collections.abc import Sequence


def contiguous_ranges(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return the ranges (first, last) that ascending numbers form."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1] = ranges[-1][0], row
        else:
            ranges.append((row, row))
    return ranges
