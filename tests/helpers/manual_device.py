"""A replacement for `desktop.playback.device.Device` that renders audio only when the test asks for it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.device import FillCallback
from desktop.playback.output_settings import OutputSettings


class ManualDevices:
    """Opens devices and records them; raises SoundUnavailableError if `open_error` is set."""

    def __init__(self, sample_rate: int = 0) -> None:
        """Create devices that support only `sample_rate`, or any rate if it is 0."""
        self.devices: list[ManualDevice] = []
        self.open_error = ""
        self.sample_rate = sample_rate
        self.channels = 2
        """Channels of every device."""
        self.connected: set[str] = set()
        """Devices that can be chosen."""
        self.default = "Speakers"

    def __call__(
        self,
        sample_rate: int,
        fill: FillCallback,
        on_lost: Callable[[], None],
        output: OutputSettings | None = None,
        channels: int = 2,
    ) -> "ManualDevice":
        if self.open_error:
            raise SoundUnavailableError(self.open_error)
        chosen = output.device if output else ""
        device = ManualDevice(self.sample_rate or sample_rate, fill, on_lost, min(channels, self.channels))
        device.is_fallback = bool(chosen) and chosen not in self.connected
        device.latency_ms = output.latency_ms if output else 0
        device.title = chosen if chosen in self.connected else self.default
        self.devices.append(device)
        return device

    @property
    def is_playing(self) -> bool:
        """True while a device is started."""
        return any(device.is_started for device in self.devices)

    def render(self, frames: int, block_frames: int = 441) -> NDArray[np.float32]:
        """Render audio on the device opened last, and return its left channel."""
        return self.devices[-1].render(frames, block_frames)


class ManualDevice:
    """A device that renders only when `render` is called."""

    latency = 0.0

    def __init__(self, sample_rate: int, fill: FillCallback, on_lost: Callable[[], None], channels: int = 2) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.title, self.is_fallback, self.latency_ms = "", False, 0
        self.simulate_loss = on_lost
        self.is_started = False
        self._fill = fill

    def start(self) -> None:
        self.is_started = True

    def close(self) -> None:
        self.is_started = False

    def render(self, frames: int, block_frames: int) -> NDArray[np.float32]:
        """Render audio and return its first channel."""
        return self.render_channels(frames, block_frames)[:, 0]

    def render_channels(self, frames: int, block_frames: int = 441) -> NDArray[np.float32]:
        """Render audio, float32 `[frames, channels]`."""
        out = np.zeros((frames, self.channels), np.float32)
        for start in range(0, frames, block_frames):
            self._fill(out[start : start + block_frames], False)
        return out
