"""Monotone cubic interpolation of evenly spaced values."""

import numpy as np
from numpy.typing import NDArray


def monotone_cubic(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values`, at least three, at fractional indices; before and after them the outer pieces go on.

    The curve rises and falls only where the values do. It is that of `scipy.interpolate.PchipInterpolator`, whose
    import would add SciPy's linear algebra with a second OpenBLAS to the packaged app: 70 MB.
    """
    rises = np.diff(values)
    start, end = _end_slope(rises[0], rises[1]), _end_slope(rises[-1], rises[-2])
    slopes = np.concatenate([[start], _inner_slopes(rises), [end]])
    pieces = np.clip(np.floor(places).astype(np.intp), 0, len(rises) - 1)
    offset, rise, first, last = places - pieces, rises[pieces], slopes[pieces], slopes[pieces + 1]
    square, cube = 3 * rise - 2 * first - last, first + last - 2 * rise
    return values[pieces] + offset * (first + offset * (square + offset * cube))


def _inner_slopes(rises: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the harmonic means of neighbouring rises; 0 where they have different signs."""
    products = rises[:-1] * rises[1:]
    return np.divide(2 * products, rises[:-1] + rises[1:], out=np.zeros_like(products), where=products > 0)


def _end_slope(rise: float, next_rise: float) -> float:
    """Return the slope of the parabola through the three outer values, limited so that the outer piece is monotone."""
    slope = (3 * rise - next_rise) / 2
    if slope * rise <= 0:
        return 0.0
    return 3 * rise if rise * next_rise < 0 and abs(slope) > abs(3 * rise) else slope
