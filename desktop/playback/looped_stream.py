"""A source from any frame on, which repeats a loop once it is in it."""

from math import ceil

import numpy as np

from desktop.playback.practice import MIN_LOOP_S, Loop
from desktop.playback.ring import LaneSamples
from desktop.playback.source import PlaybackSource


def loop_frames(loop: Loop, source: PlaybackSource, playhead: int) -> tuple[int, int] | None:
    """Return the first frame of `loop` in `source` and the one after its last, at least 20 ms later.

    Return None if frame `playhead` is behind it: the song plays on to its end.
    """
    shortest = min(source.frames, ceil(MIN_LOOP_S * source.sample_rate))
    start = min(round(loop.start_s * source.sample_rate), source.frames - shortest)
    end = max(start + shortest, min(round(loop.end_s * source.sample_rate), source.frames))
    return (start, end) if playhead < end else None


class LoopedStream:
    """Stream of a source, which continues at the start of its loop after the last frame of it, without a gap."""

    def __init__(
        self, source: PlaybackSource, start: int, loop: tuple[int, int] | None = None, lead_in: int = 0
    ) -> None:
        """Open `source` `lead_in` frames before frame `start`. Raises StorageError.

        Where frames of the lead-in do not exist, they are silent: nobody waits for them.
        """
        self._loop = loop
        self._lanes = source.lanes
        self._lead_in = lead_in
        self._position = start - lead_in
        self._stream = source.open_stream(self._position)

    @property
    def has_ended(self) -> bool:
        """True if the track's last frame was returned and no loop repeats."""
        return self._loop is None and self._stream.has_ended

    def read(self, frames: int) -> LaneSamples:
        """Return at most `frames` next frames, float32 `[frames, lanes, 2]`. Raises StorageError.

        Returns none at the end, and where the samples do not exist yet.
        """
        if self._lead_in:
            return self._read_lead_in(frames)
        if self._loop is None:
            return self._stream.read(frames)
        start, end = self._loop
        if self._position >= end:
            self._stream.seek(start)
            self._position = start
        sound = self._stream.read(min(frames, end - self._position))
        self._position += len(sound)
        return sound

    def close(self) -> None:
        """Close the files."""
        self._stream.close()

    def _read_lead_in(self, frames: int) -> LaneSamples:
        count = min(frames, self._lead_in)
        sound = self._stream.read(count)
        if not len(sound):
            sound = np.zeros((count, self._lanes, 2), np.float32)
            self._stream.seek(self._position + count)
        self._position += len(sound)
        self._lead_in -= len(sound)
        return sound
