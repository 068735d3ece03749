"""The sound device, and the callback that feeds it: it copies, mixes and counts, and never waits for anything."""

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.errors import SoundUnavailableError
from desktop.playback.mixer import RAMP, Mixer, linear
from desktop.playback.ring import Ring

# Seconds between the mixer and the ear: short enough that a mute is heard within 50 ms.
LATENCY = 0.04
LONGEST = 8192
_NO_DEVICE = "There is no sound device. Connect one, then press play again."


def default_device() -> str:
    """Name of the device that would play. Raises SoundUnavailableError."""
    sounddevice = _sounddevice()
    try:
        return str(sounddevice.query_devices(kind="output")["name"])
    except (sounddevice.PortAudioError, ValueError) as error:
        raise SoundUnavailableError(_NO_DEVICE) from error


class Player:
    """An open device. It plays a ring from when `gate` is opened; without one, or with the gate closed, silence."""

    def __init__(self, sample_rate: int, lanes: int, on_lost: Callable[[], None]) -> None:
        """Open the default device, at `sample_rate` if it can. Raises SoundUnavailableError.

        `on_lost` is called, from another thread, when the device goes away by itself.
        """
        self.gate = False
        """Open while the song runs; anybody may close it."""
        self.master = np.float32(1.0)
        self.next_ring: Ring | None = None
        """Put here, it takes over with a short cross-fade."""
        self.ring: Ring | None = None
        self.heard: tuple[float, int] = (0.0, 0)
        """When the last block was asked for (monotonic seconds), and the position behind it."""
        self._open = np.float32(0.0)
        self._dry = False
        self._on_lost = on_lost
        self._quiet = False
        self._turns = threading.Lock()
        self.stream, self.sample_rate = self._open_stream(sample_rate)
        self.mixer = Mixer(lanes, self.sample_rate, LONGEST)
        self._lanes = np.zeros((LONGEST, lanes, 2), dtype=np.float32)
        self._other = np.zeros((LONGEST, 2), dtype=np.float32)
        self._fade = np.zeros((LONGEST, 1), dtype=np.float32)
        self._count = np.arange(1, LONGEST + 1, dtype=np.float32)[:, None]
        self.stream.start()

    def set_levels(self, master_db: float, lanes_db: Sequence[float]) -> None:
        """Move towards these levels, in dB: of all together, and of each lane."""
        self.master = np.float32(linear(master_db))
        self.mixer.targets[:] = [linear(db) for db in lanes_db]

    @property
    def latency(self) -> float:
        """Seconds from the callback to the ear, as the device says."""
        return float(self.stream.latency)

    @property
    def silent(self) -> bool:
        """True once a closed gate has faded out."""
        return not self.gate and self._open == 0.0

    def rest(self) -> None:
        """Stop the device while the gate is closed: silence costs a few percent of a core, too."""
        with self._turns:
            if not self.gate and self.stream.active:
                self._quiet = True
                self.stream.stop()

    def open_gate(self) -> None:
        """Let the song be heard. Raises SoundUnavailableError."""
        with self._turns:
            self._quiet = False
            if not self.stream.active:
                try:
                    self.stream.start()
                except _sounddevice().PortAudioError as error:
                    raise SoundUnavailableError(_NO_DEVICE) from error
            self.gate = True

    def close(self) -> None:
        """Give the device back."""
        self._quiet = True
        self.stream.close()

    def _open_stream(self, sample_rate: int) -> tuple[Any, int]:
        sounddevice = _sounddevice()
        try:
            own_rate = int(sounddevice.query_devices(kind="output")["default_samplerate"])
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SoundUnavailableError(_NO_DEVICE) from error
        # A device that refuses the song's rate is given its own; the reader resamples.
        for rate in (sample_rate, own_rate):
            try:
                stream = sounddevice.OutputStream(
                    rate, channels=2, dtype="float32", latency=LATENCY, callback=self._callback,
                    finished_callback=self._finished,
                )  # fmt: skip
            except sounddevice.PortAudioError as error:
                trouble = error
            else:
                return stream, rate
        raise SoundUnavailableError(f"The sound device cannot be opened ({trouble}). Close what else uses it.")

    def _finished(self) -> None:
        if not self._quiet:
            self._on_lost()

    def _callback(self, out: NDArray[np.float32], frames: int, _time: object, _status: object) -> None:
        out[:] = 0.0
        for start in range(0, frames, LONGEST):
            self._fill(out[start : start + LONGEST])
        ring = self.ring
        self.heard = (monotonic(), ring.position if ring else 0)

    def _fill(self, out: NDArray[np.float32]) -> None:
        following = self.next_ring
        if following is not None:
            self._change_over(out, following)
        elif self.ring is not None and not self.silent:
            self._play(self.ring, out)
        self._gate(out)

    def _play(self, ring: Ring, out: NDArray[np.float32]) -> None:
        """What the ring has; silence for what it lacks."""
        lanes = self._lanes[: len(out)]
        count = ring.take(lanes)
        lanes[count:] = 0.0
        self.mixer.mix(lanes, out)
        if not ring.finished:
            self._soften(out, count)

    def _soften(self, out: NDArray[np.float32], count: int) -> None:
        """Let the sound fade where the ring ran dry after `count` frames, and where it goes on."""
        ramp = min(count, int(RAMP * self.sample_rate))
        if self._dry and ramp:
            out[:ramp] *= self._count[:ramp] / ramp
        self._dry = count < len(out)
        if self._dry and ramp:
            out[count - ramp : count] *= 1.0 - self._count[:ramp] / ramp

    def _change_over(self, out: NDArray[np.float32], following: Ring) -> None:
        """From the old place in the song to the new one, within this block."""
        self.next_ring = None
        earlier, self.ring = self.ring, following
        if following.joins and earlier is not None:
            following.skip_to(earlier.position)
        if self.silent:
            return
        fade = np.minimum(self._count[: len(out)] / (RAMP * self.sample_rate), 1.0, out=self._fade[: len(out)])
        self._play(following, out)
        out *= fade
        if earlier is not None:
            other = self._other[: len(out)]
            self._play(earlier, other)
            other *= 1.0 - fade
            out += other

    def _gate(self, out: NDArray[np.float32]) -> None:
        """Fade in and out, and follow the master level."""
        target = self.master if self.gate else np.float32(0.0)
        if self._open == target:
            if target != 1.0:
                out *= target
            return
        fade = self._fade[: len(out)]
        step = np.sign(target - self._open) / (RAMP * self.sample_rate)
        np.multiply(self._count[: len(out)], step, out=fade)
        fade += self._open
        np.clip(fade, min(self._open, target), max(self._open, target), out=fade)
        out *= fade
        self._open = np.float32(fade[-1, 0])


def _sounddevice() -> Any:
    # Imported late: it loads PortAudio, which looks for devices, and the window shall be there first.
    try:
        import sounddevice
    except OSError as error:
        raise SoundUnavailableError("Sound needs PortAudio. Install it: sudo apt-get install libportaudio2") from error
    return sounddevice
