"""Test tone for the settings of the output: left, then right, then both."""

import threading

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.device import Device
from desktop.playback.mixer import ramp_frames
from desktop.playback.output_settings import OutputSettings
from desktop.text.message import Message

_FREQUENCY_HZ = 440.0
_LEVEL = 0.1
"""Amplitude of the tone: -20 dBFS."""
_PART_S = 1.0
_POLL_INTERVAL_S = 0.05
_NOT_CONNECTED = Message("The chosen sound device is not connected.")


def play_test_tone(settings: OutputSettings, stop: threading.Event | None = None) -> None:
    """Play a quiet tone for a second on the left, the right and both channels of the chosen device, and wait for its end.

    `stop` ends it early. Raises SoundUnavailableError, also if the chosen device is not connected.
    """
    stop = stop or threading.Event()
    tone = _Tone()
    device = Device(48000, tone.fill, tone.end, settings)
    try:
        if device.is_fallback:
            raise SoundUnavailableError(_NOT_CONNECTED)
        tone.samples = create_test_tone(device.sample_rate)
        device.start()
        while not (tone.has_ended or stop.is_set()):
            stop.wait(_POLL_INTERVAL_S)
        stop.wait(device.latency)
    finally:
        device.close()


def create_test_tone(sample_rate: int) -> NDArray[np.float32]:
    """Return the tone, float32 `[frames, 2]`; each of its parts fades in and out."""
    frames, fade_frames = round(_PART_S * sample_rate), ramp_frames(sample_rate)
    part = _LEVEL * np.sin(2 * np.pi * _FREQUENCY_HZ / sample_rate * np.arange(frames))
    fade = np.linspace(0.0, 1.0, fade_frames)
    part[:fade_frames] *= fade
    part[-fade_frames:] *= fade[::-1]
    tone = np.zeros((3 * frames, 2), np.float32)
    tone[:frames, 0] = tone[frames : 2 * frames, 1] = part
    tone[2 * frames :] = part[:, None]
    return tone


class _Tone:
    """Audio callback that plays samples once."""

    def __init__(self) -> None:
        self.samples = np.zeros((0, 2), np.float32)
        self.has_ended = False
        self._position = 0

    def end(self) -> None:
        """End the tone, because the device was lost."""
        self.has_ended = True

    def fill(self, out: NDArray[np.float32], _underflow: bool) -> None:
        """Fill a block, float32 `[frames, 2]`."""
        count = min(len(out), len(self.samples) - self._position)
        out[:count] = self.samples[self._position : self._position + count]
        out[count:].fill(0.0)
        self._position += count
        self.has_ended = self.has_ended or self._position >= len(self.samples)
