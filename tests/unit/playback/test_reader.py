"""Session and reader on a device driven by the test: what is read when, and which errors are reported."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.playback import player_output
from desktop.playback import reader as reader_module
from desktop.playback.device import FillCallback
from desktop.playback.local_engine import LocalEngine
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.playback.practice import Loop
from desktop.playback.ring import LaneSamples
from desktop.playback.session import Session
from desktop.playback.source import ResampledStream
from tests.helpers.library import wait_until
from tests.helpers.manual_device import ManualDevice, ManualDevices

RATE = 44100
TRACK_FRAMES = 20 * RATE
FADE = 600


class RampSource:
    """A track whose samples are their position, up to `available`. Reads block while `reads_allowed` is cleared."""

    def __init__(self, available: int = TRACK_FRAMES, sign: int = 1, sample_rate: int = RATE) -> None:
        self.sample_rate, self.frames, self.lanes = sample_rate, TRACK_FRAMES * sample_rate // RATE, 1
        self.available = min(available, self.frames)
        self.reads_allowed = threading.Event()
        self.reads_allowed.set()
        self.closed = threading.Event()
        self._sign = sign

    def open_stream(self, start: int) -> "RampSource.Stream":
        return RampSource.Stream(self, start)

    def sound(self, start: int, frames: int) -> NDArray[np.float32]:
        """Return one channel, float32 `[frames]`."""
        return np.arange(start, start + frames, dtype=np.float32) / TRACK_FRAMES * self._sign

    class Stream:
        def __init__(self, source: "RampSource", position: int) -> None:
            self._source, self._position = source, position

        @property
        def has_ended(self) -> bool:
            return self._position >= self._source.frames

        def read(self, frames: int) -> LaneSamples:
            assert self._source.reads_allowed.wait(30)
            count = max(0, min(frames, self._source.available - self._position))
            self._position += count
            return np.repeat(self._source.sound(self._position - count, count), 2).reshape(-1, 1, 2)

        def seek(self, frame: int) -> None:
            self._position = frame

        def close(self) -> None:
            self._source.closed.set()


class RecordedSession:
    """A session with a record of its errors and of its end."""

    def __init__(self, source: RampSource) -> None:
        self.engine = LocalEngine()
        self.session = Session(self.engine)
        self.errors: list[str] = []
        self.notices: list[str] = []
        self.ended = threading.Event()
        self.session.on_notice = self.notices.append
        self.session.on_error = self.errors.append
        self.session.on_ended = self.ended.set
        self.session.open(source, ["vocals"])

    @property
    def player(self) -> Player:
        """The player of the session."""
        assert self.engine.player
        return self.engine.player

    def has_read(self, seconds: float) -> bool:
        """Return True once this many seconds have been read ahead."""
        return self.player.requested_ring is not None and self.player.requested_ring.readable_frames >= seconds * RATE


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    created = ManualDevices()
    monkeypatch.setattr(player_output, "Device", created)
    return created


@pytest.fixture
def source() -> RampSource:
    return RampSource()


@pytest.fixture
def recorded(devices: ManualDevices, source: RampSource) -> Iterator[RecordedSession]:
    created = RecordedSession(source)
    yield created
    source.reads_allowed.set()
    created.session.close()


def play(recorded: RecordedSession, devices: ManualDevices) -> None:
    """Press play; wait for the device and for two seconds of audio read ahead."""
    recorded.session.play()
    wait_until(lambda: devices.is_playing and recorded.has_read(1.9), interval_s=0.01)


def test_output_is_the_track_from_the_playhead_on(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    recorded.session.seek(5 * RATE)
    play(recorded, devices)
    output = devices.render(RATE)
    np.testing.assert_array_equal(output[FADE:], source.sound(5 * RATE, RATE)[FADE:])
    assert 5 * RATE < recorded.session.position <= 6 * RATE


def test_missing_device_is_reported_and_a_device_connected_later_plays(
    recorded: RecordedSession, devices: ManualDevices
) -> None:
    devices.open_error = "There is no sound device."
    recorded.session.play()
    wait_until(lambda: recorded.errors == [devices.open_error], interval_s=0.01)
    assert not recorded.session.is_playing
    devices.open_error = ""
    play(recorded, devices)
    assert devices.render(2 * FADE)[-1] > 0


def test_song_goes_on_where_it_was_heard_on_another_device_when_one_is_lost(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    play(recorded, devices)
    devices.render(RATE)
    position, devices.default, devices.sample_rate = recorded.session.position, "Headphones", 22050
    devices.devices[-1].simulate_loss()
    wait_until(lambda: len(devices.devices) == 2 and devices.is_playing and recorded.has_read(0.9), interval_s=0.01)
    output = devices.render(RATE)
    expected = source.sound(position, 2 * RATE)[::2]  # the new device has half the rate
    np.testing.assert_allclose(output[FADE : RATE - FADE], expected[FADE : RATE - FADE], atol=1e-5)
    assert recorded.session.is_playing
    assert recorded.session.position == pytest.approx(position + 2 * RATE, abs=1)
    assert recorded.errors == []
    assert recorded.notices == ["Speakers was disconnected. Playing on Headphones."]


def test_lost_device_without_another_one_is_reported_and_the_next_play_resumes_at_the_same_position(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    play(recorded, devices)
    devices.render(RATE)
    position, devices.open_error = recorded.session.position, "There is no sound device."
    devices.devices[-1].simulate_loss()
    wait_until(lambda: not recorded.session.is_playing and bool(recorded.errors), interval_s=0.01)
    assert recorded.errors == ["The sound device was lost. Connect one, then press play again."]
    assert not devices.is_playing
    devices.open_error = ""
    play(recorded, devices)
    output = devices.render(RATE)
    np.testing.assert_array_equal(output[FADE:], source.sound(position, RATE)[FADE:])
    assert recorded.notices == []


def test_device_that_is_lost_again_and_again_ends_playback(recorded: RecordedSession, devices: ManualDevices) -> None:
    play(recorded, devices)
    for count in range(1, 5):
        wait_until(lambda: len(devices.devices) == count and devices.is_playing, interval_s=0.01)  # noqa: B023
        devices.devices[-1].simulate_loss()
    wait_until(lambda: bool(recorded.errors), interval_s=0.01)
    assert not recorded.session.is_playing


def test_chosen_device_plays_again_once_it_is_connected_and_the_user_is_told_only_about_the_loss(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    devices.connected = {"Interface"}
    recorded.session.set_output(OutputSettings("Interface"))
    play(recorded, devices)
    devices.render(RATE)
    for count in (2, 3):
        devices.connected ^= {"Interface"}
        position = recorded.session.position
        devices.devices[-1].simulate_loss()
        wait_until(
            lambda: len(devices.devices) == count and devices.is_playing and recorded.has_read(1.9),  # noqa: B023
            interval_s=0.01,
        )
        np.testing.assert_array_equal(devices.render(RATE)[FADE:], source.sound(position, RATE)[FADE:])
    assert [device.title for device in devices.devices] == ["Interface", "Speakers", "Interface"]
    assert recorded.notices == ["Interface was disconnected. Playing on Speakers."]


def test_fallback_device_is_released_soon_after_a_pause(recorded: RecordedSession, devices: ManualDevices) -> None:
    recorded.session.set_output(OutputSettings("Interface"))
    play(recorded, devices)
    recorded.session.pause()
    wait_until(lambda: not devices.is_playing, timeout_s=2.0, interval_s=0.01)
    devices.connected = {"Interface"}
    play(recorded, devices)
    assert devices.devices[-1].title == "Interface"


def test_new_output_settings_take_effect_while_the_song_plays(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    play(recorded, devices)
    devices.render(RATE)
    position, devices.channels = recorded.session.position, 6
    recorded.session.set_output(OutputSettings(routing={"vocals": 3}))
    wait_until(lambda: len(devices.devices) == 2 and devices.is_playing and recorded.has_read(1.9), interval_s=0.01)
    assert not devices.devices[0].is_started
    output = devices.devices[-1].render_channels(RATE)
    assert output.shape == (RATE, 4)
    assert not output[:, :2].any()
    np.testing.assert_array_equal(output[FADE:, 2], source.sound(position, RATE)[FADE:])
    assert recorded.notices == []


def test_lane_routed_to_channels_that_the_device_lacks_is_heard_on_the_first_pair(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    recorded.session.set_output(OutputSettings(routing={"vocals": 5}))
    play(recorded, devices)
    np.testing.assert_array_equal(devices.render(RATE)[FADE:], source.sound(0, RATE)[FADE:])


def test_long_pause_releases_the_device_and_play_opens_a_new_one(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_RELEASE_DEVICE_AFTER_S", 0.1)
    play(recorded, devices)
    devices.render(RATE)
    recorded.session.pause()
    position = recorded.session.position
    wait_until(lambda: not devices.is_playing, interval_s=0.01)
    play(recorded, devices)
    assert len(devices.devices) == 2
    np.testing.assert_array_equal(devices.render(RATE)[FADE:], source.sound(position, RATE)[FADE:])
    assert recorded.errors == []


def test_device_lost_while_paused_is_not_reported(recorded: RecordedSession, devices: ManualDevices) -> None:
    play(recorded, devices)
    recorded.session.pause()
    devices.devices[-1].simulate_loss()
    wait_until(lambda: not devices.is_playing, interval_s=0.01)
    play(recorded, devices)
    assert recorded.errors == []
    assert len(devices.devices) == 2


def test_slow_replacement_source_takes_over_without_a_gap(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    play(recorded, devices)
    blocks = [devices.render(RATE)]
    replacement = RampSource(available=RATE // 2)  # nothing at the playhead or after it
    recorded.session.replace_source(replacement)
    for second in range(1, 6):
        wait_until(lambda: recorded.player.current_ring.readable_frames > 1.5 * RATE, interval_s=0.01)  # type: ignore[union-attr]
        blocks.append(devices.render(RATE))
        assert not recorded.session.is_buffering
        assert source.closed.is_set() is (second > 3)
        if second == 3:
            replacement.available = TRACK_FRAMES
            wait_until(lambda: bool(blocks.append(devices.render(441))) or source.closed.is_set(), interval_s=0.01)
    output = np.concatenate(blocks)
    np.testing.assert_allclose(output[FADE:], source.sound(0, len(output))[FADE:], atol=1e-6)


def test_source_replaced_right_after_a_seek_starts_at_the_seek_position(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    play(recorded, devices)
    devices.render(RATE)
    source.reads_allowed.clear()  # block the reader
    devices.render(RATE // 2)
    recorded.session.seek(10 * RATE)
    replacement = RampSource(sign=-1)
    recorded.session.replace_source(replacement)
    source.reads_allowed.set()
    reader = recorded.engine.reader
    wait_until(lambda: reader is not None and reader.has_started_cue, interval_s=0.01)
    output = devices.render(RATE)
    np.testing.assert_allclose(output[2 * FADE :], replacement.sound(10 * RATE, RATE)[2 * FADE :], atol=1e-6)


def test_playhead_advances_while_a_replacement_source_waits(recorded: RecordedSession, devices: ManualDevices) -> None:
    play(recorded, devices)
    devices.render(RATE)
    recorded.session.replace_source(RampSource(available=0))
    devices.render(RATE // 2)
    wait_until(lambda: recorded.session.position > 1.4 * RATE, interval_s=0.01)


class ExclusiveDevices(ManualDevices):
    """A card that only one stream can use, as ALSA's hardware devices are."""

    def __call__(
        self,
        sample_rate: int,
        fill: FillCallback,
        on_lost: Callable[[], None],
        output: OutputSettings | None = None,
        channels: int = 2,
    ) -> ManualDevice:
        self.open_error = "The sound device is busy." if self.is_playing else ""
        return super().__call__(sample_rate, fill, on_lost, output, channels)


