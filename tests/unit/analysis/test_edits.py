"""The user's corrections applied to an analysis."""

from dataclasses import replace

import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.edits import AnalysisEdits, TappedTempo, apply_edits, override_chords
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis

DURATION_S = 10.0
# 120 beats a minute from 0.5 s to 9.5 s; bars begin at 1.0 s, 3.0 s …
GRID = BeatGrid(tuple(0.5 + index * 0.5 for index in range(19)), first_downbeat=1)
FOUND = SongAnalysis(GRID, 120.0, Key.parse("C major"), 0.0, (Chord(0, 4, "C"), Chord(4, 8, "F"), Chord(8, 10, "G")))


def edited_grid(edits: AnalysisEdits, found: SongAnalysis = FOUND) -> BeatGrid:
    grid = apply_edits(found, edits, DURATION_S).grid
    assert grid is not None
    return grid


def test_no_edits_change_nothing() -> None:
    assert apply_edits(FOUND, AnalysisEdits(), DURATION_S) == FOUND
    nothing = SongAnalysis()
    assert apply_edits(nothing, AnalysisEdits(), DURATION_S) == nothing


def test_a_tapped_tempo_makes_a_constant_grid_through_the_song() -> None:
    analysis = apply_edits(FOUND, AnalysisEdits(TappedTempo(60, first_beat_s=2.5)), DURATION_S)
    assert analysis.grid is not None
    assert analysis.grid.beats == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5])
    assert analysis.grid.downbeats == pytest.approx([2.5, 6.5])
    assert analysis.tempo_bpm == pytest.approx(60)


def test_a_tapped_tempo_gives_a_beat_to_a_song_without_one() -> None:
    grid = edited_grid(AnalysisEdits(TappedTempo(60, 0)), SongAnalysis())
    assert grid.beats == pytest.approx(range(11))
    assert grid.beats_per_bar == 4


@pytest.mark.parametrize(("factor", "count", "bpm"), [(2, 37, 240), (4, 73, 480), (0.5, 9, 60), (0.25, 5, 30)])
def test_halved_and_doubled_beats_keep_a_downbeat_of_the_found_grid(factor: float, count: int, bpm: float) -> None:
    grid = edited_grid(AnalysisEdits(tempo_factor=factor))
    assert len(grid.beats) == count
    assert grid.tempo_bpm == pytest.approx(bpm)
    assert 1.0 in grid.downbeats


def test_halving_until_no_two_beats_are_left_stops_before() -> None:
    short = replace(FOUND, grid=BeatGrid((1.0, 2.0)))
    assert len(edited_grid(AnalysisEdits(tempo_factor=0.125), short).beats) == 2


def test_a_shift_moves_all_beats_and_drops_those_outside_of_the_song() -> None:
    later = edited_grid(AnalysisEdits(shift_s=0.75))
    assert (later.beats[0], later.beats[-1]) == (1.25, 9.75)
    assert later.downbeats[0] == 1.75
    earlier = edited_grid(AnalysisEdits(shift_s=-0.75))
    assert earlier.beats[0] == 0.25
    assert earlier.downbeats[0] == 0.25


def test_downbeats_and_metre_change_the_bars_but_not_the_beats() -> None:
    grid = edited_grid(AnalysisEdits(downbeat_shift=1))
    assert grid.beats == GRID.beats
    assert grid.downbeats[0] == 1.5
    assert edited_grid(AnalysisEdits(downbeat_shift=-2)).downbeats[0] == 2.0
    grid = edited_grid(AnalysisEdits(beats_per_bar=3))
    assert grid.beats == GRID.beats
    assert grid.downbeats[:2] == (1.0, 2.5)


def test_a_key_by_hand_replaces_the_found_one() -> None:
    key = Key.parse("A minor")
    assert apply_edits(FOUND, AnalysisEdits(key=key), DURATION_S).key == key


def test_a_chord_by_hand_replaces_what_was_found_in_its_passage_only() -> None:
    chords = override_chords(FOUND.chords, (Chord(3, 5, "Dm7"),))
    assert chords == (Chord(0, 3, "C"), Chord(3, 5, "Dm7"), Chord(5, 8, "F"), Chord(8, 10, "G"))


def test_a_chord_by_hand_within_a_chord_splits_it() -> None:
    assert override_chords((Chord(0, 4, "C"),), (Chord(1, 2, "F"),)) == (
        Chord(0, 1, "C"), Chord(1, 2, "F"), Chord(2, 4, "C"),
    )  # fmt: skip


def test_the_last_of_two_overlapping_chords_by_hand_counts() -> None:
    edits = (Chord(0, 6, "Am"), Chord(2, 4, "E"))
    chords = override_chords(FOUND.chords, edits)
    assert [chord.name for chord in chords] == ["Am", "E", "Am", "F", "G"]
    assert [chord.start_s for chord in chords] == [0, 2, 4, 6, 8]


def test_a_chord_without_duration_changes_nothing() -> None:
    assert override_chords(FOUND.chords, (Chord(3, 3, "D"),)) == FOUND.chords


def test_a_first_beat_that_was_tapped_far_behind_the_end_leaves_the_beats_inside_the_song() -> None:
    grid = edited_grid(AnalysisEdits(TappedTempo(400, first_beat_s=1e9)))
    assert len(grid.beats) in (66, 67)
    assert grid.beats[0] >= 0
    assert grid.beats[-1] <= DURATION_S


def test_beats_are_not_doubled_until_they_are_too_close() -> None:
    dense = replace(FOUND, grid=BeatGrid(tuple(0.001 + index * 0.0015 for index in range(100))))
    assert len(edited_grid(AnalysisEdits(tempo_factor=8), dense).beats) == 100
