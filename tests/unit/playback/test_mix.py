"""Mix of a song's lanes as a value: gains, pan, solo and the original lane."""

import pytest

from desktop.playback.mix import ORIGINAL_LANE, LaneMix, Master, Mix, db_to_gain


@pytest.mark.parametrize(("db", "gain"), [(0.0, 1.0), (-6.0206, 0.5), (6.0206, 2.0), (-60.0, 0.0)])
def test_db_converts_to_gain_and_minus_60_db_is_silence(db: float, gain: float) -> None:
    assert db_to_gain(db) == pytest.approx(gain, rel=1e-4)
    assert Master(db).gain == pytest.approx(gain, rel=1e-4)


def test_gain_of_a_lane_is_its_level_unless_a_mute_or_another_solo_silences_it() -> None:
    mix = Mix({"drums": LaneMix(-6.0206), "bass": LaneMix(mute=True)})
    assert mix.lane_gains(["vocals", "drums", "bass"]) == pytest.approx([1.0, 0.5, 0.0], rel=1e-4)
    soloed = mix.with_lane("vocals", LaneMix(solo=True))
    assert soloed.lane_gains(["vocals", "drums", "bass"]) == [1.0, 0.0, 0.0]


def test_solo_of_a_stem_that_the_song_no_longer_has_silences_nothing() -> None:
    mix = Mix({"guitar": LaneMix(solo=True)})
    assert mix.lane_gains(["vocals", "drums"]) == [1.0, 1.0]


def test_original_is_heard_only_while_it_is_soloed() -> None:
    names = ["vocals", "drums", ORIGINAL_LANE]
    assert Mix().lane_gains(names) == [1.0, 1.0, 0.0]
    assert Mix({ORIGINAL_LANE: LaneMix(solo=True)}).lane_gains(names) == [0.0, 0.0, 1.0]


def test_pan_lowers_the_other_channel_and_leaves_both_as_they_are_in_the_middle() -> None:
    mix = Mix({"vocals": LaneMix(pan=-1.0), "drums": LaneMix(pan=0.25), "bass": LaneMix(-6.0206)})
    assert mix.channel_gains(["vocals", "drums", "bass"])[:2] == [(1.0, 0.0), (0.75, 1.0)]
    assert mix.channel_gains(["bass"])[0] == pytest.approx((0.5, 0.5), rel=1e-4)


def test_mix_does_not_change_with_the_values_that_it_was_made_of() -> None:
    lanes = {"vocals": LaneMix(-3.0)}
    mix = Mix(lanes)
    lanes["vocals"] = LaneMix(6.0)
    assert mix.lane("vocals") == LaneMix(-3.0)
