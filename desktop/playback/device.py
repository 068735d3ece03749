"""Sound devices: the list of those that can play, and the stream on one of them.

On Linux the devices are the outputs of the sound server where ALSA leads to one (`sound_server.py`), and those of
PortAudio elsewhere.
"""

import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.output_settings import OutputSettings
from desktop.playback.sound_server import (
    OutputDevice,
    OutputWatch,
    ServerOutputs,
    query_server_outputs,
    selected_output,
)
from desktop.text.message import Message

FillCallback = Callable[[NDArray[np.float32], bool], None]
"""Fills a block, float32 `[frames, channels]`; the bool is True if the device underflowed before this block."""
_NO_DEVICE = Message("There is no sound device. Connect one, then press play again.")
_CANNOT_OPEN_DEVICE = Message(
    "The sound device cannot be opened. Close other programs that use it, then press play again."
)
_NO_PORTAUDIO = Message("Sound needs PortAudio. Install it: {command}", command="sudo apt-get install libportaudio2")
# Names of the devices by which ALSA leads to a sound server.
_SERVER_DEVICES = ("pulse", "pipewire")
_log = logging.getLogger(__name__)
# PortAudio, its device list and the open streams are shared by the whole process.
_portaudio_lock = threading.Lock()
_open_streams: set[int] = set()


def default_device_name() -> str:
    """Return the name of the default output device. Raises SoundUnavailableError if there is none."""
    with _portaudio_lock:
        return str(_query_default_output(_refresh_devices())["name"])


def preload() -> None:
    """Load PortAudio ahead of the first play: that takes as long as to initialise it again then."""
    with _portaudio_lock, suppress(SoundUnavailableError):
        _import_sounddevice()


def list_output_devices() -> list[OutputDevice]:
    """Return the devices that can play; none if there is no PortAudio. May block while a sound server does not respond.

    PortAudio's own list is not refreshed while a stream is open.
    """
    with _portaudio_lock:
        try:
            sounddevice = _refresh_devices()
        except SoundUnavailableError:
            return []
        server = _query_server(sounddevice)
        return list(server.devices) if server else list(_list_portaudio_outputs(sounddevice).values())


