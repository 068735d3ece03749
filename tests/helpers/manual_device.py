"""A replacement for `desktop.playback.device.Device` that renders audio only when the test asks for it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.device import FillCallback


class ManualDevices:
    """Opens devices and records them; raises SoundUnavailableError if `open_error` is set."""

    def __init__(self, sample_rate: int = 0) -> None:
        """Create devices that support only `sample_rate`, or any rate if it is 0."""
        self.devices: list[ManualDevice] = []
        self.open_error = ""
        self._sample_rate = sample_rate

    def __call__(self, sample_rate: int, fill: FillCallback, on_lost: Callable[[], None]) -> "ManualDevice":
        if self.open_error:
            raise SoundUnavailableError(self.open_error)
        self.devices.append(ManualDevice(self._sample_rate or sample_rate, fill, on_lost))
        return self.devices[-1]

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

    def __init__(self, sample_rate: int, fill: FillCallback, on_lost: Callable[[], None]) -> None:
        self.sample_rate = sample_rate
        self.simulate_loss = on_lost
        self.is_started = False
        self._fill = fill

    def start(self) -> None:
        self.is_started = True

    def close(self) -> None:
        self.is_started = False

    def render(self, frames: int, block_frames: int) -> NDArray[np.float32]:
        out = np.zeros((frames, 2), np.float32)
        for start in range(0, frames, block_frames):
            self._fill(out[start : start + block_frames], False)
        return out[:, 0]
