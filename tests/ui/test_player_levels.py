"""Faders and meters as numbers."""

import pytest

from desktop.ui.player.levels import MAX_DB, MIN_DB, UNITY, db_at, height_of, place_of, written


def test_unity_stands_where_it_always_does() -> None:
    assert place_of(0.0) == pytest.approx(UNITY)
    assert db_at(UNITY) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("db", [MIN_DB, -24.0, -1.5, 0.0, 3.0, MAX_DB])
def test_places_and_levels_are_each_others_inverse(db: float) -> None:
    assert db_at(place_of(db)) == pytest.approx(db)


def test_places_beyond_the_ends_are_the_ends() -> None:
    assert (db_at(-1), db_at(2)) == (MIN_DB, MAX_DB)


def test_meters_reach_over_sixty_decibels() -> None:
    assert height_of(1.0) == 1.0
    assert height_of(0.001) == pytest.approx(0.0, abs=1e-9)
    assert height_of(0.0) == 0.0
    assert height_of(10**-1.5) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("db", "words"), [(0.0, "0.0 dB"), (-0.04, "0.0 dB"), (-1.5, "−1.5 dB"), (6.0, "6.0 dB"), (-60.0, "−∞ dB")]
)
def test_levels_are_written_with_a_real_minus(db: float, words: str) -> None:
    assert written(db) == words
