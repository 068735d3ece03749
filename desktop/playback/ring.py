"""What was read ahead of the playhead: one thread writes, the sound's callback reads, and neither ever waits."""

import numpy as np
from numpy.typing import NDArray

Lanes = NDArray[np.float32]
"""float32 `[frames, lanes, 2]`."""


class Ring:
    """A ring of sound from one place of the song on. Counters only grow, and each has one writer."""

    def __init__(self, capacity: int, lanes: int, start: int, end: int, number: int = 0) -> None:
        """`start` and `end` (frames of the device) are where its sound begins, and where the song ends.

        `number` says which seek it answers.
        """
        self.number = number
        self.joins = False
        """True when it goes on with the same song: it is to be heard from where the ring before it has got to."""
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
    def finished(self) -> bool:
        """True when the song's last frame was taken."""
        return self.position >= self._end

    @property
    def room(self) -> int:
        """Frames that can be written."""
        missing = self._end - self._start - self._written
        return min(self._capacity - (self._written - self._read), missing)

    @property
    def ready(self) -> int:
        """Frames that can be read."""
        return self._written - self._read

    def write(self, sound: Lanes) -> None:
        """Append at most `room` frames."""
        at = self._written % self._capacity
        first = min(len(sound), self._capacity - at)
        self._data[at : at + first] = sound[:first]
        self._data[: len(sound) - first] = sound[first:]
        self._written += len(sound)

    def skip_to(self, position: int) -> None:
        """Leave out what lies before `position`, as far as it is there."""
        self._read += max(0, min(position - self.position, self.ready))

    def take(self, out: Lanes) -> int:
        """Fill `out` from its beginning with what is there. The number of frames."""
        count = min(len(out), self.ready)
        at = self._read % self._capacity
        first = min(count, self._capacity - at)
        out[:first] = self._data[at : at + first]
        out[first:count] = self._data[: count - first]
        self._read += count
        return count
