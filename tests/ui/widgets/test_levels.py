"""Fader positions, meter fractions and decibel text."""

import pytest

from desktop.ui.widgets.levels import (
    MAX_DB,
    MIN_DB,
    UNITY_POSITION,
    db_at_position,
    fader_position,
    format_db,
    meter_fraction,
)


def test_unity_gain_is_at_the_unity_position() -> None:
    assert fader_position(0.0) == pytest.approx(UNITY_POSITION)
    assert db_at_position(UNITY_POSITION) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("db", [MIN_DB, -24.0, -1.5, 0.0, 3.0, MAX_DB])
def test_fader_position_and_level_are_inverse_functions(db: float) -> None:
    assert db_at_position(fader_position(db)) == pytest.approx(db)


def test_positions_beyond_the_fader_ends_are_clamped() -> None:
    assert (db_at_position(-1), db_at_position(2)) == (MIN_DB, MAX_DB)


def test_meter_covers_sixty_decibels() -> None:
    assert meter_fraction(1.0) == 1.0
    assert meter_fraction(0.001) == pytest.approx(0.0, abs=1e-9)
    assert meter_fraction(0.0) == 0.0
    assert meter_fraction(10**-1.5) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("db", "text"), [(0.0, "0.0 dB"), (-0.04, "0.0 dB"), (-1.5, "−1.5 dB"), (6.0, "6.0 dB"), (-60.0, "−∞ dB")]
)
def test_levels_are_formatted_with_a_minus_sign_not_a_hyphen(db: float, text: str) -> None:
    assert format_db(db) == text
