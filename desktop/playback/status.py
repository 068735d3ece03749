"""Status of the sound: position, levels and counters, in memory that the callback writes and another process may read.

Neither side waits. `time.monotonic` is the same clock in all processes of a system: CLOCK_MONOTONIC on Linux,
mach_absolute_time on macOS, the time since the start of the system on Windows.
"""

from time import monotonic
from typing import NamedTuple

from desktop.playback.levels import Dropouts, Levels
from desktop.playback.limiter import reduction_to_db
from desktop.playback.meters import Tallies

CAPACITY = 128
"""Largest number of lanes of a song, and of stereo pairs of a device, in shared memory."""
_DOUBLE_BYTES = 8
_COUNTERS_SIZE = 4 * _DOUBLE_BYTES


class CallbackPosition(NamedTuple):
    """Position of the audio callback after its last block."""

    requested_at: float
    """Time of the last block (monotonic seconds)."""
    seek_number: int
    """Number of the seek that is heard; -1 before the first sound."""
    frame: int
    """Frame after that block, at the device's rate."""
    ring_number: int
    """Number of the ring that is heard; -1 before the first sound."""
    sample_rate: int
    """Sample rate of the device in Hz."""
    latency_s: float
    """Seconds from the callback to audible sound; 0 if unknown."""
    device_number: int
    """Number of devices that were opened for the song."""

    def heard_frame(self, seek_number: int) -> float | None:
        """Return the frame that is heard now, at the device's rate; None before this seek is heard.

        It is never past the last mixed frame.
        """
        if seek_number != self.seek_number:
            return None
        return self.frame - max(0.0, self.latency_s - (monotonic() - self.requested_at)) * self.sample_rate


_POSITION_FIELDS = len(CallbackPosition._fields)


class PositionRecord:
    """Position of the callback, written by it alone and read by other threads or processes; neither waits.

    Two slots are written in turn, so the slot that was published last is complete while the other one is written.
    """

    SIZE = (1 + 2 * _POSITION_FIELDS) * _DOUBLE_BYTES
    """Bytes."""

    def __init__(self, memory: memoryview) -> None:
        """Use `memory` for the number of published positions and for both slots."""
        self._numbers = memory.cast("d")
        self._published = int(self._numbers[0])
        self.requested_at = 0.0
        """Time that was written last, for the writer's thread."""

    def write(
        self,
        requested_at: float,
        seek_number: int,
        frame: int,
        ring_number: int,
        sample_rate: int,
        latency_s: float,
        device_number: int,
    ) -> None:
        """Publish a position, without allocating a buffer."""
        numbers = self._numbers
        self._published += 1
        slot = 1 + (self._published & 1) * _POSITION_FIELDS
        numbers[slot] = requested_at
        numbers[slot + 1] = seek_number
        numbers[slot + 2] = frame
        numbers[slot + 3] = ring_number
        numbers[slot + 4] = sample_rate
        numbers[slot + 5] = latency_s
        numbers[slot + 6] = device_number
        numbers[0] = self._published
        self.requested_at = requested_at

    def read(self) -> CallbackPosition:
        """Return the position that was published last."""
        numbers = self._numbers
        while True:
            published = int(numbers[0])
            slot = 1 + (published & 1) * _POSITION_FIELDS
            at, seek, frame, ring, rate, latency_s, device = numbers[slot : slot + _POSITION_FIELDS].tolist()
            if published == numbers[0]:
                return CallbackPosition(at, int(seek), int(frame), int(ring), int(rate), latency_s, int(device))


class SoundStatus:
    """Position, levels, dropouts and flags of the sound, in one piece of memory."""

    _BUFFERING, _UNDERFLOWS, _LATE_READS, _REDUCTION = range(4)

    def __init__(self, memory: memoryview | None = None, capacity: int = CAPACITY) -> None:
        """Use `memory` of `status_size()` bytes, which another process may share, or memory of this process.

        `capacity` is the largest number of lanes, and of stereo pairs.
        """
        view = memoryview(bytearray(status_size(capacity))) if memory is None else memory
        position_end = PositionRecord.SIZE
        counters_end = position_end + _COUNTERS_SIZE
        lanes_end = counters_end + Tallies.size(capacity)
        self.position = PositionRecord(view[:position_end])
        self._counters = view[position_end:counters_end].cast("d")
        self.lanes = Tallies(view[counters_end:lanes_end], capacity)
        """Levels of the lanes after their gains."""
        self.pairs = Tallies(view[lanes_end : lanes_end + Tallies.size(capacity)], capacity)
        """Levels of the stereo pairs of the device."""

    def reset(self) -> None:
        """Begin with another song: count from 0."""
        for number in range(len(self._counters)):
            self._counters[number] = 0.0
        self.lanes.clear()
        self.pairs.clear()

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits because the next frames do not exist yet; written by the reader's thread."""
        return self._counters[self._BUFFERING] != 0.0

    @is_buffering.setter
    def is_buffering(self, value: bool) -> None:
        self._counters[self._BUFFERING] = value

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since `reset`."""
        return Dropouts(int(self._counters[self._UNDERFLOWS]), int(self._counters[self._LATE_READS]))

    def count_underflow(self) -> None:
        """Count an underflow of the device."""
        self._counters[self._UNDERFLOWS] += 1.0

    def set_late_reads(self, count: int) -> None:
        """Publish how many times the reader was late."""
        self._counters[self._LATE_READS] = count

    def note_reduction(self, reduction: float) -> None:
        """Note a gain reduction of the limiter, linear from 0 to 1."""
        if reduction > self._counters[self._REDUCTION]:
            self._counters[self._REDUCTION] = reduction

    def take_levels(self, lanes: int) -> Levels:
        """Return the levels of the first `lanes` lanes and of the first pair since the last call, for use by one thread."""
        reduction, self._counters[self._REDUCTION] = self._counters[self._REDUCTION], 0.0
        return Levels(self.lanes.take(lanes), self.pairs.take(1)[0], reduction_to_db(reduction))


def status_size(capacity: int = CAPACITY) -> int:
    """Return the size in bytes of the memory of a `SoundStatus`."""
    return PositionRecord.SIZE + _COUNTERS_SIZE + 2 * Tallies.size(capacity)
