"""Tempo from taps."""

import pytest

from desktop.ui.pages.player.tempo_taps import MAX_GAP_S, TempoTaps


def test_even_taps_give_their_tempo_and_their_first_beat() -> None:
    taps = TempoTaps()
    beats = [taps.tap(10.2 + 0.5 * number) for number in range(8)]
    assert beats[:2] == [None, None]
    assert beats[-1] is not None
    assert beats[-1].bpm == pytest.approx(120.0)
    assert beats[-1].first_beat_s == pytest.approx(0.2)


def test_uneven_taps_are_averaged() -> None:
    taps, errors = TempoTaps(), (0.0, 0.03, -0.02, 0.01, -0.03, 0.02, 0.0, -0.01)
    beat = None
    for number, error in enumerate(errors):
        beat = taps.tap(0.6 * number + error)
    assert beat is not None
    assert beat.bpm == pytest.approx(100.0, rel=0.01)


@pytest.mark.parametrize("later_by", [MAX_GAP_S + 0.1, -5.0])
def test_tap_after_a_pause_or_a_jump_back_begins_anew(later_by: float) -> None:
    taps = TempoTaps()
    for number in range(4):
        taps.tap(20 + 0.5 * number)
    assert taps.tap(21.5 + later_by) is None
    assert taps.count == 1
