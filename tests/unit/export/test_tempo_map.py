"""Tempo maps of exported songs: every bar of the song begins a bar of the program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.analysis.beat_grid import BeatGrid
from desktop.export.tempo_map import TempoMap, make_tempo_map


def points(tempo_map: TempoMap) -> list[tuple[float, float, float, int]]:
    return [(round(p.second, 6), round(p.beat, 6), round(p.bpm, 6), p.beats_per_bar) for p in tempo_map.points]


def steady(first: float, beats: int = 33, beat_s: float = 0.5, first_downbeat: int = 0) -> BeatGrid:
    return BeatGrid(tuple(first + beat_s * beat for beat in range(beats)), first_downbeat)


def test_steady_song_that_begins_with_a_bar_has_one_tempo() -> None:
    assert points(make_tempo_map(steady(0.0), 120.0, 16.0)) == [(0.0, 0.0, 120.0, 4)]


def test_beats_of_a_human_are_one_tempo_within_ten_milliseconds() -> None:
    grid = BeatGrid(tuple(0.5 * beat + 0.004 * (-1) ** (beat // 4) - 0.004 for beat in range(33)))
    assert len(make_tempo_map(grid, 120.0, 16.0).points) == 1


def test_what_comes_before_the_first_bar_is_beats_and_bars_of_a_tempo_of_its_own() -> None:
    assert points(make_tempo_map(steady(0.4), 120.0, 16.0)) == [(0.0, 0.0, 150.0, 1), (0.4, 1.0, 120.0, 4)]
    assert points(make_tempo_map(steady(3.0), 120.0, 16.0)) == [
        (0.0, 0.0, 120.0, 2),
        (1.0, 2.0, 120.0, 4),
        (3.0, 6.0, 120.0, 4),
    ]


def test_first_bar_that_is_too_near_to_the_start_for_a_beat_begins_at_the_start() -> None:
    assert points(make_tempo_map(steady(0.05), 120.0, 16.0)) == [
        (0.0, 0.0, round(240 / 2.05, 6), 4),
        (2.05, 4.0, 120.0, 4),
    ]


def test_drifting_song_has_a_tempo_in_each_bar() -> None:
    grid = BeatGrid((0.0, 1.0, 2.0, 3.5, 5.0, 5.5, 6.0), beats_per_bar=2)
    assert points(make_tempo_map(grid, 60.0, 7.0)) == [
        (0.0, 0.0, 60.0, 2),
        (2.0, 2.0, 40.0, 2),
        (5.0, 4.0, 120.0, 2),
    ]


def test_song_without_a_steady_beat_has_its_tempo_or_120() -> None:
    assert points(make_tempo_map(None, 90.0, 10.0, speed=0.5)) == [(0.0, 0.0, 45.0, 4)]
    assert points(make_tempo_map(None, None, 10.0)) == [(0.0, 0.0, 120.0, 4)]


def test_grid_without_a_bar_in_the_passage_has_its_tempo_from_the_start_on() -> None:
    assert points(make_tempo_map(steady(0.0), 120.0, 1.0, start_s=30.0)) == [(0.0, 0.0, 120.0, 4)]
    assert points(make_tempo_map(BeatGrid((1.0, 1.5), first_downbeat=9), 120.0, 10.0)) == [(0.0, 0.0, 120.0, 4)]


@given(
    st.lists(st.floats(0.2, 2.0), min_size=2, max_size=60),
    st.floats(0.0, 5.0),
    st.integers(0, 8),
    st.integers(1, 7),
    st.floats(0.0, 10.0),
    st.floats(0.25, 2.0),
)
def test_every_bar_of_the_song_begins_a_bar(
    durations: list[float], first: float, first_downbeat: int, beats_per_bar: int, start_s: float, speed: float
) -> None:
    beats = [first]
    for duration in durations:
        beats.append(beats[-1] + duration)
    grid = BeatGrid(tuple(beats), first_downbeat, beats_per_bar)
    tempo_map = make_tempo_map(grid, None, 100.0, start_s, speed)
    seconds = [point.second for point in tempo_map.points]
    assert seconds[0] == tempo_map.points[0].beat == 0.0
    assert seconds == sorted(set(seconds))
    for earlier, later in zip(tempo_map.points, tempo_map.points[1:], strict=False):
        assert tempo_map.beat_at(later.second) == later.beat
        played = earlier.beat + (later.second - earlier.second) * earlier.bpm / 60
        assert played == pytest.approx(later.beat, abs=1e-6), "a program that counts arrives at the same place"
        assert (later.beat - earlier.beat) % earlier.beats_per_bar == pytest.approx(0.0)
    bars = [time for beat in grid.downbeats if 0.1 < (time := (beat - start_s) / speed) < 100.0]
    for bar in bars:
        point = next(each for each in reversed(tempo_map.points) if each.second <= bar + 0.011)
        bar_s = point.beats_per_bar * 60 / point.bpm
        off = (bar - point.second + bar_s / 2) % bar_s - bar_s / 2
        assert abs(off) < 0.011
