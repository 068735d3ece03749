"""Waveforms of a track that is being separated: draft segments first, then the model's segments in their place."""

from contextlib import suppress
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.audio.peaks import FRAMES_PER_ENTRY, LEVEL_FACTOR, PeakEntries, Peaks, level_sizes
from desktop.audio.stems import sort_stem_names
from desktop.segments.partial_result import PartialResult
from desktop.segments.store import SegmentStore


class LivePeaks:
    """One pyramid of peaks for each lane, filled from the stores of one job."""

    def __init__(self, result: PartialResult, primary: SegmentStore) -> None:
        """Read the finished segments of `result`; `primary` determines the lanes and the length."""
        self._result = result
        self.manifest = primary.manifest
        self.lane_names = sort_stem_names(primary.manifest.sources)
        """Names of the stems, in the order of the lanes."""
        sizes = level_sizes(-(-primary.manifest.frames // FRAMES_PER_ENTRY))
        self._levels = [[np.zeros((size, 2), np.int16) for size in sizes] for _ in self.lane_names]
        self._final_mask = np.zeros(sizes[0], np.bool_)
        self._filled_segments: dict[str, set[int]] = {}
        self._changed_spans: list[tuple[float, float]] = []

    @property
    def lanes(self) -> list[Peaks]:
        """Pyramids of the lanes, as views: later segments appear in them."""
        return [Peaks(self.manifest.frames, list[PeakEntries](levels)) for levels in self._levels]

    def fill_finished_segments(self) -> bool:
        """Fill in the segments that finished since the last call. Return True if there were any."""
        draft, final = self._result.compatible_draft, self._result.final
        has_draft_changed = draft is not None and self._fill_from_store(draft, final=False)
        has_final_changed = final is not None and self._fill_from_store(final, final=True)
        return has_draft_changed or has_final_changed

    def take_changed_spans(self) -> list[tuple[float, float]]:
        """Return the (start, end) spans in seconds whose sound has changed since the last call."""
        spans, self._changed_spans = self._changed_spans, []
        return spans

    def missing_ranges(self) -> list[tuple[float, float]]:
        """Return the (start, end) ranges in seconds that the model has not separated yet."""
        edges = np.flatnonzero(np.diff(np.concatenate([[True], self._final_mask, [True]]).astype(np.int8)))
        seconds = np.minimum(edges * FRAMES_PER_ENTRY, self.manifest.frames) / self.manifest.sample_rate
        return [(float(start), float(end)) for start, end in seconds.reshape(-1, 2)]

    def _fill_from_store(self, store: SegmentStore, final: bool) -> bool:
        filled = self._filled_segments.setdefault(str(store.folder), set())
        filled_before = len(filled)
        with suppress(OSError, ValueError):  # the folder is gone: the job ended or was restarted
            for number in store.finished - filled:
                first, entries = store.peaks(number)
                self._fill_entries(store, first, entries, final)
                filled.add(number)
                # The whole segment: its peaks end in the middle of the overlap with a neighbour, its sound does not.
                segment = store.grid.segments[number]
                self._changed_spans.append(
                    (segment.start / self.manifest.sample_rate, segment.end / self.manifest.sample_rate)
                )
        return len(filled) > filled_before

    def _fill_entries(self, store: SegmentStore, first: int, entries: NDArray[np.int16], final: bool) -> None:
        entries = entries[: max(0, len(self._final_mask) - first)]
        last = first + len(entries)
        if first >= last:
            return
        if final:
            self._final_mask[first:last] = True
        for levels, name in zip(self._levels, self.lane_names, strict=True):
            if name in store.manifest.sources:
                lane = entries[:, store.manifest.sources.index(name)]
                keep = self._final_mask[first:last, None] & (not final)
                levels[0][first:last] = np.where(keep, levels[0][first:last], lane)
                _recompute_coarser_levels(levels, first, last)


def _recompute_coarser_levels(levels: list[NDArray[np.int16]], first: int, last: int) -> None:
    """Recompute the coarser levels over the entries from `first` to before `last` of the finest level."""
    for finer, coarser in pairwise(levels):
        first, last = first // LEVEL_FACTOR, -(-last // LEVEL_FACTOR)
        entries = finer[first * LEVEL_FACTOR : last * LEVEL_FACTOR]
        padding = -len(entries) % LEVEL_FACTOR
        groups = np.concatenate([entries, np.repeat(entries[-1:], padding, axis=0)]).reshape(-1, LEVEL_FACTOR, 2)
        coarser[first:last, 0] = groups[:, :, 0].min(axis=1)
        coarser[first:last, 1] = groups[:, :, 1].max(axis=1)
