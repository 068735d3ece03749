"""Sound device: the system's default output at the time it is opened."""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.text.message import Message

LATENCY_S = 0.04
"""Requested output latency in seconds: short enough that a mute is heard within 50 ms."""
FillCallback = Callable[[NDArray[np.float32], bool], None]
"""Fills a block, float32 `[frames, 2]`; the bool is True if the device underflowed before this block."""
_NO_DEVICE = Message("There is no sound device. Connect one, then press play again.")
_CANNOT_OPEN_DEVICE = Message(
    "The sound device cannot be opened. Close other programs that use it, then press play again."
)
_NO_PORTAUDIO = Message("Sound needs PortAudio. Install it: {command}", command="sudo apt-get install libportaudio2")
_log = logging.getLogger(__name__)
# PortAudio, its device list and the open streams are shared by the whole process.
_portaudio_lock = threading.Lock()
_open_streams: set[int] = set()


def default_device_name() -> str:
    """Return the name of the default output device. Raises SoundUnavailableError if there is none."""
    with _portaudio_lock:
        return str(_query_default_output(_refresh_devices())["name"])


class Device:
    """Output stream on the default device, for use by one thread."""

    def __init__(self, sample_rate: int, fill: FillCallback, on_lost: Callable[[], None]) -> None:
        """Open the default output, at `sample_rate` if the device supports it. Raises SoundUnavailableError.

        `fill` is called for each block in PortAudio's thread, `on_lost` in another thread if the device disappears.
        """
        self._fill = fill
        self._on_lost = on_lost
        self._is_closing = False
        with _portaudio_lock:
            self._stream, self.sample_rate = self._open(sample_rate)
            _open_streams.add(id(self))

    @property
    def latency(self) -> float:
        """Output latency in seconds, from the callback to audible sound."""
        return float(self._stream.latency)

    def start(self) -> None:
        """Start the stream. Raises SoundUnavailableError if the device refuses."""
        try:
            self._stream.start()
        except _import_sounddevice().PortAudioError as error:
            _log.warning("The sound device did not start: %s", error)
            raise SoundUnavailableError(_NO_DEVICE) from error

    def close(self) -> None:
        """Close the stream and release the device."""
        self._is_closing = True
        with _portaudio_lock:
            self._stream.close()
            _open_streams.discard(id(self))

    def _open(self, sample_rate: int) -> tuple[Any, int]:
        sounddevice = _refresh_devices()
        default_rate = int(_query_default_output(sounddevice)["default_samplerate"])
        # If the device refuses the track's sample rate, open it at its default rate; the reader resamples.
        for rate in (sample_rate, default_rate):
            try:
                stream = sounddevice.OutputStream(
                    rate, channels=2, dtype="float32", latency=LATENCY_S, callback=self._callback,
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
