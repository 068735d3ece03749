"""The original, which is the sum of the stems, as one more lane of a stream."""

import numpy as np

from desktop.playback.ring import LaneSamples
from desktop.playback.source import SampleStream


class OriginalStream:
    """Stream with one more lane: the sum of the others, which is the song before it was separated.

    The null test of the separation guarantees that the stems sum to it. They are summed in the order of the mixer.
    """

    def __init__(self, stream: SampleStream) -> None:
        self._stream = stream

    @property
    def has_ended(self) -> bool:
        """True if the track's last frame was returned."""
        return self._stream.has_ended

    def read(self, frames: int) -> LaneSamples:
        """Return the next frames, at most `frames`, float32 `[frames, lanes + 1, 2]`. Raises StorageError."""
        stems = self._stream.read(frames)
        sound = np.empty((len(stems), stems.shape[1] + 1, 2), np.float32)
        sound[:, :-1] = stems
        np.add.reduce(stems, axis=1, out=sound[:, -1])
        return sound

    def close(self) -> None:
        """Close the files."""
        self._stream.close()
