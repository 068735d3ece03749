"""Player: the audio callback, which mixes rings, fades, counts underflows, and neither blocks nor allocates buffers."""

from collections.abc import Sequence
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from desktop.playback.levels import Levels
from desktop.playback.limiter import Limiter
from desktop.playback.meters import LevelMeter
from desktop.playback.mixer import GainRamp, Mixer, ramp_frames
from desktop.playback.ring import LaneSamples, Ring
from desktop.playback.status import CAPACITY, CallbackPosition, SoundStatus

MAX_BLOCK_FRAMES = 8192
"""Largest number of frames mixed at once."""
# Lowest fill of the device's buffer after a block: PortAudio divides it into four periods on ALSA
# (pa_linux_alsa.c, numPeriods), and requests a block when one of them is empty.
_MIN_BUFFER_FILL = 3 / 4
_SILENT, _FULL = np.zeros(1, dtype=np.float32), np.ones(1, dtype=np.float32)


class Player:
    """Plays `requested_ring` while the gate is open; silence without a ring or with a closed gate."""

    def __init__(self, lanes: int, status: SoundStatus | None = None) -> None:
        """Allocate the buffers for `lanes` lanes; call `reset` before the first block.

        `status` is where position, levels and dropouts are published, which begin anew.
        """
        self.status = status or SoundStatus(capacity=max(lanes, CAPACITY))
        self.status.reset()
        self.is_gate_open = False
        """True while the track plays; any thread may close the gate."""
        self.requested_ring: Ring | None = None
        """Ring to play from the next block on, written by the reader.

        A ring with the seek number of the current ring continues at the current position once it has read that far;
        any other ring begins at its own start.
        """
        self.sample_rate = 44100
        self.device_number = 0
        """Number of devices that `reset` has prepared for."""
        self.has_limiter = False
        """Whether the sum is limited; may be set from any thread."""
        self.device_latency = 0.0
        """Seconds from the callback to audible sound, as reported by the device; 0 if unknown."""
        self.mixer = Mixer(lanes, self.sample_rate, MAX_BLOCK_FRAMES, self.status.lanes)
        self._lane_count = lanes
        self._master_gain = 1.0
        self._voice, self._fading_voice = RingVoice(lanes, MAX_BLOCK_FRAMES), RingVoice(lanes, MAX_BLOCK_FRAMES)
        self._lanes = np.zeros((MAX_BLOCK_FRAMES, lanes, 2), dtype=np.float32)
        self._fading_lanes = np.zeros((MAX_BLOCK_FRAMES, lanes, 2), dtype=np.float32)
        self._prepare_output(1)

    def _prepare_output(self, pairs: int) -> None:
        """Allocate what depends on the sample rate and on the stereo pairs of the device, of which there are `pairs`."""
        self._fade_frames = ramp_frames(self.sample_rate)
        self._gate = GainRamp(pairs, 0.0, self.sample_rate, MAX_BLOCK_FRAMES)
        self._limiter = Limiter(self.sample_rate, MAX_BLOCK_FRAMES, pairs)
        self._pair_meter = LevelMeter(pairs, MAX_BLOCK_FRAMES, self.status.pairs)
        self._undelivered_frames = 0
        self._sums = np.zeros((MAX_BLOCK_FRAMES, pairs, 2), dtype=np.float32)
        self._channels = self._sums.reshape(MAX_BLOCK_FRAMES, 2 * pairs)

    def reset(
        self, sample_rate: int, latency: float, lane_pairs: Sequence[int] | None = None, channels: int = 2
    ) -> None:
        """Prepare for a newly opened device and drop all rings; no callback may be running.

        `latency` is in seconds. `lane_pairs` has the index of the device's stereo pair for each lane; None sends all to
        the first. The device has an even number of `channels`.
        """
        self.sample_rate, self.device_latency = sample_rate, latency
        self.device_number += 1
        self.requested_ring = None
        self._publish(0.0, None)
        self._prepare_output(channels // 2)
        for voice in (self._voice, self._fading_voice):
            voice.set_fade(self._fade_frames)
            voice.assign(None, is_faded_in=False)
        self.mixer.reset(sample_rate, lane_pairs)

    @property
    def latency(self) -> float:
        """Seconds from the callback to audible sound, with the delay of the limiter; 0 if unknown."""
        delay = self._limiter.delay_frames / self.sample_rate if self.has_limiter else 0.0
        return self.device_latency + delay if self.device_latency else 0.0

    @property
    def last_block(self) -> CallbackPosition:
        """Position of the callback after its last block; may be read from any thread."""
        return self.status.position.read()

    @property
    def current_ring(self) -> Ring | None:
        """Ring that is heard."""
        return self._voice.ring

    @property
    def late_reads(self) -> int:
        """Number of times that the sound faded out because the reader was late."""
        return self._voice.late_reads + self._fading_voice.late_reads

    @property
    def underflows(self) -> int:
        """Number of device underflows: reported by PortAudio, or inferred from a block that was requested too late."""
        return self.status.dropouts.underflows

    def set_gains(self, master: float, lanes: Sequence[tuple[float, float]]) -> None:
        """Set the target gains, linear: `master` of the sum, `lanes` of the left and the right channel of each lane."""
        self._master_gain = master
        self.mixer.target_gains[:] = lanes

    def take_levels(self) -> Levels:
        """Return the levels since the last call, for use by one thread."""
        return self.status.take_levels(self._lane_count)

    def fill(self, out: NDArray[np.float32], underflow: bool = False) -> None:
        """Fill a requested block, float32 `[frames, channels]`; `underflow` is True if the device reported one before it.

        The device has the channels that `reset` was told.
        """
        if underflow or self._is_request_late():
            self.status.count_underflow()
        for start in range(0, len(out), MAX_BLOCK_FRAMES):
            self._fill_chunk(out[start : start + MAX_BLOCK_FRAMES])
        self.status.set_late_reads(self.late_reads)
        self.status.note_reduction(self._limiter.take_reduction())
        self._publish(monotonic(), self.current_ring)

    def _publish(self, requested_at: float, ring: Ring | None) -> None:
        seek_number, frame, number = (ring.seek_number, ring.position, ring.number) if ring else (-1, 0, -1)
        self.status.position.write(
            requested_at, seek_number, frame, number, self.sample_rate, self.latency, self.device_number
        )

    def _is_request_late(self) -> bool:
        """Return True if the device may have played its whole buffer: PulseAudio and PipeWire do not report it."""
        requested_at = self.status.position.requested_at
        return requested_at > 0.0 and 0.0 < self.device_latency * _MIN_BUFFER_FILL < monotonic() - requested_at

    def _fill_chunk(self, out: NDArray[np.float32]) -> None:
        self._start_crossfade(len(out))
        sums = self._sums[: len(out)]
        self._gate.targets.fill(self._master_gain if self.is_gate_open else 0.0)
        if self.current_ring is not None and (self.is_gate_open or self._gate.is_audible):
            self._mix_rings(sums)
            self._undelivered_frames = self._limiter.delay_frames
        else:
            sums.fill(0.0)
        if self._undelivered_frames > 0 or self.is_gate_open:
            self._undelivered_frames -= len(out)
            self._limiter.is_on = self.has_limiter
            self._limiter.process(sums)
            self._pair_meter.add(sums)
        np.copyto(out, self._channels[: len(out)])

    def _mix_rings(self, sums: LaneSamples) -> None:
        """Mix the next frames of the rings into `sums`, float32 `[frames, pairs, 2]`, at the level of the master."""
        lanes = self._lanes[: len(sums)]
        self._voice.read(lanes)
        if self._fading_voice.ring:
            # Added before the mixer, whose gain ramps advance with every call.
            fading_lanes = self._fading_lanes[: len(sums)]
            self._fading_voice.read(fading_lanes, fading_out=True)
            np.add(lanes, fading_lanes, out=lanes)
            if self._fading_voice.is_silent:
                self._fading_voice.ring = None
        self.mixer.mix(lanes, sums)
        self._gate.apply(sums)

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
        is_audible = self._gate.is_audible
        self._voice.assign(requested, is_faded_in=not is_audible)
        if not is_audible:
            self._fading_voice.ring = None


class RingVoice:
    """Reads one ring in the audio callback, at a gain that changes by at most one step per frame."""

    def __init__(self, lanes: int, max_frames: int) -> None:
        """Allocate the buffers; `max_frames` is the most frames that one call of `read` may get."""
        self.ring: Ring | None = None
        self.late_reads = 0
        """Number of times that a ring ran dry although its source had more: the reader was late."""
        self._fade_frames = 1
        self._is_running_dry = False
        # Arrays of one element in place of numbers: see mixer.py.
        self._gain, self._fade_length, self._frames_left = np.zeros((3, 1), dtype=np.float32)
        self._frame_numbers = np.arange(1, max_frames + 1, dtype=np.float32)
        self._steps = np.zeros(max_frames, dtype=np.float32)
        self._gain_buffer = np.zeros(max_frames, dtype=np.float32)
        self._limit_buffer = np.zeros(max_frames, dtype=np.float32)
        self._lane_gains = np.zeros((max_frames, lanes, 2), dtype=np.float32)

    def set_fade(self, frames: int) -> None:
        """Set the length of a full fade in frames, while `read` is not called."""
        self._fade_frames = frames
        self._fade_length[0] = frames
        np.multiply(self._frame_numbers, np.float32(1.0 / frames), out=self._steps)

    def assign(self, ring: Ring | None, is_faded_in: bool) -> None:
        """Read another ring, from its first frame on at full gain if `is_faded_in`, and with a fade-in otherwise."""
        self.ring, self._is_running_dry = ring, False
        self._gain[0] = 1.0 if is_faded_in else 0.0

    @property
    def is_silent(self) -> bool:
        """Whether the gain of the last frame was 0."""
        return self._gain.item(0) == 0.0

    def read(self, out: LaneSamples, fading_out: bool = False) -> None:
        """Fill `out` with the next frames of the ring, and with silence where the ring is empty."""
        ring = self.ring
        count = ring.read_into(out) if ring else 0
        if count < len(out):
            out[count:].fill(0.0)
        if ring is None:
            return
        self._check_running_dry(ring, count < len(out))
        if count and (self._gain.item(0) < 1.0 or self._is_running_dry or fading_out):
            self._fade(out[:count], ring.readable_frames, fading_out)
        if count < len(out):
            self._gain[0] = 0.0

    def _check_running_dry(self, ring: Ring, is_dry: bool) -> None:
        """Detect that the ring is about to run dry, early enough to fade out its last frames."""
        is_running_dry = not ring.is_complete and (is_dry or ring.readable_frames < self._fade_frames)
        if is_running_dry and not self._is_running_dry and not ring.is_starved:
            self.late_reads += 1
        self._is_running_dry = is_running_dry

    def _fade(self, sound: LaneSamples, ahead: int, fading_out: bool) -> None:
        """Scale each frame of `sound`, which is not empty; the ring has `ahead` more frames after it."""
        count = len(sound)
        gains, limits = self._gain_buffer[:count], self._limit_buffer[:count]
        step = np.subtract if fading_out else np.add
        step(self._gain, self._steps[:count], out=gains)
        if self._is_running_dry:
            # The last available frame is silent.
            self._frames_left[0] = count + ahead
            np.subtract(self._frames_left, self._frame_numbers[:count], out=limits)
            np.divide(limits, self._fade_length, out=limits)
            np.minimum(gains, limits, out=gains)
        np.maximum(gains, _SILENT, out=gains)
        np.minimum(gains, _FULL, out=gains)
        lane_gains = self._lane_gains[:count]
        np.copyto(lane_gains, gains[:, None, None])
        np.multiply(sound, lane_gains, out=sound)
        np.copyto(self._gain, gains[-1:])
