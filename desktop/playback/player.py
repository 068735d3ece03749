"""Player: the audio callback, which mixes rings, fades, counts underflows, and never blocks."""

from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desktop.playback.mixer import RAMP_S, Mixer, db_to_gain
from desktop.playback.ring import LaneSamples, Ring

MAX_BLOCK_FRAMES = 8192
"""Largest number of frames mixed at once."""
# Lowest fill of the device's buffer after a block: PortAudio divides it into four periods on ALSA
# (pa_linux_alsa.c, numPeriods), and requests a block when one of them is empty.
_MIN_BUFFER_FILL = 3 / 4


class CallbackPosition(NamedTuple):
    """Position of the audio callback after its last block."""

    requested_at: float
    """Time of the last block (monotonic seconds)."""
    seek_number: int
    """Number of the seek that is heard; -1 before the first sound."""
    frame: int
    """Frame after that block, at the device's rate."""


class Player:
    """Plays `requested_ring` while the gate is open; silence without a ring or with a closed gate."""

    def __init__(self, lanes: int) -> None:
        """Allocate the buffers for `lanes` lanes; call `reset` before the first block."""
        self.is_gate_open = False
        """True while the track plays; any thread may close the gate."""
        self.requested_ring: Ring | None = None
        """Ring to play from the next block on, written by the reader.

        A ring with the seek number of the current ring continues at the current position once it has read that far;
        any other ring begins at its own start.
        """
        self.last_block = CallbackPosition(0.0, -1, 0)
        self.underflows = 0
        """Number of device underflows: reported by PortAudio, or inferred from a block that was requested too late."""
        self.sample_rate = 44100
        self.latency = 0.0
        """Seconds from the callback to audible sound, as reported by the device; 0 if unknown."""
        self.mixer = Mixer(lanes, self.sample_rate, MAX_BLOCK_FRAMES)
        self._master_gain = np.float32(1.0)
        self._gate_gain = np.float32(0.0)
        self._voice, self._fading_voice = RingVoice(MAX_BLOCK_FRAMES), RingVoice(MAX_BLOCK_FRAMES)
        self._fade_frames = int(RAMP_S * self.sample_rate)
        self._lanes = np.zeros((MAX_BLOCK_FRAMES, lanes, 2), dtype=np.float32)
        self._fading_lanes = np.zeros((MAX_BLOCK_FRAMES, lanes, 2), dtype=np.float32)
        self._ramp_buffer = np.zeros((MAX_BLOCK_FRAMES, 1), dtype=np.float32)
        self._frame_numbers = np.arange(1, MAX_BLOCK_FRAMES + 1, dtype=np.float32)[:, None]

    def reset(self, sample_rate: int, latency: float) -> None:
        """Prepare for a newly opened device and drop all rings; no callback may be running."""
        self.sample_rate, self.latency = sample_rate, latency
        self._fade_frames = int(RAMP_S * sample_rate)
        self.requested_ring = None
        self.last_block = CallbackPosition(0.0, -1, 0)
        self._gate_gain = np.float32(0.0)
        for voice in (self._voice, self._fading_voice):
            voice.assign(None, 0.0, self._fade_frames)
        self.mixer.reset(sample_rate)

    @property
    def current_ring(self) -> Ring | None:
        """Ring that is heard."""
        return self._voice.ring

    @property
    def late_reads(self) -> int:
        """Number of times that the sound faded out because the reader was late."""
        return self._voice.late_reads + self._fading_voice.late_reads

    @property
    def is_silent(self) -> bool:
        """Whether the gate is closed and its fade-out has finished."""
        return not self.is_gate_open and self._gate_gain == 0.0

    def set_levels(self, master_db: float, lanes_db: Sequence[float]) -> None:
        """Set the target levels in dB: `master_db` of the sum, `lanes_db` of each lane."""
        self._master_gain = np.float32(db_to_gain(master_db))
        self.mixer.target_gains[:] = [db_to_gain(db) for db in lanes_db]

    def fill(self, out: NDArray[np.float32], underflow: bool = False) -> None:
        """Fill a requested block, float32 `[frames, 2]`; `underflow` is True if the device reported one before it."""
        self.underflows += underflow or self._is_request_late()
        for start in range(0, len(out), MAX_BLOCK_FRAMES):
            self._fill_chunk(out[start : start + MAX_BLOCK_FRAMES])
        ring = self.current_ring
        self.last_block = CallbackPosition(monotonic(), ring.seek_number if ring else -1, ring.position if ring else 0)

    def _is_request_late(self) -> bool:
        """Return True if the device may have played its whole buffer: PulseAudio and PipeWire do not report it."""
        requested_at = self.last_block.requested_at
        return requested_at > 0.0 and 0.0 < self.latency * _MIN_BUFFER_FILL < monotonic() - requested_at

    def _fill_chunk(self, out: NDArray[np.float32]) -> None:
        self._start_crossfade(len(out))
        if self.is_silent or self.current_ring is None:
            out[:] = 0.0
            return
        lanes = self._lanes[: len(out)]
        self._voice.read(lanes)
        if self._fading_voice.ring:
            # Added before the mixer, whose gain ramps advance with every call.
            fading_lanes = self._fading_lanes[: len(out)]
            self._fading_voice.read(fading_lanes, fading_out=True)
            lanes += fading_lanes
            if self._fading_voice.gain == 0.0:
                self._fading_voice.ring = None
        self.mixer.mix(lanes, out)
        self._apply_gate(out)

    def _start_crossfade(self, frames: int) -> None:
        """Start a cross-fade to the requested ring, before a block of `frames` frames."""
        requested, ring = self.requested_ring, self.current_ring
        if requested is None or requested is ring or self._fading_voice.ring:
            return
        if ring and ring.seek_number == requested.seek_number:
            requested.skip_to(ring.position)
            if not requested.can_play(ring.position, frames + self._fade_frames):
                return
        self._voice, self._fading_voice = self._fading_voice, self._voice
        is_audible = self._gate_gain > 0.0
        self._voice.assign(requested, 0.0 if is_audible else 1.0, self._fade_frames)
        if not is_audible:
            self._fading_voice.ring = None

    def _apply_gate(self, out: NDArray[np.float32]) -> None:
        """Apply the gate's fade and the master level to `out`."""
        target = self._master_gain if self.is_gate_open else np.float32(0.0)
        if self._gate_gain == target:
            if target != 1.0:
                out *= target
            return
        ramp = self._ramp_buffer[: len(out)]
        step = np.sign(target - self._gate_gain) / (RAMP_S * self.sample_rate)
        np.multiply(self._frame_numbers[: len(out)], step, out=ramp)
        ramp += self._gate_gain
        np.clip(ramp, min(self._gate_gain, target), max(self._gate_gain, target), out=ramp)
        out *= ramp
        self._gate_gain = np.float32(ramp[-1, 0])


