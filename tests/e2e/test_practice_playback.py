"""Practice tools recorded on a virtual sound card: loop, click, snapshots and the original, sample for sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.helpers.recorded_session import CLOSE, OPEN_STEMS, write_stems
from tests.helpers.sound_card import PlaybackResult, match_sound, record_playback

pytestmark = pytest.mark.alone

RATE = 44100
# Samples of a cross-fade of equal sounds are rounded.
ROUNDING = 1e-5
SETUP = f"""
{OPEN_STEMS}
from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.mix import ORIGINAL_LANE, LaneMix
from desktop.playback.practice import Click, Loop

def change(**changes):
    session.apply(replace(session.state, **changes))

def solo_original(is_soloed):
    session.apply(session.state.with_mix(session.mix.with_lane(ORIGINAL_LANE, LaneMix(solo=is_soloed))))

def until(condition):
    while session.is_playing and not condition():
        ended.wait(0.005)
"""
TO_THE_END = "assert ended.wait(60)"


@pytest.fixture
def stems(tmp_path: Path) -> list[Path]:
    return write_stems(tmp_path)


@pytest.fixture
def song(stems: list[Path]) -> NDArray[np.float32]:
    return np.sum([soundfile.read(path, dtype="float32")[0] for path in stems], axis=0, dtype=np.float32)


def play(script: str, folder: Path, stems: list[Path]) -> PlaybackResult:
    return record_playback(SETUP + script + CLOSE, folder, *stems)


def test_loop_repeats_to_the_sample_and_the_song_goes_on_when_it_ends(
    stems: list[Path], song: NDArray[np.float32], tmp_path: Path
) -> None:
    script = f"""
change(loops=(Loop(1.0, 1.7),), loop_index=0, is_looping=True)
session.play()
until(lambda: session.loop_round == 3)
change(is_looping=False)
{TO_THE_END}
"""
    played = play(script, tmp_path, stems)
    start, end = RATE, round(1.7 * RATE)
    expected = np.concatenate([song[RATE // 2 : end], song[start:end], song[start:end], song[start : -RATE // 2]])
    match = match_sound(expected, played.recording, ROUNDING)
    assert played.dropouts.can_explain(match.cut_count), (match, played.dropouts)
    assert match.cut_count or (match.first, match.last) == (0, len(expected))


def test_click_is_on_its_beats_to_the_sample(stems: list[Path], song: NDArray[np.float32], tmp_path: Path) -> None:
    script = f"""
session.set_grid(BeatGrid((1.0, 1.5, 2.0, 2.5, 3.0)))
change(click=Click(is_on=True, gain_db=0.0))
session.play()
{TO_THE_END}
"""
    played = play(script, tmp_path, stems)
    audible = song[RATE // 2 : -RATE // 2]
    match = match_sound(audible, played.recording)
    assert played.dropouts.can_explain(match.cut_count), (match, played.dropouts)
    assert match.last == RATE // 2  # the first frame that differs from the song
    if played.dropouts.underflows:
        return  # cuts by the card move the later ones
    clicks = played.recording[match.end :][: 2 * RATE] - audible[match.last :][: 2 * RATE]
    loud = np.abs(clicks[:, 0]) > 1e-3
    for beat in range(4):
        first = beat * RATE // 2
        assert np.flatnonzero(loud[max(0, first - 5000) :])[0] + max(0, first - 5000) == first


def test_snapshots_and_other_levels_of_silent_lanes_leave_no_gap(
    stems: list[Path], song: NDArray[np.float32], tmp_path: Path
) -> None:
    script = f"""
session.play()
for number, name in enumerate("BCDABCDA"):
    until(lambda: session.position > 44100 + number * 8000)
    session.apply(session.state.with_snapshot(name))
    change(click=Click(gain_db=-float(number)))
{TO_THE_END}
"""
    play(script, tmp_path, stems).assert_matches(song[RATE // 2 : -RATE // 2])


def test_original_is_aligned_with_the_stems_when_it_is_soloed_during_playback(
    stems: list[Path], song: NDArray[np.float32], tmp_path: Path
) -> None:
    script = f"""
session.play()
for number in range(6):
    until(lambda: session.position > 44100 + number * 10000)
    solo_original(number % 2 == 0)
{TO_THE_END}
"""
    played = play(script, tmp_path, stems)
    audible = song[RATE // 2 : -RATE // 2]
    match = match_sound(audible, played.recording, ROUNDING)
    assert played.dropouts.can_explain(match.cut_count), (match, played.dropouts)
    assert match.cut_count or (match.first, match.last) == (0, len(audible))


def test_speed_goes_back_to_the_exact_samples_without_a_pause(
    stems: list[Path], song: NDArray[np.float32], tmp_path: Path
) -> None:
    script = f"""
session.play()
until(lambda: session.position > 44100)
change(speed_percent=70.0)
until(lambda: session.position > 66150)
change(speed_percent=100.0)
{TO_THE_END}
"""
    played = play(script, tmp_path, stems)
    audible = song[RATE // 2 : -RATE // 2]
    # The last second is the song's again.
    recording = played.recording[: np.flatnonzero(np.abs(played.recording).max(axis=1))[-1] + 1]
    match = match_sound(audible, recording[-RATE:])
    assert played.dropouts.can_explain(match.cut_count), (match, played.dropouts)
    assert match.last == len(audible)
    if not played.dropouts.underflows:
        levels = np.abs(recording[: len(recording) // 441 * 441]).reshape(-1, 882).mean(axis=1)
        assert levels[5:-5].min() > 0.3 * np.median(levels)
