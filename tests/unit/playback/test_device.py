"""PortAudio lists devices only when it is initialized: when it is reinitialized, and when it must not be."""

import numpy as np
import pytest

from desktop.errors import SoundUnavailableError
from desktop.playback import device
from desktop.playback.device import Device, default_device_name, list_output_devices
from desktop.playback.output_settings import OutputSettings

sounddevice = pytest.importorskip("sounddevice", exc_type=OSError, reason="no PortAudio here")


DEVICES = [
    {"name": "Speakers", "default_samplerate": 48000.0, "max_output_channels": 2},
    {"name": "Microphone", "default_samplerate": 48000.0, "max_output_channels": 0},
    {"name": "Interface", "default_samplerate": 88200.0, "max_output_channels": 7},
]


def query_devices(index: int | None = None, kind: str = "") -> object:
    return DEVICES[index or 0] if kind or index is not None else DEVICES


class Stream:
    """Stands for a stream of sounddevice on an existing device."""

    latency = 0.01

    def __init__(self, rate: int, **options: object) -> None:
        if rate == 96000:
            raise sounddevice.PortAudioError("Invalid sample rate")
        self.rate, self.options, self.finished = rate, options, options["finished_callback"]

    def close(self) -> None:
        self.finished()  # type: ignore[operator]


@pytest.fixture
def portaudio_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each initialization and termination of PortAudio, which finds one device."""
    calls: list[str] = []
    monkeypatch.setattr(sounddevice, "_terminate", lambda: calls.append("terminated"))
    monkeypatch.setattr(sounddevice, "_initialize", lambda: calls.append("initialised"))
    monkeypatch.setattr(sounddevice, "query_devices", query_devices)
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda index: {"devices": range(len(DEVICES))})
    monkeypatch.setattr(sounddevice, "OutputStream", Stream)
    return calls


def open_device(rate: int = 44100, output: OutputSettings | None = None, channels: int = 2) -> Device:
    return Device(rate, lambda block, underflow: None, lambda: pytest.fail("the device was not lost"), output, channels)


def test_portaudio_is_reinitialized_before_each_open(portaudio_calls: list[str]) -> None:
    for _ in range(2):
        open_device().close()
    assert portaudio_calls == ["terminated", "initialised"] * 2


def test_portaudio_is_not_reinitialized_while_a_stream_is_open(portaudio_calls: list[str]) -> None:
    first = open_device()
    second = open_device()
    assert default_device_name() == "Speakers"
    first.close()
    assert default_device_name() == "Speakers"
    assert portaudio_calls == ["terminated", "initialised"]
    second.close()
    assert default_device_name() == "Speakers"
    assert portaudio_calls == ["terminated", "initialised"] * 2


@pytest.mark.usefixtures("portaudio_calls")
def test_device_that_rejects_the_track_rate_is_opened_at_its_default_rate() -> None:
    opened = open_device(96000)
    assert opened.sample_rate == 48000
    opened.close()


@pytest.mark.usefixtures("portaudio_calls")
def test_output_devices_are_listed_with_their_channels() -> None:
    assert [(device.title, device.channels) for device in list_output_devices()] == [("Speakers", 2), ("Interface", 7)]


@pytest.mark.usefixtures("portaudio_calls")
def test_chosen_device_is_opened_with_its_latency_and_an_even_number_of_its_channels() -> None:
    opened = open_device(96000, OutputSettings("Interface", latency_ms=12), channels=8)
    assert (opened.title, opened.channels, opened.is_fallback, opened.sample_rate) == ("Interface", 6, False, 88200)
    options = opened._stream.options
    assert (options["device"], options["latency"], options["channels"]) == (2, 0.012, 6)
    opened.close()


@pytest.mark.usefixtures("portaudio_calls")
def test_default_device_is_opened_while_the_chosen_one_is_not_connected() -> None:
    opened = open_device(output=OutputSettings("Headphones"), channels=4)
    assert (opened.title, opened.channels, opened.is_fallback) == ("Speakers", 2, True)
    assert opened._stream.options["device"] is None
    opened.close()


@pytest.mark.usefixtures("portaudio_calls")
def test_failed_open_raises_an_error_with_advice_and_leaves_no_open_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def raise_host_error(rate: int, **_: object) -> None:
        raise sounddevice.PortAudioError("Unanticipated host error", -9999)

    monkeypatch.setattr(sounddevice, "OutputStream", raise_host_error)
    with pytest.raises(SoundUnavailableError, match="Close other programs that use it"):
        open_device()
    assert not device._open_streams


def test_missing_device_raises_an_error_with_advice(
    portaudio_calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_no_device(*_: object, **__: object) -> None:
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "query_devices", raise_no_device)
    for call in (open_device, default_device_name):
        with pytest.raises(SoundUnavailableError, match="Connect one, then press play again"):
            call()
    assert portaudio_calls == ["terminated", "initialised"] * 2


def test_underflow_flag_is_passed_to_the_fill_callback() -> None:
    underflows: list[bool] = []
    opened = Device.__new__(Device)
    opened._fill = lambda block, underflow: underflows.append(underflow)
    for flag in (0, 4):  # paOutputUnderflow, portaudio.h
        opened._callback(np.zeros((1, 2), np.float32), 1, None, sounddevice.CallbackFlags(flag))
    assert underflows == [False, True]
