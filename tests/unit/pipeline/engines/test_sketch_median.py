import numpy as np
import pytest
from scipy.ndimage import median_filter

from desktop.pipeline.engines.sketch_median import moving_median


@pytest.mark.parametrize("span", [3, 5, 7, 9, 15, 17, 21, 31, 33])
@pytest.mark.parametrize("count", [1, 2, 5, 16, 17, 101])
def test_moving_median_matches_scipy(count: int, span: int) -> None:
    random = np.random.default_rng(count)
    for plane in (random.standard_normal((count, 7)), random.integers(0, 3, (count, 300)), np.ones((count, 1))):
        numbers = plane.astype(np.float32)
        expected = median_filter(numbers, size=(span, 1), mode="nearest")
        np.testing.assert_array_equal(moving_median(numbers, span), expected)


def test_memory_order_does_not_change_the_medians() -> None:
    plane = np.random.default_rng(0).standard_normal((50, 40)).astype(np.float32)
    np.testing.assert_array_equal(moving_median(np.asfortranarray(plane), 17), moving_median(plane, 17))
