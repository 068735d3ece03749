"""A song that is still being separated: the model's segments where they are finished, the draft elsewhere."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.stem_order import in_order
from desktop.playback.ring import Lanes
from desktop.playback.song import Reading
from desktop.segments.store import About, SegmentStore
from desktop.segments.unfinished import Unfinished

# From the draft to the model's sound and back (seconds).
_FADE = 0.02


class UnfinishedSong:
    """What can be heard of it now, as one song. It grows while it is read, and waits where there is nothing."""

    def __init__(self, segments: Path, draft: Path, about: About) -> None:
        """`segments` and `draft` are the folders of the job, `about` what its leading store was last known to be."""
        self._folders = (segments, draft)
        self.names = in_order(about.sources)
        self.sample_rate = about.sample_rate
        self.frames = about.frames
        self.lanes = len(about.sources)

    def reading(self, start: int) -> Reading:
        """Begin to read at a frame."""
        return _UnfinishedReading(self, Unfinished(*self._folders), start)


class _UnfinishedReading:
    def __init__(self, song: UnfinishedSong, unfinished: Unfinished, start: int) -> None:
        self._rate, self._names, self._frames = song.sample_rate, song.names, song.frames
        self._unfinished = unfinished
        self._unfinished.look()
        self._at = start
        self._fade = max(1, int(_FADE * song.sample_rate))
        self._share = 1.0 if self._ready_to(self._stores()[0], start, start + 1) > start else 0.0

    @property
    def ended(self) -> bool:
        """True when the song's last frame was given."""
        return self._at >= self._frames

    def read(self, frames: int) -> Lanes:
        """The next sound that is there: up to where finished and unfinished parts meet."""
        end = min(self._at + frames, self._frames)
        try:
            sound = self._sound(self._at, end)
        except (OSError, ValueError):  # files are gone: the job has ended, or is begun anew
            self._unfinished.look_anew()
            sound = self._of(None, end, end)
        self._at += len(sound)
        return sound

    def close(self) -> None:
        """Nothing is held open."""

    def _sound(self, start: int, end: int) -> Lanes:
        final, draft = self._stores()
        if self._ready_to(final, start, end) < end or self._share < 1.0:
            self._unfinished.look()
            final, draft = self._stores()
        final_to = self._ready_to(final, start, end + self._fade)
        if final and final_to > start:
            return self._finished(final, draft, start, min(end, final_to), final_to)
        self._share = 0.0
        draft_to = min(self._ready_to(draft, start, end), self._next_finished(final, start, end))
        return self._of(draft, start, draft_to) if draft and draft_to > start else self._of(None, start, start)

    def _stores(self) -> tuple[SegmentStore | None, SegmentStore | None]:
        """Return the model's store and the draft's, each if it is at the rate of the song."""
        stores = self._unfinished.final, self._unfinished.draft
        final, draft = (store if store and store.about.sample_rate == self._rate else None for store in stores)
        return final, draft

    def _finished(self, final: SegmentStore, draft: SegmentStore | None, start: int, end: int, final_to: int) -> Lanes:
        """The model's sound, cross-faded with the draft where one begins or ends and the other is there."""
        sound = self._of(final, start, end)
        shares = self._shares(start, end, final_to)
        if draft is None or shares.min() == 1.0 or self._ready_to(draft, start, end) < end:
            self._share = 1.0
            return sound
        self._share = float(shares[-1])
        weight = shares[:, None, None]
        sound *= weight
        sound += (1.0 - weight).astype(np.float32) * self._of(draft, start, end)
        return sound

    def _shares(self, start: int, end: int, final_to: int) -> NDArray[np.float32]:
        """How much of each frame is the model's: rising from what it was, and fallen where its sound ends."""
        count = np.arange(1, end - start + 1, dtype=np.float32)
        rising = self._share + count / self._fade
        if final_to >= self._frames:
            return np.minimum(rising, 1.0).astype(np.float32)
        falling = (final_to - start - count) / self._fade
        return np.minimum(np.minimum(rising, 1.0), np.maximum(falling, 0.0)).astype(np.float32)

    def _ready_to(self, store: SegmentStore | None, start: int, end: int) -> int:
        return store.ready_until(start, min(end, self._frames)) if store else start

    def _next_finished(self, final: SegmentStore | None, start: int, end: int) -> int:
        """The first frame after `start` at which the model's sound begins; `end` when that is later."""
        if final is None:
            return end
        borders = {border for part in final.cut.over(start, end) for border in (part.start, part.end)}
        ready = (border for border in borders if start < border < end and final.ready(border, border + 1))
        return min(ready, default=end)

    def _of(self, store: SegmentStore | None, start: int, end: int) -> Lanes:
        """float32 `[frames, lanes, 2]`; silence for lanes that the store does not have, a mono stem on both sides."""
        sound = np.zeros((end - start, len(self._names), 2), np.float32)
        if store is None or start == end:
            return sound
        found = store.read(start, end - start)
        for lane, name in enumerate(self._names):
            if name in store.about.sources:
                sound[:, lane] = found[:, store.about.sources.index(name)]
        return sound