class Device:
    """Output stream on the chosen device, or on the default one while that is not connected; for use by one thread."""

    def __init__(
        self,
        sample_rate: int,
        fill: FillCallback,
        on_lost: Callable[[], None],
        output: OutputSettings | None = None,
        channels: int = 2,
    ) -> None:
        """Open the device, at `sample_rate` and with `channels` channels if it has them. Raises SoundUnavailableError.

        `fill` is called for each block in PortAudio's thread. `on_lost` is called in another thread if the device
        disappears, and if the chosen one, in whose place the default one plays, is connected again.
        """
        self._fill = fill
        self._on_lost = on_lost
        self._is_closing = False
        self._watch: OutputWatch | None = None
        self._output = output or OutputSettings()
        with _portaudio_lock:
            target = self._target = _find_target(_refresh_devices(), self._output.device)
            self.title = target.title
            """Name for the user."""
            self.is_fallback = bool(self._output.device) and not target.is_chosen
            """Whether this is the default device because the chosen one is not connected."""
            self.channels = max(2, min(channels, target.channels) // 2 * 2)
            """Number of channels of a block, an even number."""
            self._stream, self.sample_rate = self._open(sample_rate)
            _open_streams.add(id(self))

    @property
    def latency(self) -> float:
        """Output latency in seconds, from the callback to audible sound."""
        return float(self._stream.latency)

    def start(self) -> None:
        """Start the stream. Raises SoundUnavailableError if the device refuses."""
        try:
            with selected_output(self._target.server_name):
                self._stream.start()
        except _import_sounddevice().PortAudioError as error:
            _log.warning("The sound device did not start: %s", error)
            raise SoundUnavailableError(_NO_DEVICE) from error
        if self._output.device and self._target.is_server:
            self._watch = OutputWatch(self._output.device, self._target.is_chosen, self._on_finished)

    def close(self) -> None:
        """Close the stream and release the device."""
        self._is_closing = True
        if self._watch:
            self._watch.close()
        with _portaudio_lock:
            self._stream.close()
            _open_streams.discard(id(self))

    def _open(self, sample_rate: int) -> tuple[Any, int]:
        sounddevice, target = _import_sounddevice(), self._target
        # If the device refuses the track's sample rate, open it at its default rate; the reader resamples.
        for rate in (sample_rate, target.sample_rate):
            try:
                with selected_output(target.server_name):
                    stream = sounddevice.OutputStream(
                        rate, device=target.portaudio_device, channels=self.channels, dtype="float32",
                        latency=self._output.latency_ms / 1000, callback=self._callback,
                        finished_callback=self._on_finished,
                    )  # fmt: skip
            except sounddevice.PortAudioError as error:
                last_error = error
            else:
                return stream, rate
        _log.warning("The sound device could not be opened: %s", last_error)
        raise SoundUnavailableError(_CANNOT_OPEN_DEVICE) from last_error

    def _callback(self, out: NDArray[np.float32], _frames: int, _time: object, status: Any) -> None:
        self._fill(out, bool(status.output_underflow))

    def _on_finished(self) -> None:
        if not self._is_closing:
            self._on_lost()


@dataclass(frozen=True)
class _Target:
    """What is opened: the chosen device or the default one."""

    title: str
    channels: int
    sample_rate: int
    """Default sample rate in Hz."""
    portaudio_device: int | None
    """Index in PortAudio's list; None for its default device."""
    is_server: bool
    """Whether a sound server plays it."""
    server_name: str = ""
    """Name of the output of the server; empty for the server's default."""
    is_chosen: bool = False


def _find_target(sounddevice: Any, name: str) -> _Target:
    """Return the device with this name, or the default one. Raises SoundUnavailableError if there is none."""
    default = _query_default_output(sounddevice)
    rate, server = int(default["default_samplerate"]), _query_server(sounddevice)
    if server:
        chosen = next((device for device in server.devices if device.name == name), None)
        found = chosen or server.default
        title, channels = (found.title, found.channels) if found else (str(default["name"]), 2)
        index = _server_device(sounddevice) if chosen else None
        return _Target(title, channels, rate, index, True, chosen.name if chosen else "", chosen is not None)
    for index, device in _list_portaudio_outputs(sounddevice).items():
        if device.name == name:
            own_rate = int(sounddevice.query_devices(index)["default_samplerate"])
            return _Target(device.title, device.channels, own_rate, index, False, is_chosen=True)
    return _Target(str(default["name"]), int(default["max_output_channels"]), rate, None, False)


def _query_server(sounddevice: Any) -> ServerOutputs | None:
    """Return the outputs of the sound server; None if ALSA does not lead to one."""
    return None if _server_device(sounddevice) is None else query_server_outputs()


def _server_device(sounddevice: Any) -> int | None:
    """Return the index of the device of PortAudio that plays on the sound server."""
    names = [device["name"] for device in sounddevice.query_devices()] if sys.platform == "linux" else []
    return next((names.index(name) for name in _SERVER_DEVICES if name in names), None)


def _list_portaudio_outputs(sounddevice: Any) -> dict[int, OutputDevice]:
    """Return the output devices of PortAudio's default system of drivers by index."""
    host_api = sounddevice.query_hostapis(sounddevice.default.hostapi)
    devices = ((index, sounddevice.query_devices(index)) for index in host_api["devices"])
    return {
        index: OutputDevice(device["name"], device["name"], device["max_output_channels"])
        for index, device in devices
        if device["max_output_channels"] > 0
    }


def _query_default_output(sounddevice: Any) -> Any:
    try:
        return sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise SoundUnavailableError(_NO_DEVICE) from error


def _refresh_devices() -> Any:
    """Return the sounddevice module, with a current device list unless a stream is open. Raises SoundUnavailableError.

    PortAudio lists devices only when it is initialised: a device that is connected, or becomes the default, later is
    found only after PortAudio was terminated, which ends all streams (portaudio.com/docs, Pa_Initialize). sounddevice
    has no public function for that. It takes some 50 ms on a machine without sound hardware.
    """
    was_imported = "sounddevice" in sys.modules
    sounddevice = _import_sounddevice()
    if was_imported and not _open_streams:
        try:
            if sounddevice._initialized:
                sounddevice._terminate()
            sounddevice._initialize()
        except sounddevice.PortAudioError as error:
            raise SoundUnavailableError(_NO_DEVICE) from error
    return sounddevice


def _import_sounddevice() -> Any:
    # Imported late: it loads PortAudio, which searches for devices, and the window should appear first.
    try:
        import sounddevice
    except OSError as error:
        raise SoundUnavailableError(_NO_PORTAUDIO) from error
    return sounddevice
