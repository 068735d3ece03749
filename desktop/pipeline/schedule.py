"""Which segments come next: those that somebody waits to hear, then the rest from the start."""

from collections.abc import Callable, Iterator, Sequence

from desktop.segments.cut import Segment
from desktop.segments.store import SegmentStore

Playhead = Callable[[], float | None]
"""Where the song is being listened to, in seconds; None when nobody listens."""


class Schedule:
    """Chooses among the segments of a store that are neither done nor chosen already."""

    def __init__(self, store: SegmentStore, playhead: Playhead) -> None:
        self._store = store
        self._playhead = playhead
        self._chosen = set(store.done)
        self._first = 0

    @property
    def part_done(self) -> float:
        """0 to 1."""
        return len(self._store.done) / max(1, len(self._store.cut.segments))

    def following(self, batch: int) -> Sequence[Segment]:
        """The next segments, at most `batch`, all heard equally long; none when all were chosen."""
        chosen: list[Segment] = []
        for segment in self._waiting_from(self._place()):
            if len(chosen) == batch or segment.heard != (chosen or [segment])[0].heard:
                break
            chosen.append(segment)
        self._chosen.update(segment.number for segment in chosen)
        return chosen

    def _place(self) -> int:
        """Number of the segment at which listening begins."""
        second = self._playhead()
        if second is None:
            return 0
        frame = max(0, int(second * self._store.about.sample_rate))
        heard = self._store.cut.over(frame, frame + 1)
        return heard[0].number if heard else 0

    def _waiting_from(self, place: int) -> Iterator[Segment]:
        segments = self._store.cut.segments
        while self._first in self._chosen:
            self._first += 1
        for number in (*range(max(place, self._first), len(segments)), *range(self._first, place)):
            if number not in self._chosen:
                yield segments[number]
