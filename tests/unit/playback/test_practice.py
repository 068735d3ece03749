"""Session and reader with practice tools, on a device driven by the test: loops, speed, count-in, click, original."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from math import sin
from time import monotonic
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback import player_output
from desktop.playback.local_engine import LocalEngine
from desktop.playback.mix import ORIGINAL_LANE, LaneMix
from desktop.playback.mixer import RAMP_S
from desktop.playback.practice import Click, Loop, SpeedTrainer
from desktop.playback.session import Session
from desktop.playback.song_state import SongState
from desktop.playback.source import StemFileSource
from tests.helpers.library import wait_until
from tests.helpers.manual_device import ManualDevices

RATE = 44100
SECONDS = 8
NAMES = ("vocals", "drums")
FADE = int(RAMP_S * RATE) + 100
GRID = BeatGrid(tuple(0.5 * number for number in range(16)))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> StemFileSource:
    random = np.random.default_rng(0)
    paths = [tmp_path_factory.mktemp("stems") / f"{name}.wav" for name in NAMES]
    for path in paths:
        soundfile.write(path, random.normal(0, 0.1, (SECONDS * RATE, 2)), RATE, subtype="PCM_16")
    return StemFileSource(paths)


@pytest.fixture(scope="module")
def song(source: StemFileSource) -> NDArray[np.float32]:
    """Left channel of the sum of the stems."""
    return np.sum([soundfile.read(path, dtype="float32")[0][:, 0] for path in source.paths], axis=0, dtype=np.float32)


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    created = ManualDevices()
    monkeypatch.setattr(player_output, "Device", created)
    return created


class Playing:
    """A session that plays on a device of the test."""

    def __init__(self, source: StemFileSource, devices: ManualDevices) -> None:
        self.devices = devices
        self.engine = LocalEngine()
        self.session = Session(self.engine)
        self.ended = threading.Event()
        self.errors: list[str] = []
        self.session.on_ended = self.ended.set
        self.session.on_error = self.errors.append
        self.session.open(source, NAMES)

    def change(self, **changes: Any) -> None:
        self.session.apply(replace(self.session.state, **changes))

    def play(self) -> None:
        self.session.play()
        wait_until(lambda: self.devices.is_playing and self.is_ahead(), 10, 0.01)

    def is_ahead(self) -> bool:
        """Return True if the ring of the latest cue holds more than a second, or all up to the end."""
        player, reader = self.engine.player, self.engine.reader
        assert player
        assert reader
        ring = player.requested_ring
        return reader.has_started_cue and ring is not None and (ring.readable_frames > 1.2 * RATE or ring.is_complete)

    def is_taken_over(self) -> bool:
        """Return True if the latest cue is heard."""
        player = self.engine.player
        return player is not None and self.is_ahead() and player.current_ring is player.requested_ring

    def render(self, seconds: float, interval_s: float = 0.0) -> NDArray[np.float32]:
        """Render in blocks of 10 ms, each once enough was read ahead and after a pause; return the left channel."""
        blocks: list[NDArray[np.float32]] = []
        for _ in range(round(seconds * 100)):
            wait_until(lambda: self.is_ahead() or self.is_waiting_for_take_over(), 10, 0.002)
            threading.Event().wait(interval_s)
            blocks.append(self.devices.render(441))
        return np.concatenate(blocks)

    def is_waiting_for_take_over(self) -> bool:
        """Return True if a reading of the same seek is ready, but not heard yet."""
        player, reader = self.engine.player, self.engine.reader
        assert player
        assert reader
        return player.requested_ring is not player.current_ring and reader._feeds._is_take_over_imminent(
            reader.cue.seek_number
        )

    def render_until_taken_over(self) -> NDArray[np.float32]:
        """Render until what the latest cue wants is heard, and the cross-fade to it is over."""
        blocks: list[NDArray[np.float32]] = []

        def is_heard() -> bool:
            if not self.is_taken_over():
                blocks.append(self.devices.render(441))
            return self.is_taken_over()

        wait_until(is_heard, 10, 0.01)
        return np.concatenate([*blocks, self.devices.render(2 * FADE)])


@pytest.fixture
def playing(source: StemFileSource, devices: ManualDevices) -> Iterator[Playing]:
    created = Playing(source, devices)
    yield created
    created.session.close()
    assert created.errors == []


def loop_state(start_s: float, end_s: float, **changes: Any) -> SongState:
    return SongState(loops=(Loop(start_s, end_s),), loop_index=0, is_looping=True, **changes)


def test_loop_repeats_to_the_sample_and_the_playhead_follows(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.apply(loop_state(1.0, 2.0, playhead_s=0.5))
    playing.play()
    output = playing.render(4.0)
    expected = np.concatenate([song[RATE // 2 : 2 * RATE], *[song[RATE : 2 * RATE]] * 3])[: 4 * RATE]
    np.testing.assert_array_equal(output[FADE:], expected[FADE:])
    wait_until(lambda: playing.session.position == RATE + RATE // 2, 10, 0.01)
    assert playing.session.loop_round == 3


def test_loop_changed_during_playback_takes_effect_without_a_gap(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.play()
    output = playing.render(1.0)
    playing.session.apply(loop_state(0.5, 1.5, playhead_s=playing.session.state.playhead_s))
    output = np.concatenate([output, playing.render(1.0)])
    playing.change(is_looping=False)
    output = np.concatenate([output, playing.render(2.0)])
    # In the middle of the second round, the loop ends: from there on, the song plays through.
    expected = np.concatenate([song[: RATE * 3 // 2], song[RATE // 2 : 4 * RATE]])[: len(output)]
    np.testing.assert_allclose(output[FADE:], expected[FADE:], atol=1e-6)


def test_song_ends_after_a_loop_that_the_playhead_is_behind(playing: Playing) -> None:
    playing.session.apply(loop_state(1.0, 2.0, playhead_s=7.5))
    playing.session.play()
    wait_until(lambda: playing.devices.is_playing and playing.is_ahead(), 10, 0.01)
    playing.devices.render(RATE // 2 + 441)
    assert playing.ended.wait(30)
    assert playing.session.position == SECONDS * RATE


def test_loop_that_reaches_the_end_of_the_song_repeats(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.apply(loop_state(7.0, 99.0, playhead_s=7.5))
    playing.play()
    output = playing.render(2.0)
    expected = np.concatenate([song[int(7.5 * RATE) :], song[7 * RATE :], song[7 * RATE :]])[: 2 * RATE]
    np.testing.assert_array_equal(output[FADE:], expected[FADE:])
    assert not playing.ended.is_set()


def test_loop_of_20_ms_repeats_without_a_late_read(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.apply(loop_state(1.0, 1.02, playhead_s=1.0))
    playing.play()
    output = playing.render(3.0)
    expected = np.tile(song[RATE : RATE + 882], 200)[: len(output)]
    np.testing.assert_array_equal(output[FADE:], expected[FADE:])
    assert playing.engine.player
    assert playing.engine.player.late_reads == 0


def lowest_level(output: NDArray[np.float32]) -> float:
    """Return the level of the quietest 5 ms of noise, relative to all of it."""
    windows = output[: len(output) // 220 * 220].reshape(-1, 220)
    return float(np.sqrt((windows**2).mean(axis=1)).min() / np.sqrt((output**2).mean()))


def test_speed_changed_during_playback_takes_over_without_a_gap_where_the_song_is(playing: Playing) -> None:
    playing.play()
    outputs = [playing.render(1.0)]
    for percent in (75.0, 150.0, 100.0):
        playing.change(speed_percent=percent)
        outputs.append(playing.render(0.5))
        assert playing.session.speed_percent == percent
    output = np.concatenate(outputs)
    assert lowest_level(output[FADE:]) > 0.3
    # Each new speed is heard 20 to 150 ms after its change, as long as its preparation took.
    expected_s = 1.0 + 0.5 * (0.75 + 1.5 + 1.0)
    wait_until(lambda: abs(playing.session.position / RATE - expected_s) < 0.12, 10, 0.01)


def test_song_is_exact_again_after_the_speed_is_back_at_100_percent(
    playing: Playing, song: NDArray[np.float32]
) -> None:
    playing.change(speed_percent=80.0)
    playing.play()
    playing.render(0.5)
    playing.change(speed_percent=100.0)
    playing.render_until_taken_over()
    ring = playing.engine.player and playing.engine.player.current_ring
    assert ring
    frame = round(ring.time_map.second_at(ring.position) * RATE)
    np.testing.assert_array_equal(playing.devices.render(RATE), song[frame : frame + RATE])


def test_dragged_slider_is_heard_while_it_moves(playing: Playing) -> None:
    playing.play()
    playing.render(0.5)
    player = playing.engine.player
    assert player
    rings: set[int] = set()
    stop_at = monotonic() + 1.5
    while monotonic() < stop_at:
        percent = 90.0 + 5 * sin(monotonic() * 3)
        playing.change(speed_percent=percent)
        for _ in range(2):  # two blocks of 10 ms, in real time
            playing.devices.render(441)
            rings.add(id(player.current_ring))
            threading.Event().wait(0.01)
    assert len(rings) > 3


def test_only_the_latest_of_several_changes_counts(playing: Playing) -> None:
    playing.play()
    playing.render(0.5)
    for percent in range(60, 131, 10):
        playing.change(speed_percent=float(percent))
    playing.render_until_taken_over()
    ring = playing.engine.player and playing.engine.player.current_ring
    assert ring
    assert ring.time_map.pieces[-1].speed == 1.3


def test_seek_during_a_loop_starts_its_rounds_anew(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.apply(loop_state(1.0, 1.5, playhead_s=1.0))
    playing.play()
    playing.render(2.2)
    assert playing.session.loop_round == 4
    playing.session.seek(RATE)
    assert playing.session.loop_round == 0
    wait_until(playing.is_ahead, 10, 0.01)
    output = playing.render(1.0)
    expected = np.concatenate([song[RATE : RATE * 3 // 2]] * 2)
    np.testing.assert_array_equal(output[2 * FADE :], expected[2 * FADE :])


def test_trainer_raises_the_speed_at_the_rounds_of_the_loop_without_a_gap(playing: Playing) -> None:
    playing.session.apply(loop_state(1.0, 2.0, playhead_s=1.0, trainer=SpeedTrainer(50.0, 100.0, 25.0, 1)))
    assert playing.session.speed_percent == 50.0
    playing.play()
    outputs, speeds = [], []
    for _ in range(12):
        outputs.append(playing.render(0.5, 0.004))
        speeds.append(playing.session.speed_percent)
    # 2 s at 50 %, 1.33 s at 75 %, then 100 %.
    assert speeds[:3] == [50.0] * 3
    assert speeds[4:6] == [75.0] * 2
    assert speeds[7:] == [100.0] * 5
    assert lowest_level(np.concatenate(outputs)[FADE:]) > 0.3
    wait_until(lambda: playing.session.loop_round == 4, 10, 0.01)


def test_trainer_set_in_a_later_round_begins_with_its_first_speed(playing: Playing) -> None:
    playing.session.apply(loop_state(1.0, 1.5, playhead_s=1.0))
    playing.play()
    playing.render(2.2)
    playing.change(trainer=SpeedTrainer(50.0, 100.0, 10.0, 1))
    playing.render_until_taken_over()
    assert playing.session.speed_percent == 50.0


def click_frames(output: NDArray[np.float32], song: NDArray[np.float32]) -> list[int]:
    """Return where a click begins in an output that is otherwise this song."""
    loud = np.abs(output - song) > 1e-4
    starts = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]]))
    return [int(frame) for index, frame in enumerate(starts) if not index or frame - starts[index - 1] > RATE // 20]


def test_click_is_on_the_beat_and_can_be_turned_on_during_playback(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.set_grid(GRID)
    playing.play()
    output = playing.render(0.9)
    playing.change(click=Click(is_on=True, gain_db=0.0))
    output = np.concatenate([output, playing.render(2.0)])
    frames = click_frames(output[FADE:], song[FADE : len(output)])
    assert [frame + FADE for frame in frames] == [RATE, RATE * 3 // 2, 2 * RATE, RATE * 5 // 2]


def test_click_is_heard_although_all_lanes_are_muted(playing: Playing) -> None:
    playing.session.set_grid(GRID)
    mix = playing.session.mix
    for name in NAMES:
        mix = mix.with_lane(name, LaneMix(mute=True))
    playing.session.apply(replace(playing.session.state.with_mix(mix), click=Click(is_on=True)))
    playing.play()
    output = playing.render(1.2)
    assert np.abs(output[RATE // 2 : RATE // 2 + 1000]).max() > 0.1
    assert not output[RATE // 2 + 2000 : RATE - 100].any()


def test_count_in_leads_into_the_song_with_the_playhead_standing_still(
    playing: Playing, song: NDArray[np.float32]
) -> None:
    playing.session.set_grid(GRID)
    playing.change(count_in_bars=1, playhead_s=1.0)
    playing.play()
    output = playing.render(1.5)
    assert (playing.session.position, playing.session.is_counting_in) == (RATE, True)
    assert playing.session.count_in_beat == (3, 4)
    output = np.concatenate([output, playing.render(1.5)])
    lead = 2 * RATE + RATE // 50
    assert not playing.session.is_counting_in
    assert playing.session.count_in_beat is None
    clicks = click_frames(output[:lead], np.zeros(lead, np.float32))
    assert clicks == [RATE // 50 + number * RATE // 2 for number in range(4)]
    np.testing.assert_array_equal(output[lead + 2000 :], song[RATE:][2000 : len(output) - lead])


def test_seek_during_playback_is_not_counted_in(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.session.set_grid(GRID)
    playing.play()
    playing.render(0.5)
    playing.change(count_in_bars=2)
    playing.session.seek(3 * RATE)
    output = playing.render(1.0)
    np.testing.assert_array_equal(output[2 * FADE :], song[3 * RATE : 4 * RATE][2 * FADE :])
    playing.session.pause()
    playing.play()
    playing.render(1.0)
    assert playing.session.is_counting_in


def test_count_in_goes_on_at_the_new_speed_when_it_changes(playing: Playing) -> None:
    playing.session.set_grid(GRID)
    playing.change(count_in_bars=1, playhead_s=1.0)
    playing.play()
    playing.render(1.0)
    playing.change(speed_percent=50.0)
    output = playing.render(2.5)
    assert not playing.session.is_counting_in
    # 1 s of the count-in was left, which now takes 2 s.
    first = int(np.flatnonzero(np.abs(output[FADE + RATE :]) > 0)[-1])
    assert first > 0
    wait_until(lambda: abs(playing.session.position / RATE - 1.24) < 0.1, 10, 0.01)


def test_without_a_grid_there_is_neither_count_in_nor_click(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.change(count_in_bars=2, click=Click(is_on=True))
    playing.play()
    np.testing.assert_array_equal(playing.render(1.0)[FADE:], song[FADE:RATE])


def test_soloed_original_is_the_song_and_silences_the_stems(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.play()
    outputs = [playing.render(0.5)]
    playing.session.apply(playing.session.state.with_mix(playing.session.mix.with_lane("drums", LaneMix(mute=True))))
    playing.render(0.5)
    soloed = playing.session.mix.with_lane(ORIGINAL_LANE, LaneMix(solo=True))
    playing.session.apply(playing.session.state.with_mix(soloed))
    assert not any(playing.session.is_audible(lane) for lane in range(len(NAMES)))
    outputs = [playing.render(0.5)]
    np.testing.assert_array_equal(outputs[0][FADE:], song[RATE : RATE * 3 // 2][FADE:])


def test_another_snapshot_changes_only_gains(playing: Playing) -> None:
    playing.play()
    playing.render(0.5)
    player = playing.engine.player
    assert player
    ring = player.current_ring
    playing.session.apply(playing.session.state.with_snapshot("B"))
    playing.change(click=replace(playing.session.state.click, gain_db=-20.0))
    playing.render(0.5)
    assert player.current_ring is ring is player.requested_ring


def test_undo_changes_what_is_heard(playing: Playing) -> None:
    playing.play()
    playing.render(0.2)
    playing.change(speed_percent=50.0)
    playing.render_until_taken_over()
    playing.session.undo()
    playing.render_until_taken_over()
    ring = playing.engine.player and playing.engine.player.current_ring
    assert ring
    assert ring.time_map.pieces[-1].speed == 1.0


def test_changes_during_a_pause_are_heard_from_the_playhead_on(playing: Playing, song: NDArray[np.float32]) -> None:
    playing.play()
    playing.render(1.0)
    playing.session.pause()
    playing.session.apply(
        replace(loop_state(0.5, 1.2), playhead_s=playing.session.state.playhead_s, speed_percent=100.0)
    )
    playing.play()
    output = playing.render(1.0)
    expected = np.concatenate([song[RATE : int(1.2 * RATE)], song[RATE // 2 : int(1.2 * RATE)], song[RATE // 2 :]])
    np.testing.assert_array_equal(output[2 * FADE :], expected[2 * FADE : len(output)])
