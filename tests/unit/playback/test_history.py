"""Undo and redo of a song's state."""

from dataclasses import replace

import pytest

from desktop.lyrics.lines import LyricLine
from desktop.playback.history import SongHistory
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.practice import Loop
from desktop.playback.song_state import SongState, View


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def with_vocals(lane: LaneMix, **changes: object) -> SongState:
    return replace(SongState({"A": Mix({"vocals": lane})}), **changes)


def test_movement_of_one_fader_is_one_step_to_undo_and_a_later_one_is_another() -> None:
    clock = Clock()
    history, state = SongHistory(clock), SongState()
    for db, pause in ((-1.0, 0.1), (-2.0, 0.1), (-3.0, 5.0), (-4.0, 0.1)):
        moved = with_vocals(LaneMix(db))
        history.record(state, moved)
        state = moved
        clock.seconds += pause
    state = history.undo(state) or state
    assert state.mix.lane("vocals").gain_db == -3.0
    state = history.undo(state) or state
    assert state == SongState()
    assert history.undo(state) is None


@pytest.mark.parametrize(
    "second",
    [
        SongState({"A": Mix({"vocals": LaneMix(-1.0), "drums": LaneMix(-1.0)})}),
        with_vocals(LaneMix(-1.0), master=Master(-1.0)),
        with_vocals(LaneMix(-1.0, mute=True)),
        with_vocals(LaneMix(-1.0), loops=(Loop(1.0, 2.0),)),
        with_vocals(LaneMix(-1.0), speed_percent=80.0),
    ],
)
def test_change_of_another_control_is_a_step_of_its_own_however_quick(second: SongState) -> None:
    history, first = SongHistory(Clock()), with_vocals(LaneMix(-1.0))
    history.record(SongState(), first)
    history.record(first, second)
    assert history.undo(second) == first
    assert history.undo(first) == SongState()


def test_switch_that_is_turned_on_and_off_again_is_two_steps() -> None:
    history, muted, unmuted = SongHistory(Clock()), with_vocals(LaneMix(mute=True)), with_vocals(LaneMix())
    history.record(unmuted, muted)
    history.record(muted, unmuted)
    assert history.undo(unmuted) == muted
    assert history.undo(muted) == unmuted


def test_change_after_undo_ends_redo() -> None:
    first, second = SongState(master=Master(-1.0)), SongState(master=Master(-2.0))
    history = SongHistory(Clock())
    history.record(SongState(), first)
    assert history.undo(first) == SongState()
    history.record(SongState(), second)
    assert history.redo(second) is None
    assert history.undo(second) == SongState()


def test_undo_leaves_the_playhead_and_the_view_where_they_are() -> None:
    history = SongHistory(Clock())
    moved = SongState(playhead_s=3.0, view=View(1.0, 2.0))
    history.record(SongState(), moved)
    assert history.undo(moved) is None
    history.record(SongState(playhead_s=3.0), SongState(playhead_s=3.0, cents=100))
    assert history.undo(SongState(playhead_s=8.0, cents=100, view=View(5.0, 6.0))) == SongState(
        playhead_s=8.0, view=View(5.0, 6.0)
    )


def test_each_change_of_the_lyrics_is_a_step() -> None:
    history, states = SongHistory(Clock()), [SongState(lyrics=(LyricLine("a", second),)) for second in (1.0, 2.0, 3.0)]
    history.record(states[0], states[1])
    history.record(states[1], states[2])
    assert history.undo(states[2]) == states[1]
    assert history.undo(states[1]) == states[0]
