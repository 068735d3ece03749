"""Click and count-in: the frames of their sounds, at any speed, in loops and before the song."""

from math import inf

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.click import CLICK_S, Beat, ClickLane, beats_between, count_in_beats
from desktop.playback.time_map import Piece, TimeMap

RATE = 48000
GRID = BeatGrid(tuple(0.3 + 0.5 * number for number in range(20)), first_downbeat=1)


def render(lane: ClickLane, time_map: TimeMap, frames: int, block: int, start: int = 0) -> NDArray[np.float32]:
    """Return one channel of the lane, rendered in blocks."""
    blocks: list[NDArray[np.float32]] = []
    for first in range(start, start + frames, block):
        out = np.ones((min(block, start + frames - first), 2), np.float32)
        lane.render(out, first, time_map)
        np.testing.assert_array_equal(out[:, 0], out[:, 1])
        blocks.append(out[:, 0])
    return np.concatenate(blocks)


def make_map(*pieces: Piece) -> TimeMap:
    return TimeMap(RATE, pieces)


def first_frames(sound: NDArray[np.float32]) -> list[int]:
    """Return the frames at which a sound begins after silence."""
    is_loud = np.abs(sound) > 0
    return [int(frame) for frame in np.flatnonzero(is_loud & ~np.concatenate([[False], is_loud[:-1]]))]


def test_beats_of_a_range_begin_with_the_one_at_its_start_and_exclude_the_one_at_its_end() -> None:
    assert beats_between(GRID, 0.8, 1.8) == [Beat(0.8, True), Beat(1.3, False)]
    assert beats_between(GRID, 0.0, 0.3) == []
    assert len(beats_between(GRID, 0.0, inf)) == 20


@pytest.mark.parametrize("speed", [1.0, 0.75, 0.333, 2.0])
@pytest.mark.parametrize("block", [64, 441, 8192])
def test_each_click_begins_at_the_frame_of_its_beat_at_any_speed(speed: float, block: int) -> None:
    sound = render(ClickLane(RATE, GRID, (), True), make_map(Piece(0, 0.0, speed, 0.0)), 3 * RATE, block)
    expected = [round(beat * RATE / speed) for beat in GRID.beats if beat * RATE / speed < 3 * RATE]
    assert first_frames(sound) == expected


def test_click_is_the_same_whatever_the_blocks_are() -> None:
    time_map = make_map(Piece(0, 0.0, 0.9, 0.0))
    one, other = (render(ClickLane(RATE, GRID, (), True), time_map, RATE, block) for block in (100, 5000))
    np.testing.assert_array_equal(one, other)


def test_downbeat_is_higher_and_louder_only_with_an_accent() -> None:
    time_map = make_map(Piece(0, 0.0, 1.0, 0.0))
    frames = [round(beat * RATE) for beat in GRID.beats[:2]]
    length = int(CLICK_S * RATE)
    plain, accented = (
        render(ClickLane(RATE, GRID, (), has_accent), time_map, RATE, 480) for has_accent in (False, True)
    )
    np.testing.assert_array_equal(plain[frames[0] :][:length], plain[frames[1] :][:length])
    assert np.abs(accented[frames[1] :]).max() > 1.5 * np.abs(accented[frames[0] :][:length]).max()
    spectrum = np.abs(np.fft.rfft(accented[frames[1] :][:length], RATE))
    assert spectrum.argmax() == pytest.approx(1500, abs=30)


def test_click_at_the_start_of_a_loop_is_heard_once_in_each_round() -> None:
    # A loop from beat to beat, whose borders were rounded to frames of 44.1 kHz.
    grid = BeatGrid(tuple(0.1 + number / 3 for number in range(20)))
    start, end = (round(grid.beats[index] * 44100) / 44100 for index in (2, 4))
    length = (end - start) * RATE
    pieces = [Piece(round_ * length, start, 1.0, start, round_) for round_ in range(5)]
    frames = first_frames(render(ClickLane(RATE, grid, (), True), make_map(*pieces), int(5 * length), 441))
    expected = [round_ * length + beat * RATE / 3 for round_ in range(5) for beat in (0, 1)]
    assert len(frames) == 10
    assert np.abs(np.array(frames) - expected).max() <= 1


def test_lane_that_takes_over_within_a_click_continues_it() -> None:
    time_map = make_map(Piece(0, 0.0, 1.0, 0.0))
    whole = render(ClickLane(RATE, GRID, (), True), time_map, RATE, 441)
    middle = round(0.31 * RATE)
    lane = ClickLane(RATE, GRID, (), True)
    lane.start_sounds(middle - int(CLICK_S * RATE), middle, time_map)
    np.testing.assert_array_equal(render(lane, time_map, RATE - middle, 441, middle), whole[middle:])


def test_count_in_leads_into_a_beat_at_the_playhead() -> None:
    beats = count_in_beats(GRID, 0.8, 1)
    assert [beat.second for beat in beats] == pytest.approx([-1.2, -0.7, -0.2, 0.3])
    assert [beat.is_downbeat for beat in beats] == [True, False, False, False]


def test_count_in_between_beats_leads_into_the_next_beat() -> None:
    beats = count_in_beats(GRID, 1.0, 2)
    assert len(beats) == 8
    assert beats[-1].second == pytest.approx(0.8)
    assert beats[-1].is_downbeat


@pytest.mark.parametrize(("playhead_s", "last_s"), [(0.0, -0.2), (20.0, 19.8), (19.8, 19.3)])
def test_count_in_outside_the_grid_continues_it(playhead_s: float, last_s: float) -> None:
    assert count_in_beats(GRID, playhead_s, 1)[-1].second == pytest.approx(last_s)


def test_count_in_before_a_late_first_beat_ends_at_the_playhead() -> None:
    grid = BeatGrid((10.2, 10.7, 11.2))
    beats = count_in_beats(grid, 1.0, 1)
    assert [beat.second for beat in beats] == pytest.approx([-0.8, -0.3, 0.2, 0.7])
    # The next beat, at 1.2 s, is 18 beats before the first downbeat.
    assert [beat.is_downbeat for beat in beats] == [False, False, True, False]


def test_count_in_sounds_without_a_click_in_the_song() -> None:
    beats = count_in_beats(GRID, 1.0, 1)
    time_map = make_map(Piece(0, -0.8, 1.0, 1.0), Piece(round(1.8 * RATE), 1.0, 1.0, 1.0))
    frames = first_frames(render(ClickLane(RATE, None, beats, True), time_map, 3 * RATE, 441))
    assert frames == [round((beat.second + 0.8) * RATE) for beat in beats]
