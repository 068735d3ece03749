"""Durations as text."""

import pytest

from desktop.text.durations import (
    describe_duration,
    format_duration,
    format_duration_tenths,
    format_retry_delay,
    format_rough_time_left,
    format_time_left,
)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.99, "0:59"), (252, "4:12"), (7120, "1:58:40"), (-1, "0:00")]
)
def test_durations_are_formatted_as_minutes_and_seconds(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(77.4, "1:17.4"), (77.49, "1:17.4"), (0.3, "0:00.3"), (59.999, "0:59.9")]
)
def test_tenths_of_a_second_are_rounded_down(seconds: float, text: str) -> None:
    assert format_duration_tenths(seconds) == text


def test_duration_is_described_in_words() -> None:
    assert describe_duration(77.4) == "1 minute 17 seconds"
    assert describe_duration(0) == "0 seconds"


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (0.9, ""), (1, "about 0:01 left"), (252, "about 4:12 left")])
def test_time_left_is_shown_once_it_is_known(seconds: float | None, text: str) -> None:
    assert format_time_left(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (10, "under a minute left"),
        (60, "about 1 min left"),
        (61, "about 2 min left"),
        (3600, "about 60 min left"),
        (9000, "about 2 h left"),
    ],
)
def test_rough_time_left_is_rounded_up_to_minutes(seconds: float | None, text: str) -> None:
    assert format_rough_time_left(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (40.0, "40 s"), (90.5, "2 min"), (600.0, "10 min")])
def test_retry_delay_is_rounded_up(seconds: float, text: str) -> None:
    assert format_retry_delay(seconds) == text
