"""What can be played: sound of several lanes, read on from any place."""

from typing import Protocol

import numpy as np

from desktop.audio.resample import StreamResampler
from desktop.playback.ring import Lanes


class Reading(Protocol):
    """A place in a song, moving on as it is read."""

    @property
    def ended(self) -> bool:
        """True when the song's last frame was given."""
        ...

    def read(self, frames: int) -> Lanes:
        """The next sound, at most `frames`; none at the end, and where it is not there yet. Raises StorageError."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class Song(Protocol):
    """Sound of one rate and length."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        ...

    @property
    def frames(self) -> int:
        """Length."""
        ...

    @property
    def lanes(self) -> int:
        """How many stems."""
        ...

    def reading(self, start: int) -> Reading:
        """Begin to read at a frame. Raises StorageError."""
        ...


class AtRate:
    """A reading at another rate."""

    def __init__(self, reading: Reading, lanes: int, rate_in: int, rate_out: int) -> None:
        self._reading = reading
        self._lanes = lanes
        self._resampler = StreamResampler(rate_in, rate_out, 2 * lanes)
        self._flushed = False
        self._ready = np.zeros((0, lanes, 2), np.float32)

    @property
    def ended(self) -> bool:
        """True when the song's last frame was given."""
        return self._flushed and not len(self._ready)

    def read(self, frames: int) -> Lanes:
        """The next sound, at most `frames`; none at the end, and where it is not there yet. Raises StorageError."""
        while not len(self._ready) and not self._flushed:
            sound = self._reading.read(frames)
            self._ready = self._resampled(sound)
            if not len(sound):
                break
        sound, self._ready = self._ready[:frames], self._ready[frames:]
        return sound

    def close(self) -> None:
        """Let go of the files."""
        self._reading.close()

    def _resampled(self, sound: Lanes) -> Lanes:
        flat = self._resampler.push(sound.reshape(len(sound), -1).T)
        if self._reading.ended:
            self._flushed = True
            flat = np.concatenate([flat, self._resampler.flush()], axis=1)
        return flat.T.reshape(-1, self._lanes, 2).astype(np.float32)
