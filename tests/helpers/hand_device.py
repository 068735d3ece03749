"""A sound device that asks for sound when the test does; in place of `desktop.playback.device.Device`."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.device import Fill


class HandDevices:
    """Opens devices, and remembers them; `refusal` is why there is none."""

    def __init__(self, sample_rate: int = 0) -> None:
        """`sample_rate` is the only one that they have; 0 for any."""
        self.opened: list[HandDevice] = []
        self.refusal = ""
        self._rate = sample_rate

    def __call__(self, sample_rate: int, fill: Fill, on_lost: Callable[[], None]) -> "HandDevice":
        if self.refusal:
            raise SoundUnavailableError(self.refusal)
        self.opened.append(HandDevice(self._rate or sample_rate, fill, on_lost))
        return self.opened[-1]

    @property
    def playing(self) -> bool:
        """True while one is started."""
        return any(device.started for device in self.opened)

    def hear(self, frames: int, block: int = 441) -> NDArray[np.float32]:
        """Let the device that was opened last ask for sound: one side of it."""
        return self.opened[-1].hear(frames, block)


class HandDevice:
    """Started, it waits for `hear`."""

    latency = 0.0

    def __init__(self, sample_rate: int, fill: Fill, on_lost: Callable[[], None]) -> None:
        self.sample_rate = sample_rate
        self.lose = on_lost
        self.started = False
        self._fill = fill

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.started = False

    def hear(self, frames: int, block: int) -> NDArray[np.float32]:
        out = np.zeros((frames, 2), np.float32)
        for start in range(0, frames, block):
            self._fill(out[start : start + block], False)
        return out[:, 0]
