"""Ticks of the time axis: how far apart they are at a zoom, and their times."""

import math

from desktop.text.durations import format_duration_decimals

TICK_STEPS_S = (
    *(step * unit for unit in (0.0001, 0.001, 0.01) for step in (1, 2, 5)),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0),
)
"""Possible distances of two ticks in seconds; the zoom determines which one is used."""
MIN_TICK_SPACING = 96.0
"""Minimum distance of two ticks in logical pixels, so that their labels never touch."""


def choose_tick_step(span: float, width: float) -> float:
    """Return the seconds between two ticks if `span` seconds take `width` logical pixels."""
    min_step = span * MIN_TICK_SPACING / max(1.0, width)
    return next((step for step in TICK_STEPS_S if step >= min_step), TICK_STEPS_S[-1])


def compute_ticks(start: float, end: float, step: float) -> list[tuple[float, str]]:
    """Return time in seconds and label of every tick from `start` to `end` seconds."""
    first = math.ceil(max(0.0, start) / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    # Formatting truncates, and float error would give the digit below: so 1e-6 s is added.
    labels = (format_duration_decimals(number * step + 1e-6, decimals) for number in range(first, last + 1))
    return [(number * step, label) for number, label in zip(range(first, last + 1), labels, strict=True)]
