"""Lines and labels of bars at every zoom, and the names of chords."""

from itertools import pairwise

import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord
from desktop.ui.waveform.bar_lines import (
    MIN_BAR_SPACING,
    MIN_LINE_SPACING,
    chord_at,
    compute_bar_labels,
    compute_chord_changes,
    compute_lines,
    format_chord,
)

GRID = BeatGrid(tuple(0.25 + number * 0.5 for number in range(480)), first_downbeat=1)


@pytest.mark.parametrize("span", [1.0, 7.3, 30.0, 120.0, 240.0])
@pytest.mark.parametrize("width", [300, 752, 1168, 3568])
def test_lines_and_labels_never_touch(span: float, width: float) -> None:
    lines = [x for x, _ in compute_lines(GRID, 0.0, span, width)]
    labels = [label.second * width / span for label in compute_bar_labels(GRID, 0.0, span, width)]
    assert all(later - earlier >= MIN_LINE_SPACING - 1e-6 for earlier, later in pairwise(lines))
    assert all(later - earlier >= MIN_BAR_SPACING - 1e-6 for earlier, later in pairwise(labels))


def test_labels_are_bars_and_begin_at_the_downbeat() -> None:
    labels = compute_bar_labels(GRID, 0.0, 8.0, 1000)
    assert [(label.second, label.bar) for label in labels] == [(0.75, 1), (2.75, 2), (4.75, 3), (6.75, 4)]


def test_bars_are_told_from_beats() -> None:
    lines = compute_lines(GRID, 0.0, 2.0, 1000)
    assert [is_bar for _, is_bar in lines] == [False, True, False, False]


def test_far_out_every_second_fourth_or_eighth_bar_is_labelled() -> None:
    bars = [label.bar for label in compute_bar_labels(GRID, 0.0, 240.0, 1168)]
    assert bars[:3] == [1, 9, 17]


def test_chord_that_begins_inside_a_bar_is_labelled_if_there_is_room() -> None:
    chords = (Chord(0.75, 1.75, "Am"), Chord(1.75, 2.75, "F"))
    for width, expected in ((1000, ["F"]), (200, [])):
        labels = compute_bar_labels(GRID, 0.0, 8.0, width)
        assert [chord.name for chord in compute_chord_changes(chords, labels, 0.0, 8.0, width)] == expected


def test_chords_have_real_signs_and_follow_the_transposition() -> None:
    chord = Chord(1.0, 2.0, "F#m")
    assert format_chord(chord, 0, uses_flats=False) == "F♯m"
    assert format_chord(chord, 0, uses_flats=True) == "G♭m"
    assert format_chord(chord, -212, uses_flats=False) == "Em"
    assert format_chord(Chord(1.0, 2.0, "N"), 0, uses_flats=False) == ""
    assert chord_at((chord,), 0.97) is chord
    assert chord_at((chord,), 2.0) is None
