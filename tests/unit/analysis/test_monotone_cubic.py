"""The interpolation that the analysis uses in place of SciPy's, which would make the packaged app larger."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from desktop.analysis.monotone_cubic import monotone_cubic


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [3, 4, 50])
def test_curve_is_that_of_scipy_inside_and_outside_of_the_values(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    steps = np.cumsum(random.normal(1.5, 0.4, count))
    for values in (steps, random.normal(size=count), np.round(random.normal(size=count))):
        places = np.sort(random.uniform(-1.5, count + 0.5, 300))
        expected = PchipInterpolator(np.arange(count), values, extrapolate=True)(places)
        np.testing.assert_allclose(monotone_cubic(values, places), expected, rtol=1e-9, atol=1e-9)


def test_values_themselves_are_kept_exactly() -> None:
    values = np.random.default_rng(0).normal(size=30).cumsum()
    assert (monotone_cubic(values, np.arange(29.0)) == values[:-1]).all()
