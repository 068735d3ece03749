"""Mix and song state as values: gains, undo steps, and what is kept of them."""

import json
from typing import Any

import pytest

from desktop.playback.mix import LaneMix, Mix, MixHistory, SongState, db_to_gain

STATE = SongState(Mix({"vocals": LaneMix(-6.5, mute=True), "drums": LaneMix(3.0, solo=True)}), 12.25)


@pytest.mark.parametrize(("db", "gain"), [(0.0, 1.0), (-6.0206, 0.5), (6.0206, 2.0), (-60.0, 0.0)])
def test_db_converts_to_gain_and_minus_60_db_is_silence(db: float, gain: float) -> None:
    assert db_to_gain(db) == pytest.approx(gain, rel=1e-4)


def test_gain_of_a_lane_is_its_level_unless_a_mute_or_another_solo_silences_it() -> None:
    mix = Mix({"drums": LaneMix(-6.0206), "bass": LaneMix(mute=True)}, -6.0206)
    assert mix.lane_gains(["vocals", "drums", "bass"]) == pytest.approx([1.0, 0.5, 0.0], rel=1e-4)
    assert mix.master_gain == pytest.approx(0.5, rel=1e-4)
    soloed = mix.with_lane("vocals", LaneMix(solo=True))
    assert soloed.lane_gains(["vocals", "drums", "bass"]) == [1.0, 0.0, 0.0]


def test_solo_of_a_stem_that_the_song_no_longer_has_silences_nothing() -> None:
    mix = Mix({"guitar": LaneMix(solo=True)})
    assert mix.lane_gains(["vocals", "drums"]) == [1.0, 1.0]


def test_mix_does_not_change_with_the_values_that_it_was_made_of() -> None:
    lanes = {"vocals": LaneMix(-3.0)}
    mix = Mix(lanes)
    lanes["vocals"] = LaneMix(6.0)
    assert mix.lane("vocals") == LaneMix(-3.0)
    with pytest.raises(TypeError):
        mix.lanes["vocals"] = LaneMix()  # type: ignore[index]


def test_state_read_back_from_its_json_is_the_same() -> None:
    assert SongState.from_json(json.loads(json.dumps(STATE.to_json()))) == STATE


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {"lanes": {}},
        {"lanes": [], "playhead_s": 0},
        {"lanes": {}, "playhead_s": -1.0},
        {"lanes": {}, "playhead_s": float("nan")},
        {"lanes": {}, "playhead_s": 10**400},
        {"lanes": {"vocals": 1}, "playhead_s": 0.0},
        {"lanes": {"vocals": {"gain_db": "0", "mute": False, "solo": False}}, "playhead_s": 0.0},
        {"lanes": {"vocals": {"gain_db": float("nan"), "mute": False, "solo": False}}, "playhead_s": 0.0},
        {"lanes": {"vocals": {"gain_db": 10**400, "mute": False, "solo": False}}, "playhead_s": 0.0},
        {"lanes": {"vocals": {"gain_db": 0.0, "mute": 1, "solo": False}}, "playhead_s": 0.0},
    ],
)
def test_values_that_are_no_state_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="not the"):
        SongState.from_json(values)


def test_level_beyond_the_fader_is_read_as_its_end() -> None:
    values = {"lanes": {"vocals": {"gain_db": 200, "mute": False, "solo": False}}, "playhead_s": 0}
    assert SongState.from_json(values).mix.lane("vocals").gain_db == 6.0


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_movement_of_one_fader_is_one_step_to_undo_and_a_later_one_is_another() -> None:
    clock = Clock()
    history, mix = MixHistory(clock), Mix()
    for db, pause in ((-1.0, 0.1), (-2.0, 0.1), (-3.0, 5.0), (-4.0, 0.1)):
        moved = mix.with_lane("vocals", LaneMix(db))
        history.record(mix, moved)
        mix = moved
        clock.seconds += pause
    mix = history.undo(mix) or mix
    assert mix.lane("vocals").gain_db == -3.0
    mix = history.undo(mix) or mix
    assert mix == Mix()
    assert history.undo(mix) is None


@pytest.mark.parametrize("second", [Mix({"vocals": LaneMix(-1.0), "drums": LaneMix(-1.0)}), Mix({"vocals": LaneMix(-1.0)}, -1.0),
                                    Mix({"vocals": LaneMix(-1.0, mute=True)})])  # fmt: skip
def test_change_of_another_control_is_a_step_of_its_own_however_quick(second: Mix) -> None:
    history, first = MixHistory(Clock()), Mix({"vocals": LaneMix(-1.0)})
    history.record(Mix(), first)
    history.record(first, second)
    assert history.undo(second) == first
    assert history.undo(first) == Mix()


def test_change_after_undo_ends_redo() -> None:
    history, first, second = MixHistory(Clock()), Mix(master_db=-1.0), Mix(master_db=-2.0)
    history.record(Mix(), first)
    assert history.undo(first) == Mix()
    history.record(Mix(), second)
    assert history.redo(second) is None
    assert history.undo(second) == Mix()
