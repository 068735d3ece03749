"""Sound read ahead of the playhead: one thread writes, the sound's callback reads, and neither ever waits."""

import numpy as np
from numpy.typing import NDArray

LaneSamples = NDArray[np.float32]
"""float32 `[frames, lanes, 2]`."""


class Ring:
    """A ring buffer with the sound of a song from one place on. Its counters only grow, and each has one writer."""

    def __init__(self, capacity: int, lanes: int, start: int, end: int, seek_number: int = 0) -> None:
        """`start` and `end` (frames at the device's rate) are where the sound begins, and where the song ends.

        `number` names the seek that the ring answers.
        """
        self.seek_number = seek_number
        self.is_starved = False
        """True while what follows is not there yet: set by the writer, whose source had nothing more to give."""
        self._data = np.zeros((capacity, lanes, 2), dtype=np.float32)
        self._capacity = capacity
        self._written = 0
        self._read = 0
        self._start = start
        self._end = end

    @property
    def position(self) -> int:
        """The next frame to be heard."""
        return self._start + self._read

    @property
    def is_complete(self) -> bool:
        """True when the song's last frame was written."""
        return self._start + self._written >= self._end

    @property
    def is_finished(self) -> bool:
        """True when the song's last frame was taken."""
        return self.position >= self._end

    @property
    def writable_frames(self) -> int:
        """Frames that can be written."""
        missing = self._end - self._start - self._written
        return min(self._capacity - (self._written - self._read), missing)

    @property
    def readable_frames(self) -> int:
        """Frames that can be read."""
        return self._written - self._read

    def write(self, sound: LaneSamples) -> None:
        """Append at most `room` frames."""
        at = self._written % self._capacity
        first = min(len(sound), self._capacity - at)
        self._data[at : at + first] = sound[:first]
        self._data[: len(sound) - first] = sound[first:]
        self._written += len(sound)

    def skip_to(self, position: int) -> None:
        """Leave out the frames before `position`, as far as they were written."""
        self._read += max(0, min(position - self.position, self.readable_frames))

    def can_play(self, position: int, frames: int) -> bool:
        """Return True when `frames` frames from `position` on, or all up to the song's end, can be read."""
        return self.position >= position and (self.readable_frames >= frames or self.is_complete)

    def read_into(self, out: LaneSamples) -> int:
        """Fill `out` from its beginning with the next frames; return how many there were."""
        count = min(len(out), self.readable_frames)
        at = self._read % self._capacity
        first = min(count, self._capacity - at)
        out[:first] = self._data[at : at + first]
        out[first:count] = self._data[: count - first]
        self._read += count
        return count
