"""Parts of a song: which lanes are in each file, at which gains, and what of the player is applied."""

from dataclasses import replace

import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.export.parts import Part, chain_settings, song_parts
from desktop.export.settings import ExportKind, ExportSettings
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.practice import Click
from desktop.playback.song_state import SongState

STEMS = ("vocals", "drums", "lead_guitar")
GRID = BeatGrid((0.0, 0.5, 1.0))
STATE = SongState(
    mixes={"A": Mix({"vocals": LaneMix(-6.0, pan=1.0, cents=100), "drums": LaneMix(mute=True)})},
    master=Master(-6.0, has_limiter=True),
    speed_percent=80.0,
    cents=-200,
    click=Click(is_on=True),
)


def lanes_of(part: Part) -> list[tuple[float, float]]:
    return [(round(left, 2), round(right, 2)) for left, right in part.gains.lanes]


def test_untouched_stems_have_one_lane_each_at_full_level() -> None:
    parts = song_parts(STEMS, STATE, ExportSettings())
    assert [part.title for part in parts] == ["Vocals", "Drums", "Lead guitar"]
    for number, part in enumerate(parts):
        assert lanes_of(part) == [(1, 1) if lane == number else (0, 0) for lane in range(5)]
        assert (part.gains.master, part.gains.has_limiter) == (1.0, False)


def test_stems_with_the_levels_of_the_player_leave_out_those_that_are_silent() -> None:
    parts = song_parts(STEMS, STATE, ExportSettings(applies_levels=True))
    assert [part.title for part in parts] == ["Vocals", "Lead guitar"]
    assert lanes_of(parts[0]) == [(0, 0.5), (0, 0), (0, 0), (0, 0), (0, 0)]
    assert not any(part.gains.has_limiter for part in parts)


def test_mix_is_what_the_player_plays_only_if_levels_are_applied() -> None:
    (plain,) = song_parts(STEMS, STATE, ExportSettings(ExportKind.MIX))
    assert lanes_of(plain)[:4] == [(1, 1), (1, 1), (1, 1), (0, 0)]
    (heard,) = song_parts(STEMS, STATE, ExportSettings(ExportKind.MIX, applies_levels=True))
    assert lanes_of(heard)[:3] == [(0, 0.5), (0, 0), (1, 1)]
    assert heard.gains.has_limiter


def test_mix_of_some_stems_is_named_by_them_and_keeps_the_click() -> None:
    settings = ExportSettings(ExportKind.MIX, stems=("lead_guitar", "vocals"), applies_levels=True)
    (mix,) = song_parts(STEMS, STATE, settings)
    assert mix.title == "Vocals + lead guitar"
    click = round(10 ** (STATE.click.gain_db / 20), 2)
    assert lanes_of(mix) == [(0, 0.5), (0, 0), (1, 1), (0, 0), (click, click)]
    assert song_parts(STEMS, STATE, replace(settings, stems=("piano",))) == []
    six = ("vocals", "drums", "bass", "guitar", "piano", "other")
    titles = [song_parts(six, SongState(), replace(settings, stems=six[:n]))[0].title for n in (1, 2, 5, 6)]
    assert titles == ["Vocals", "Vocals + drums", "Mix", "Mix"]


def test_minus_one_of_a_stem_has_all_the_others() -> None:
    parts = song_parts(STEMS, SongState(), ExportSettings(ExportKind.MINUS, stems=("lead_guitar", "vocals")))
    assert [part.title for part in parts] == ["No vocals", "No lead guitar"]
    assert lanes_of(parts[0])[:3] == [(0, 0), (1, 1), (1, 1)]
    assert lanes_of(parts[1])[:3] == [(1, 1), (1, 1), (0, 0)]


@pytest.mark.parametrize("applies_practice", [False, True])
def test_speed_and_key_are_those_of_the_player_only_if_they_are_applied(applies_practice: bool) -> None:
    settings = chain_settings(
        STEMS, STATE, ExportSettings(applies_practice=applies_practice, applies_levels=True), GRID
    )
    assert (settings.speed_percent, settings.cents) == ((80.0, -200) if applies_practice else (100.0, 0))
    assert settings.lane_cents[0] == (100 if applies_practice else 0)


def test_click_is_heard_only_with_the_levels_of_the_player() -> None:
    assert chain_settings(STEMS, STATE, ExportSettings(), GRID).click_grid is None
    assert chain_settings(STEMS, STATE, ExportSettings(applies_levels=True), GRID).click_grid == GRID


def test_stems_are_copied_only_if_nothing_changes_them() -> None:
    assert ExportSettings().copies_stems
    assert ExportSettings(stems=("vocals",), file_format="mp3").copies_stems
    for change in ({"applies_levels": True}, {"is_loop_only": True}, {"normalises": True}, {"sample_rate": 48000}):
        assert not replace(ExportSettings(), **change).copies_stems
    assert not ExportSettings(ExportKind.MIX).copies_stems