class RingVoice:
    """Reads one ring in the audio callback, at a gain that changes by at most one step per frame."""

    def __init__(self, max_frames: int) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `read` may get."""
        self.ring: Ring | None = None
        self.gain = 0.0
        """Linear gain of the last frame read, 0 to 1."""
        self.late_reads = 0
        """Number of times that a ring ran dry although its source had more: the reader was late."""
        self._fade_frames = 1
        self._is_running_dry = False
        self._frame_numbers = np.arange(1, max_frames + 1, dtype=np.float32)
        self._gain_buffer = np.zeros(max_frames, dtype=np.float32)
        self._limit_buffer = np.zeros(max_frames, dtype=np.float32)

    def assign(self, ring: Ring | None, gain: float, fade: int) -> None:
        """Read another ring, starting at a gain of 0 (fade in) or 1 (at once); a full fade takes `fade` frames."""
        self.ring, self.gain, self._fade_frames, self._is_running_dry = ring, gain, fade, False

    def read(self, out: LaneSamples, fading_out: bool = False) -> None:
        """Fill `out` with the next frames of the ring, and with silence where the ring is empty."""
        ring = self.ring
        count = ring.read_into(out) if ring else 0
        out[count:] = 0.0
        if ring is None:
            return
        self._check_running_dry(ring, count < len(out))
        if self.gain < 1.0 or self._is_running_dry or fading_out:
            gains = self._fade_gains(count, ring.readable_frames, fading_out)
            out[:count] *= gains[:, None, None]
            self.gain = float(gains[-1]) if count else self.gain
        if count < len(out):
            self.gain = 0.0

    def _check_running_dry(self, ring: Ring, is_dry: bool) -> None:
        """Detect that the ring is about to run dry, early enough to fade out its last frames."""
        is_running_dry = not ring.is_complete and (is_dry or ring.readable_frames < self._fade_frames)
        if is_running_dry and not self._is_running_dry and not ring.is_starved:
            self.late_reads += 1
        self._is_running_dry = is_running_dry

    def _fade_gains(self, count: int, ahead: int, fading_out: bool) -> LaneSamples:
        """Return the gain of each of `count` frames, float32 `[count]`; the ring has `ahead` more frames after them."""
        gains, limits = self._gain_buffer[:count], self._limit_buffer[:count]
        np.multiply(self._frame_numbers[:count], (-1.0 if fading_out else 1.0) / self._fade_frames, out=gains)
        gains += self.gain
        if self._is_running_dry:
            # The last available frame is silent.
            np.subtract(count + ahead, self._frame_numbers[:count], out=limits)
            limits /= self._fade_frames
            np.minimum(gains, limits, out=gains)
        return np.clip(gains, 0.0, 1.0, out=gains)
