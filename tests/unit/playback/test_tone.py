"""Test tone of the output settings."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from desktop.errors import SoundUnavailableError
from desktop.playback import tone as tone_module
from desktop.playback.output_settings import OutputSettings
from desktop.playback.tone import create_test_tone, play_test_tone
from tests.helpers.library import wait_until
from tests.helpers.manual_device import ManualDevices

RATE = 48000


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    created = ManualDevices()
    monkeypatch.setattr(tone_module, "Device", created)
    return created


def in_thread(function: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_tone_is_quiet_and_plays_left_then_right_then_both() -> None:
    tone = create_test_tone(RATE)
    left, right, both = tone[:RATE], tone[RATE : 2 * RATE], tone[2 * RATE :]
    assert np.abs(tone).max() == pytest.approx(0.1, abs=1e-4)
    assert not left[:, 1].any()
    assert not right[:, 0].any()
    np.testing.assert_array_equal(both[:, 0], both[:, 1])
    for sound in (left[:, 0], right[:, 1], both[:, 0]):
        assert len(sound) == RATE
        assert np.abs(np.fft.rfft(sound)).argmax() == 440
    assert np.abs(np.diff(tone, axis=0)).max() < 1.1 * 0.1 * 2 * np.pi * 440 / RATE


def test_tone_plays_once_and_releases_the_device(devices: ManualDevices) -> None:
    thread = in_thread(lambda: play_test_tone(OutputSettings()))
    wait_until(lambda: devices.is_playing, interval_s=0.01)
    output = devices.devices[-1].render_channels(4 * RATE)
    np.testing.assert_array_equal(output[: 3 * RATE], create_test_tone(RATE))
    assert not output[3 * RATE :].any()
    thread.join(30)
    assert not devices.is_playing


def test_tone_can_be_stopped(devices: ManualDevices) -> None:
    stop = threading.Event()
    thread = in_thread(lambda: play_test_tone(OutputSettings(), stop))
    wait_until(lambda: devices.is_playing, interval_s=0.01)
    stop.set()
    thread.join(30)
    assert not devices.is_playing


def test_tone_is_not_played_on_another_device_than_the_chosen_one(devices: ManualDevices) -> None:
    with pytest.raises(SoundUnavailableError, match="not connected"):
        play_test_tone(OutputSettings("Interface"))
    assert not devices.is_playing
