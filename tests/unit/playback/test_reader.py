"""Transport and reader on a device that the test turns by hand: what is read when, and what is told."""

import logging
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.playback import reader as reader_module
from desktop.playback.player import Player
from desktop.playback.ring import LaneSamples
from desktop.playback.source import ResampledStream
from desktop.playback.transport import Transport
from tests.helpers.hand_device import ManualDevices
from tests.helpers.library import wait_until

RATE = 44100
LENGTH = 20 * RATE
FADE = 600


class Counted:
    """A song in which every frame tells its place. It is there up to `known`, and is read only while `open`."""

    def __init__(self, known: int = LENGTH, sign: int = 1, sample_rate: int = RATE) -> None:
        self.sample_rate, self.frames, self.lanes = sample_rate, LENGTH * sample_rate // RATE, 1
        self.known = min(known, self.frames)
        self.open = threading.Event()
        self.open.set()
        self.closed = threading.Event()
        self._sign = sign

    def open_stream(self, start: int) -> "Counted.Place":
        return Counted.Place(self, start)

    def sound(self, start: int, frames: int) -> NDArray[np.float32]:
        """One side, float32 `[frames]`."""
        return np.arange(start, start + frames, dtype=np.float32) / LENGTH * self._sign

    class Place:
        def __init__(self, song: "Counted", at: int) -> None:
            self._song, self._at = song, at

        @property
        def has_ended(self) -> bool:
            return self._at >= self._song.frames

        def read(self, frames: int) -> LaneSamples:
            assert self._song.open.wait(30)
            count = max(0, min(frames, self._song.known - self._at))
            self._at += count
            return np.repeat(self._song.sound(self._at - count, count), 2).reshape(-1, 1, 2)

        def close(self) -> None:
            self._song.closed.set()


class Listener:
    """A transport with what it told."""

    def __init__(self, song: Counted) -> None:
        self.transport = Transport()
        self.told: list[str] = []
        self.ended = threading.Event()
        self.transport.on_error = self.told.append
        self.transport.on_ended = self.ended.set
        self.transport.load_source(song, ["vocals"])

    @property
    def player(self) -> Player:
        """What it plays with."""
        assert self.transport._player
        return self.transport._player

    def has_read(self, seconds: float) -> bool:
        """True when so much of what shall be heard was read ahead."""
        return self.player.requested_ring is not None and self.player.requested_ring.readable_frames >= seconds * RATE


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    made = ManualDevices()
    monkeypatch.setattr(reader_module, "Device", made)
    return made


@pytest.fixture
def song() -> Counted:
    return Counted()


@pytest.fixture
def listener(devices: ManualDevices, song: Counted) -> Iterator[Listener]:
    made = Listener(song)
    yield made
    song.open.set()
    made.transport.close()


def play(listener: Listener, devices: ManualDevices) -> None:
    """Press play, and wait for the device and for two seconds of sound."""
    listener.transport.play()
    wait_until(lambda: devices.is_playing and listener.has_read(1.9), interval_s=0.01)


def test_what_is_heard_is_the_song_from_the_playhead_on(
    listener: Listener, devices: ManualDevices, song: Counted
) -> None:
    listener.transport.seek(5 * RATE)
    play(listener, devices)
    heard = devices.render(RATE)
    np.testing.assert_array_equal(heard[FADE:], song.sound(5 * RATE, RATE)[FADE:])
    assert 5 * RATE < listener.transport.position <= 6 * RATE


def test_without_a_device_playing_tells_so_and_a_device_that_comes_later_plays(
    listener: Listener, devices: ManualDevices
) -> None:
    devices.open_error = "There is no sound device."
    listener.transport.play()
    wait_until(lambda: listener.told == [devices.open_error], interval_s=0.01)
    assert not listener.transport.is_playing
    devices.open_error = ""
    play(listener, devices)
    assert devices.render(2 * FADE)[-1] > 0


def test_a_device_that_is_lost_is_told_and_the_next_one_goes_on_from_there(
    listener: Listener, devices: ManualDevices, song: Counted
) -> None:
    play(listener, devices)
    devices.render(RATE)
    place = listener.transport.position
    devices.devices[-1].simulate_loss()
    wait_until(lambda: not listener.transport.is_playing, interval_s=0.01)
    wait_until(lambda: bool(listener.told), interval_s=0.01)
    assert "lost" in listener.told[0]
    assert not devices.is_playing
    play(listener, devices)
    assert len(devices.devices) == 2
    heard = devices.render(RATE)
    np.testing.assert_array_equal(heard[FADE:], song.sound(place, RATE)[FADE:])


