"""State of a song as a value: snapshots, loops, and what is kept of it."""

import pytest

from desktop.analysis.edits import AnalysisEdits, TappedTempo
from desktop.analysis.harmony import Chord, Key
from desktop.lyrics.lines import LyricLine
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.practice import Click, Loop, Marker, SpeedTrainer
from desktop.playback.song_state import LaneLook, SongState, View

STATE = SongState(
    mixes={
        "A": Mix({"vocals": LaneMix(-6.5, 0.5, mute=True, cents=-50), "drums": LaneMix(3.0, solo=True)}),
        "C": Mix(),
    },
    snapshot="C",
    master=Master(-3.0, has_limiter=True),
    loops=(Loop(1.0, 2.5, "Chorus"), Loop(4.0, 8.0)),
    loop_index=0,
    is_looping=True,
    markers=(Marker(0.0, "Intro"), Marker(9.5, "Verse")),
    speed_percent=85.0,
    cents=-200,
    trainer=SpeedTrainer(60.0, 110.0, 10.0, 3),
    click=Click(True, -12.0, has_accent=False),
    count_in_bars=2,
    edits=AnalysisEdits(TappedTempo(112.5, 0.25), 0.5, 0.01, 1, 3, Key(6, True), (Chord(0.0, 2.0, "F#m"),)),
    lyrics=(LyricLine("First line", 1.5), LyricLine("Second line")),
    looks={"vocals": LaneLook("Lead", "PIANO", 120)},
    view=View(1.0, 9.0, is_spectrogram=True, follows_playhead=False),
    playhead_s=12.25,
)


def test_state_read_back_from_its_json_is_the_same() -> None:
    assert SongState.from_json(STATE.to_json()) == STATE
    assert SongState.from_json(SongState().to_json()) == SongState()


def test_state_of_an_earlier_version_is_snapshot_a() -> None:
    earlier = b'{"lanes": {"vocals": {"gain_db": -3.0, "mute": true, "solo": false}}, "playhead_s": 7.5}'
    assert SongState.from_json(earlier) == SongState({"A": Mix({"vocals": LaneMix(-3.0, mute=True)})}, playhead_s=7.5)


def test_value_that_a_later_version_added_is_ignored() -> None:
    assert SongState.from_json(b'{"playhead_s": 2.0, "new": [1]}') == SongState(playhead_s=2.0)


@pytest.mark.parametrize(
    "values",
    [
        b"",
        b"null",
        b"[]",
        b'{"lanes": []}',
        b'{"playhead_s": -1.0}',
        b'{"playhead_s": NaN}',
        b'{"playhead_s": 1e400}',
        b'{"mixes": {"A": {"lanes": {"vocals": 1}}}}',
        b'{"mixes": {"A": {"lanes": {"vocals": {"gain_db": 7.0}}}}}',
        b'{"speed_percent": 10}',
        b'{"count_in_bars": 3}',
    ],
)
def test_values_that_are_no_state_are_refused(values: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        SongState.from_json(values)


def test_snapshot_that_was_never_used_begins_with_the_current_mix_and_then_goes_its_own_way() -> None:
    quiet, loud = Mix({"vocals": LaneMix(-20.0)}), Mix({"vocals": LaneMix(5.0)})
    state = SongState().with_mix(quiet).with_snapshot("B")
    assert state.mix == quiet
    state = state.with_mix(loud)
    assert state.with_snapshot("A").mix == quiet
    assert state.with_snapshot("A").with_snapshot("B").mix == loud


def test_only_a_chosen_loop_that_is_on_repeats() -> None:
    state = SongState(loops=(Loop(1.0, 2.0),))
    assert state.repeated_loop is None
    assert SongState(loops=(Loop(1.0, 2.0),), loop_index=0).repeated_loop is None
    assert SongState(loops=(Loop(1.0, 2.0),), loop_index=0, is_looping=True).repeated_loop == Loop(1.0, 2.0)
    assert SongState(loops=(), loop_index=3, is_looping=True).repeated_loop is None


def test_trainer_changes_the_speed_after_each_step_s_rounds_and_stops_at_its_end() -> None:
    trainer = SpeedTrainer(70.0, 100.0, 20.0, 2)
    assert [trainer.speed_at(rounds) for rounds in range(6)] == [70.0, 70.0, 90.0, 90.0, 100.0, 100.0]
    assert [SpeedTrainer(100.0, 75.0, 20.0, 1).speed_at(rounds) for rounds in range(3)] == [100.0, 80.0, 75.0]
