"""Where the time axis has its marks."""

import math

from desktop.ui.waveform.clock import clock_with_decimals

STEPS = (
    *(step * unit for unit in (0.0001, 0.001, 0.01) for step in (1, 2, 5)),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0),
)
"""Seconds between two marks, at the choice of the zoom."""
SPACE = 96.0
"""Logical pixels between two marks, at least, so that their words never touch."""


def step_for(span: float, width: float) -> float:
    """Return the seconds between two marks when `span` seconds take `width` pixels."""
    wanted = span * SPACE / max(1.0, width)
    return next((step for step in STEPS if step >= wanted), STEPS[-1])


def marks(start: float, end: float, step: float) -> list[tuple[float, str]]:
    """Return the time and the words of every mark from `start` to `end` seconds."""
    first = math.ceil(max(0.0, start) / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    # A hair more than the time, which would be cut down to the digit below for what a float lacks.
    written = (clock_with_decimals(number * step + 1e-6, decimals) for number in range(first, last + 1))
    return [(number * step, words) for number, words in zip(range(first, last + 1), written, strict=True)]