def test_a_long_pause_gives_the_device_back_and_play_opens_the_one_that_is_there_then(
    listener: Listener, devices: ManualDevices, song: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_RELEASE_DEVICE_AFTER_S", 0.1)
    play(listener, devices)
    devices.render(RATE)
    listener.transport.pause()
    place = listener.transport.position
    wait_until(lambda: not devices.is_playing, interval_s=0.01)
    play(listener, devices)
    assert len(devices.devices) == 2
    np.testing.assert_array_equal(devices.render(RATE)[FADE:], song.sound(place, RATE)[FADE:])
    assert listener.told == []


def test_a_device_that_goes_while_the_song_is_paused_is_no_trouble(listener: Listener, devices: ManualDevices) -> None:
    play(listener, devices)
    listener.transport.pause()
    devices.devices[-1].simulate_loss()
    wait_until(lambda: not devices.is_playing, interval_s=0.01)
    play(listener, devices)
    assert listener.told == []
    assert len(devices.devices) == 2


def test_another_source_takes_over_without_a_hole_however_slowly_it_is_read(
    listener: Listener, devices: ManualDevices, song: Counted
) -> None:
    play(listener, devices)
    blocks = [devices.render(RATE)]
    slow = Counted(known=RATE // 2)  # nothing from where the song is heard on
    listener.transport.replace_source(slow)
    for second in range(1, 6):
        wait_until(lambda: listener.player.current_ring.readable_frames > 1.5 * RATE, interval_s=0.01)  # type: ignore[union-attr]
        blocks.append(devices.render(RATE))
        assert not listener.transport.is_buffering
        assert song.closed.is_set() is (second > 3)
        if second == 3:
            slow.known = LENGTH
            wait_until(lambda: bool(blocks.append(devices.render(441))) or song.closed.is_set(), interval_s=0.01)
    heard = np.concatenate(blocks)
    np.testing.assert_allclose(heard[FADE:], song.sound(0, len(heard))[FADE:], atol=1e-6)


def test_a_source_that_follows_at_once_upon_a_seek_begins_where_the_seek_went(
    listener: Listener, devices: ManualDevices, song: Counted
) -> None:
    play(listener, devices)
    devices.render(RATE)
    song.open.clear()  # the reader is held up
    devices.render(RATE // 2)
    listener.transport.seek(10 * RATE)
    other = Counted(sign=-1)
    listener.transport.replace_source(other)
    song.open.set()
    wait_until(lambda: listener.player.requested_ring is not listener.player.current_ring, interval_s=0.01)
    heard = devices.render(RATE)
    np.testing.assert_allclose(heard[2 * FADE :], other.sound(10 * RATE, RATE)[2 * FADE :], atol=1e-6)


def test_the_playhead_moves_on_while_another_source_waits_to_take_over(
    listener: Listener, devices: ManualDevices
) -> None:
    play(listener, devices)
    devices.render(RATE)
    listener.transport.replace_source(Counted(known=0))
    devices.render(RATE // 2)
    wait_until(lambda: listener.transport.position > 1.4 * RATE, interval_s=0.01)


def test_a_song_that_was_played_to_its_end_begins_again(listener: Listener, devices: ManualDevices) -> None:
    listener.transport.seek(LENGTH - RATE)
    listener.transport.play()
    wait_until(lambda: devices.is_playing and listener.has_read(1.0), interval_s=0.01)
    devices.render(RATE + 441)
    assert listener.ended.wait(30)
    assert (listener.transport.is_playing, listener.transport.position) == (False, LENGTH)
    listener.ended.clear()
    play(listener, devices)
    devices.render(RATE)
    assert listener.transport.is_playing
    assert not listener.ended.is_set()
    assert 0 < listener.transport.position <= RATE


def test_sound_waits_where_nothing_is_there_yet_and_goes_on_by_itself(devices: ManualDevices) -> None:
    song = Counted(known=2 * RATE)
    listener = Listener(song)
    listener.transport.play()
    wait_until(lambda: devices.is_playing and listener.has_read(1.95), interval_s=0.01)
    heard = devices.render(3 * RATE)
    assert not heard[2 * RATE :].any()
    wait_until(lambda: listener.transport.is_buffering, interval_s=0.01)
    song.known = LENGTH
    wait_until(lambda: not listener.transport.is_buffering, interval_s=0.01)
    again = devices.render(RATE)
    np.testing.assert_allclose(again[FADE:], song.sound(2 * RATE, RATE)[FADE:], atol=1e-6)
    listener.transport.close()


def test_sound_that_drops_out_is_logged_once_in_a_while(
    listener: Listener, devices: ManualDevices, song: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    play(listener, devices)
    with caplog.at_level(logging.WARNING, "desktop.playback"):
        for _ in range(3):
            song.open.clear()  # a disk that does not answer
            devices.render(3 * RATE)
            song.open.set()
            wait_until(lambda: listener.has_read(1.9), interval_s=0.01)
        wait_until(lambda: bool(caplog.records), interval_s=0.01)
    assert len(caplog.records) == 1
    assert "0 device underflows" in caplog.text
    assert listener.player.late_reads == 3


def test_waiting_for_a_song_in_work_is_not_logged(devices: ManualDevices, caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener(Counted(known=RATE))
    listener.transport.play()
    wait_until(lambda: devices.is_playing and listener.has_read(1.0), interval_s=0.01)
    devices.render(2 * RATE)
    wait_until(lambda: listener.transport.is_buffering, interval_s=0.01)
    assert not caplog.records
    listener.transport.close()


@pytest.mark.parametrize("rate", [22050, 48000, 192000])
def test_a_song_at_another_rate_is_read_whole_and_in_blocks_that_fit(rate: int) -> None:
    song = Counted(known=RATE)
    song.frames = RATE
    reading = ResampledStream(song.open_stream(0), 1, RATE, rate)
    blocks: list[LaneSamples] = []
    while not reading.has_ended:
        blocks.append(reading.read(1000))
        assert 0 < len(blocks[-1]) <= 1000
    sound = np.concatenate(blocks)[:, 0, 0]
    assert len(sound) == rate
    np.testing.assert_allclose(sound[1000:-1000], np.arange(rate)[1000:-1000] / rate / 20, atol=1e-4)
