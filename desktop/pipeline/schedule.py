"""Order in which segments are separated: from the playhead to the end, then the rest from the start."""

from collections.abc import Callable, Iterator, Sequence

from desktop.segments.grid import Segment
from desktop.segments.store import SegmentStore

Playhead = Callable[[], float | None]
"""Return the position of the playhead in seconds, or None if the track is not being played."""


class Schedule:
    """Schedule of the segments of a store that are neither finished nor scheduled yet."""

    def __init__(self, store: SegmentStore, playhead: Playhead) -> None:
        self._store = store
        self._playhead = playhead
        self._scheduled = set(store.finished)
        self._first_pending = 0

    @property
    def fraction_done(self) -> float:
        """Fraction of the segments that are finished, 0 to 1."""
        return len(self._store.finished) / max(1, len(self._store.grid.segments))

    def next_batch(self, batch_size: int) -> Sequence[Segment]:
        """Return the next segments, at most `batch_size`, all of one input length; empty if all are scheduled."""
        segments: list[Segment] = []
        for segment in self._pending_from(self._playhead_segment()):
            if len(segments) == batch_size or segment.input_frames != (segments or [segment])[0].input_frames:
                break
            segments.append(segment)
        self._scheduled.update(segment.number for segment in segments)
        return segments

    def _playhead_segment(self) -> int:
        """Return the number of the first segment under the playhead, 0 without a playhead."""
        seconds = self._playhead()
        if seconds is None:
            return 0
        frame = max(0, int(seconds * self._store.manifest.sample_rate))
        segments = self._store.grid.overlapping(frame, frame + 1)
        return segments[0].number if segments else 0

    def _pending_from(self, first_number: int) -> Iterator[Segment]:
        segments = self._store.grid.segments
        while self._first_pending in self._scheduled:
            self._first_pending += 1
        for number in (
            *range(max(first_number, self._first_pending), len(segments)),
            *range(self._first_pending, first_number),
        ):
            if number not in self._scheduled:
                yield segments[number]
