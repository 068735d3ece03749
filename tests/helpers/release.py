"""Rows of a matrix that run only before a release: `./unbraid test release`."""

from collections.abc import Collection, Iterable

import pytest


def release_except(everyday: Collection[object], values: Iterable[object]) -> list[object]:
    """Return `values` as parameters for `pytest.mark.parametrize`; those not in `everyday` have the marker `release`."""
    return [value if value in everyday else pytest.param(value, marks=pytest.mark.release) for value in values]
