"""What is heard: the sound's callback mixes rings, fades and counts, and never waits for anything."""

from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desktop.playback.mixer import RAMP, Mixer, linear
from desktop.playback.ring import Ring
from desktop.playback.voice import Voice

LONGEST = 8192
"""The most frames that are mixed at once."""
# How much of the device's buffer is full, at the least, after a block: PortAudio makes four periods of it on ALSA
# (pa_linux_alsa.c, numPeriods), and asks for a block when one of them is empty.
_FULL = 3 / 4


class Heard(NamedTuple):
    """How far the callback has come."""

    asked: float
    """When the last block was asked for (monotonic seconds)."""
    number: int
    """The seek that is heard; -1 before the first sound."""
    position: int
    """The frame behind that block, at the device's rate."""


class Player:
    """Plays the ring that is `wanted` while `gate` is open. Without a ring, or with the gate closed: silence."""

    def __init__(self, lanes: int) -> None:
        """Prepare to mix so many lanes; `begin` comes before the first block."""
        self.gate = False
        """Open while the song runs; any thread may close it."""
        self.wanted: Ring | None = None
        """Written by the reader: it is played from the next block on. One that answers the same seek as the ring
        that is heard goes on at its place, as soon as it can; any other begins at its own start."""
        self.heard = Heard(0.0, -1, 0)
        self.underflows = 0
        """How often the device ran out of sound: as PortAudio tells, or because a block was asked for too late."""
        self.sample_rate = 44100
        self.latency = 0.0
        """Seconds from the callback to the ear, as the device says; 0 if it does not."""
        self.mixer = Mixer(lanes, self.sample_rate, LONGEST)
        self._master = np.float32(1.0)
        self._open = np.float32(0.0)
        self._voice, self._leaving = Voice(LONGEST), Voice(LONGEST)
        self._fade = int(RAMP * self.sample_rate)
        self._lanes = np.zeros((LONGEST, lanes, 2), dtype=np.float32)
        self._others = np.zeros((LONGEST, lanes, 2), dtype=np.float32)
        self._ramp = np.zeros((LONGEST, 1), dtype=np.float32)
        self._count = np.arange(1, LONGEST + 1, dtype=np.float32)[:, None]

    def begin(self, sample_rate: int, latency: float) -> None:
        """Get ready for a device that was just opened, and forget the rings. No callback may be running."""
        self.sample_rate, self.latency = sample_rate, latency
        self._fade = int(RAMP * sample_rate)
        self.wanted = None
        self.heard = Heard(0.0, -1, 0)
        self._open = np.float32(0.0)
        for voice in (self._voice, self._leaving):
            voice.begin(None, 0.0, self._fade)
        self.mixer.begin(sample_rate)

    @property
    def ring(self) -> Ring | None:
        """The ring that is heard."""
        return self._voice.ring

    @property
    def gaps(self) -> int:
        """How often the sound faded out because the reader was late."""
        return self._voice.gaps + self._leaving.gaps

    @property
    def silent(self) -> bool:
        """True once a closed gate has faded out."""
        return not self.gate and self._open == 0.0

    def set_levels(self, master_db: float, lanes_db: Sequence[float]) -> None:
        """Move towards these levels, in dB: of all together, and of each lane."""
        self._master = np.float32(linear(master_db))
        self.mixer.targets[:] = [linear(db) for db in lanes_db]

    def fill(self, out: NDArray[np.float32], underflow: bool = False) -> None:
        """Fill a block that the device asks for, float32 `[frames, 2]`, after an `underflow` if it says so."""
        self.underflows += underflow or self._is_late()
        for start in range(0, len(out), LONGEST):
            self._fill(out[start : start + LONGEST])
        ring = self.ring
        self.heard = Heard(monotonic(), ring.number if ring else -1, ring.position if ring else 0)

    def _is_late(self) -> bool:
        """Return True when the device may have played all that it had. PulseAudio and PipeWire do not tell."""
        asked = self.heard.asked
        return asked > 0.0 and 0.0 < self.latency * _FULL < monotonic() - asked

    def _fill(self, out: NDArray[np.float32]) -> None:
        self._take_over(len(out))
        if self.silent or self.ring is None:
            out[:] = 0.0
            return
        lanes = self._lanes[: len(out)]
        self._voice.read(lanes)
        if self._leaving.ring:
            # Before the mixer, whose levels move on with every call.
            others = self._others[: len(out)]
            self._leaving.read(others, fading_out=True)
            lanes += others
            if self._leaving.gain == 0.0:
                self._leaving.ring = None
        self.mixer.mix(lanes, out)
        self._apply_gate(out)

    def _take_over(self, frames: int) -> None:
        """Cross-fade to the ring that is wanted; a block of `frames` frames follows."""
        wanted, ring = self.wanted, self.ring
        if wanted is None or wanted is ring or self._leaving.ring:
            return
        if ring and ring.number == wanted.number:
            wanted.skip_to(ring.position)
            if not wanted.can_play(ring.position, frames + self._fade):
                return
        self._voice, self._leaving = self._leaving, self._voice
        audible = self._open > 0.0
        self._voice.begin(wanted, 0.0 if audible else 1.0, self._fade)
        if not audible:
            self._leaving.ring = None

    def _apply_gate(self, out: NDArray[np.float32]) -> None:
        """Fade in and out, and follow the master level."""
        target = self._master if self.gate else np.float32(0.0)
        if self._open == target:
            if target != 1.0:
                out *= target
            return
        ramp = self._ramp[: len(out)]
        step = np.sign(target - self._open) / (RAMP * self.sample_rate)
        np.multiply(self._count[: len(out)], step, out=ramp)
        ramp += self._open
        np.clip(ramp, min(self._open, target), max(self._open, target), out=ramp)
        out *= ramp
        self._open = np.float32(ramp[-1, 0])
