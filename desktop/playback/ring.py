"""Ring buffer between the reader's thread, which writes, and the audio callback, which reads; neither waits."""

import sys
from itertools import count

import numpy as np
from numpy.typing import NDArray

from desktop.playback.time_map import TimeMap

UNKNOWN_END = sys.maxsize
_numbers = count()

LaneSamples = NDArray[np.float32]
"""Samples of several lanes, float32 `[frames, lanes, 2]`."""


class Ring:
    """Ring buffer with what is heard from one frame on. Frames count from the last seek, at the device's rate.

    Needs no lock: its counters only grow, and each has one writer.
    """

    def __init__(self, capacity: int, lanes: int, start: int = 0, end: int = UNKNOWN_END, seek_number: int = 0) -> None:
        """Allocate a buffer of `capacity` frames.

        `start` is the first frame and `end` the one after the last. `seek_number` identifies the seek that the ring
        belongs to.
        """
        self.seek_number = seek_number
        self.number = next(_numbers)
        """Number of this ring, unique in the process."""
        self.end = end
        """Frame after the last; `UNKNOWN_END` until the writer, which sets it, knows it."""
        self.time_map = TimeMap()
        """Where in the song the frames are; replaced as a whole by the writer."""
        self.is_starved = False
        """True while the source has no more frames for now; set by the writer."""
        self._data = np.zeros((capacity, lanes, 2), dtype=np.float32)
        self._capacity = capacity
        self._written = 0
        self._read = 0
        self._start = start

    @property
    def start(self) -> int:
        """First frame."""
        return self._start

    @property
    def position(self) -> int:
        """Next frame to be read."""
        return self._start + self._read

    @property
    def written_end(self) -> int:
        """Next frame to be written."""
        return self._start + self._written

    @property
    def is_complete(self) -> bool:
        """Whether the last frame was written."""
        return self.written_end >= self.end

    @property
    def is_finished(self) -> bool:
        """Whether the last frame was read."""
        return self.position >= self.end

    @property
    def writable_frames(self) -> int:
        """Number of frames that can be written."""
        return min(self._capacity - (self._written - self._read), self.end - self.written_end)

    @property
    def readable_frames(self) -> int:
        """Number of frames that can be read."""
        return self._written - self._read

    def write(self, sound: LaneSamples) -> None:
        """Append at most `writable_frames` frames."""
        index = self._written % self._capacity
        first = min(len(sound), self._capacity - index)
        self._data[index : index + first] = sound[:first]
        self._data[: len(sound) - first] = sound[first:]
        self._written += len(sound)

    def skip_to(self, position: int) -> None:
        """Skip the frames before `position`, as far as they were written."""
        self._read += max(0, min(position - self.position, self.readable_frames))

    def can_play(self, position: int, frames: int) -> bool:
        """Return True if `position` is next, and `frames` frames, or all up to the end, can be read."""
        return self.position == position and (self.readable_frames >= frames or self.is_complete)

    def read_into(self, out: LaneSamples) -> int:
        """Fill `out` from its beginning with the next frames and return their number."""
        count = min(len(out), self.readable_frames)
        index = self._read % self._capacity
        first = min(count, self._capacity - index)
        out[:first] = self._data[index : index + first]
        out[first:count] = self._data[: count - first]
        self._read += count
        return count
