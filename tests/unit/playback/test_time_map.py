"""Time map: which second of the song each frame of a ring is."""

import pytest

from desktop.playback.time_map import Piece, TimeMap

RATE = 1000


def make_map(*pieces: Piece) -> TimeMap:
    time_map = TimeMap(RATE)
    for piece in pieces:
        time_map = time_map.with_piece(piece, 0)
    return time_map


def test_ring_without_a_map_begins_at_the_start_of_the_song() -> None:
    assert TimeMap(RATE).second_at(250) == 0.25


def test_song_runs_at_the_speed_of_each_piece() -> None:
    time_map = make_map(Piece(0, 10.0, 1.0, 10.0), Piece(100, 10.1, 0.5, 10.1), Piece(300, 2.0, 2.0, 2.0, 1))
    assert [time_map.second_at(frame) for frame in (0, 99, 100, 200, 300, 400)] == pytest.approx(
        [10.0, 10.099, 10.1, 10.15, 2.0, 2.2]
    )
    assert [time_map.piece_at(frame).rounds for frame in (299, 300)] == [0, 1]


def test_playhead_stands_still_in_a_count_in() -> None:
    time_map = make_map(Piece(0, 4.0, 1.0, 5.0), Piece(1000, 5.0, 1.0, 5.0))
    assert [time_map.second_at(frame) for frame in (0, 500, 1000, 1500)] == [5.0, 5.0, 5.0, 5.5]
    assert time_map.running_second_at(500) == 4.5
    assert [time_map.piece_at(frame).is_count_in for frame in (999, 1000)] == [True, False]


def test_frame_before_the_first_piece_is_extrapolated_from_it() -> None:
    assert make_map(Piece(100, 1.0, 1.0, 1.0)).running_second_at(50) == pytest.approx(0.95)


def test_pieces_that_ended_long_ago_are_dropped() -> None:
    time_map = make_map(*(Piece(frame, 0.0, 1.0, 0.0) for frame in range(0, 1000, 20)))
    assert len(time_map.pieces) == 50
    shortened = time_map.with_piece(Piece(1000, 0.0, 1.0, 0.0), oldest_frame=950)
    assert [piece.frame for piece in shortened.pieces] == [940, 960, 980, 1000]


def test_map_of_an_earlier_ring_ends_where_another_takes_over() -> None:
    time_map = make_map(Piece(0, 0.0, 1.0, 0.0), Piece(100, 0.0, 1.0, 0.0))
    assert [piece.frame for piece in time_map.until(100).pieces] == [0]


def test_pieces_of_a_range_of_frames_are_told_with_their_ends() -> None:
    time_map = make_map(*(Piece(frame, 0.0, 1.0, 0.0) for frame in (0, 100, 200, 300)))
    pairs = [(piece.frame, end) for piece, end in time_map.pieces_between(150, 300)]
    assert pairs == [(100, 200), (200, 300)]
    assert [end for _, end in time_map.pieces_between(300, 400)] == [float("inf")]