def test_next_song_opens_the_device_after_the_song_before_has_released_it(
    source: RampSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = ExclusiveDevices()
    monkeypatch.setattr(player_output, "Device", devices)
    recorded = RecordedSession(source)
    play(recorded, devices)
    source.reads_allowed.clear()  # the reader cannot end: its disk does not respond
    devices.render(RATE)
    next_source = RampSource(sign=-1)
    recorded.session.open(next_source, ["vocals"])
    recorded.session.play()
    source.reads_allowed.set()
    wait_until(lambda: len(devices.devices) == 2 and devices.is_playing and recorded.has_read(1.9), interval_s=0.01)
    np.testing.assert_array_equal(devices.render(RATE)[FADE:], next_source.sound(0, RATE)[FADE:])
    assert recorded.errors == []
    recorded.session.close()
    assert not devices.is_playing


def test_track_played_to_its_end_restarts_from_the_beginning(recorded: RecordedSession, devices: ManualDevices) -> None:
    recorded.session.seek(TRACK_FRAMES - RATE)
    recorded.session.play()
    wait_until(lambda: devices.is_playing and recorded.has_read(1.0), interval_s=0.01)
    devices.render(RATE + 441)
    assert recorded.ended.wait(30)
    assert (recorded.session.is_playing, recorded.session.position) == (False, TRACK_FRAMES)
    recorded.ended.clear()
    play(recorded, devices)
    devices.render(RATE)
    assert recorded.session.is_playing
    assert not recorded.ended.is_set()
    assert 0 < recorded.session.position <= RATE


def test_playback_buffers_at_missing_audio_and_resumes_by_itself(devices: ManualDevices) -> None:
    source = RampSource(available=2 * RATE)
    recorded = RecordedSession(source)
    recorded.session.play()
    wait_until(lambda: devices.is_playing and recorded.has_read(1.95), interval_s=0.01)
    output = devices.render(3 * RATE)
    assert not output[2 * RATE :].any()
    wait_until(lambda: recorded.session.is_buffering, interval_s=0.01)
    source.available = TRACK_FRAMES
    wait_until(lambda: not recorded.session.is_buffering, interval_s=0.01)
    resumed = devices.render(RATE)
    np.testing.assert_allclose(resumed[FADE:], source.sound(2 * RATE, RATE)[FADE:], atol=1e-6)
    recorded.session.close()


def test_loop_into_a_part_that_does_not_exist_yet_waits_and_goes_on_by_itself(devices: ManualDevices) -> None:
    source = RampSource(available=4 * RATE)
    recorded = RecordedSession(source)
    recorded.session.seek(3 * RATE)
    loop = Loop(3.0, 5.0)
    recorded.session.apply(replace(recorded.session.state, loops=(loop,), loop_index=0, is_looping=True))
    recorded.session.play()
    wait_until(lambda: devices.is_playing and recorded.has_read(0.95), interval_s=0.01)
    devices.render(2 * RATE)
    wait_until(lambda: recorded.session.is_buffering, interval_s=0.01)
    assert recorded.session.position == 4 * RATE
    source.available = TRACK_FRAMES
    wait_until(lambda: recorded.has_read(1.9), interval_s=0.01)
    output = devices.render(3 * RATE // 2)
    expected = np.concatenate([source.sound(4 * RATE, RATE), source.sound(3 * RATE, RATE // 2)])
    np.testing.assert_allclose(output[FADE:], expected[FADE:], atol=1e-6)
    recorded.session.close()


def test_dropouts_are_logged_at_a_limited_rate(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource, caplog: pytest.LogCaptureFixture
) -> None:
    play(recorded, devices)
    with caplog.at_level(logging.WARNING, "desktop.playback"):
        for _ in range(3):
            source.reads_allowed.clear()  # a disk that does not respond
            devices.render(3 * RATE)
            source.reads_allowed.set()
            wait_until(lambda: recorded.has_read(1.9), interval_s=0.01)
        wait_until(lambda: bool(caplog.records), interval_s=0.01)
    assert len(caplog.records) == 1
    assert "0 device underflows" in caplog.text
    assert recorded.player.late_reads == 3


def test_buffering_of_an_unfinished_track_is_not_logged(
    devices: ManualDevices, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = RecordedSession(RampSource(available=RATE))
    recorded.session.play()
    wait_until(lambda: devices.is_playing and recorded.has_read(1.0), interval_s=0.01)
    devices.render(2 * RATE)
    wait_until(lambda: recorded.session.is_buffering, interval_s=0.01)
    assert not caplog.records
    recorded.session.close()


@pytest.mark.parametrize("rate", [22050, 48000, 192000])
def test_resampled_stream_returns_the_whole_track_in_blocks_that_fit(rate: int) -> None:
    source = RampSource(available=RATE)
    source.frames = RATE
    stream = ResampledStream(source.open_stream(0), 1, RATE, rate)
    blocks: list[LaneSamples] = []
    while not stream.has_ended:
        blocks.append(stream.read(1000))
        assert 0 < len(blocks[-1]) <= 1000
    sound = np.concatenate(blocks)[:, 0, 0]
    assert len(sound) == rate
    np.testing.assert_allclose(sound[1000:-1000], np.arange(rate)[1000:-1000] / rate / 20, atol=1e-4)


def underflow(device: ManualDevice, count: int) -> None:
    for _ in range(count):
        device._fill(np.zeros((441, 2), np.float32), True)


def test_latency_doubles_with_underflows_up_to_its_limit_and_the_song_goes_on_where_it_was_heard(
    recorded: RecordedSession, devices: ManualDevices, source: RampSource
) -> None:
    recorded.session.set_output(OutputSettings(latency_ms=40))
    play(recorded, devices)
    devices.render(RATE)
    underflow(devices.devices[-1], 1)
    for number, latency_ms in enumerate((80, 160), 2):
        underflow(devices.devices[-1], 2)
        wait_until(
            lambda n=number: len(devices.devices) == n and devices.is_playing and recorded.has_read(1.9), 10, 0.01
        )
        assert devices.devices[-1].latency_ms == latency_ms
    heard = devices.render(RATE)
    np.testing.assert_array_equal(heard[FADE:], source.sound(RATE + 5 * 441, RATE)[FADE:])
    underflow(devices.devices[-1], 2)
    devices.render(RATE)
    wait_until(lambda: recorded.has_read(1.9), 10, 0.01)  # the reader has seen them
    assert len(devices.devices) == 3
    assert (recorded.errors, recorded.notices) == ([], [])
