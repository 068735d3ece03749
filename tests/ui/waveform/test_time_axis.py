"""Ticks of the time axis."""

import pytest

from desktop.ui.waveform.time_axis import MIN_TICK_SPACING, choose_tick_step, compute_ticks


def test_ticks_of_a_four_minute_track_are_30_seconds_apart() -> None:
    assert choose_tick_step(252, 1168) == 30.0
    assert [text for _, text in compute_ticks(0, 252, 30.0)][:4] == ["0:00", "0:30", "1:00", "1:30"]


@pytest.mark.parametrize("span", [0.002, 0.04, 1.0, 7.3, 60, 252, 3600, 7120])
@pytest.mark.parametrize("width", [300, 752, 1168, 3568])
def test_ticks_keep_a_minimum_spacing(span: float, width: float) -> None:
    step = choose_tick_step(span, width)
    assert step * width / span >= MIN_TICK_SPACING


def test_tick_labels_have_the_decimals_that_the_step_needs() -> None:
    assert [text for _, text in compute_ticks(77.4199, 77.4204, 0.0002)] == ["1:17.4200", "1:17.4202", "1:17.4204"]
    assert [text for _, text in compute_ticks(0.0, 0.02, 0.01)] == ["0:00.00", "0:00.01", "0:00.02"]


def test_ticks_below_a_second_show_tenths() -> None:
    assert [text for _, text in compute_ticks(7.05, 7.45, 0.1)] == ["0:07.1", "0:07.2", "0:07.3", "0:07.4"]
