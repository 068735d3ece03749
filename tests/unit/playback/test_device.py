"""PortAudio lists devices when it is initialised: when that is done anew, and when it must not be."""

import numpy as np
import pytest

from desktop.errors import SoundUnavailableError
from desktop.playback import device
from desktop.playback.device import Device, default_device_name

sounddevice = pytest.importorskip("sounddevice", exc_type=OSError, reason="no PortAudio here")


class Stream:
    """What sounddevice opens where there is a device."""

    latency = 0.01

    def __init__(self, rate: int, **options: object) -> None:
        if rate == 96000:
            raise sounddevice.PortAudioError("Invalid sample rate")
        self.rate, self.finished = rate, options["finished_callback"]

    def close(self) -> None:
        self.finished()  # type: ignore[operator]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every time that PortAudio looks for devices, of which there is one."""
    seen: list[str] = []
    monkeypatch.setattr(sounddevice, "_terminate", lambda: seen.append("terminated"))
    monkeypatch.setattr(sounddevice, "_initialize", lambda: seen.append("initialised"))
    monkeypatch.setattr(sounddevice, "query_devices", lambda **_: {"name": "Speakers", "default_samplerate": 48000.0})
    monkeypatch.setattr(sounddevice, "OutputStream", Stream)
    return seen


def opened(rate: int = 44100) -> Device:
    return Device(rate, lambda block, underflow: None, lambda: pytest.fail("the device was not lost"))


def test_devices_are_looked_for_before_each_opening(looks: list[str]) -> None:
    for _ in range(2):
        opened().close()
    assert looks == ["terminated", "initialised"] * 2


def test_devices_are_not_looked_for_while_a_stream_is_open(looks: list[str]) -> None:
    first = opened()
    second = opened()
    assert default_device_name() == "Speakers"
    first.close()
    assert default_device_name() == "Speakers"
    assert looks == ["terminated", "initialised"]
    second.close()
    assert default_device_name() == "Speakers"
    assert looks == ["terminated", "initialised"] * 2


@pytest.mark.usefixtures("looks")
def test_a_device_that_refuses_the_rate_of_the_song_is_opened_at_its_own() -> None:
    made = opened(96000)
    assert made.sample_rate == 48000
    made.close()


@pytest.mark.usefixtures("looks")
def test_a_device_that_cannot_be_opened_says_what_to_do_and_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(rate: int, **_: object) -> None:
        raise sounddevice.PortAudioError("Unanticipated host error", -9999)

    monkeypatch.setattr(sounddevice, "OutputStream", refuse)
    with pytest.raises(SoundUnavailableError, match="Close other programs that use it"):
        opened()
    assert not device._open_streams


def test_no_device_is_told(looks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "query_devices", none)
    for attempt in (opened, default_device_name):
        with pytest.raises(SoundUnavailableError, match="Connect one, then press play again"):
            attempt()
    assert looks == ["terminated", "initialised"] * 2


def test_an_underflow_is_passed_on() -> None:
    told: list[bool] = []
    made = Device.__new__(Device)
    made._fill = lambda block, underflow: told.append(underflow)
    for flag in (0, 4):  # paOutputUnderflow, portaudio.h
        made._callback(np.zeros((1, 2), np.float32), 1, None, sounddevice.CallbackFlags(flag))
    assert told == [False, True]
