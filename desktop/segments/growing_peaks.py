"""The waveforms of a song in work: they fill as segments are finished, the model's over the draft's."""

from contextlib import suppress
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.audio.peaks import BASE, FACTOR, Entries, Peaks, level_sizes
from desktop.audio.stem_order import in_order
from desktop.segments.store import SegmentStore
from desktop.segments.unfinished import Unfinished


class GrowingPeaks:
    """One pyramid a lane, for the song as its leading store has it now."""

    def __init__(self, unfinished: Unfinished, leading: SegmentStore) -> None:
        """Of a job's stores, as they were last looked at."""
        self._unfinished = unfinished
        self.about = leading.about
        self.names = in_order(leading.about.sources)
        """Of the lanes."""
        sizes = level_sizes(-(-leading.about.frames // BASE))
        self._levels = [[np.zeros((size, 2), np.int16) for size in sizes] for _ in self.names]
        self._final = np.zeros(sizes[0], np.bool_)
        self._taken: dict[str, set[int]] = {}
        self.version = 0
        """One more whenever something was filled in."""

    @property
    def lanes(self) -> list[Peaks]:
        """The pyramids; they go on filling."""
        return [Peaks(self.about.frames, list[Entries](levels)) for levels in self._levels]

    def take(self) -> bool:
        """Fill in the segments that were finished meanwhile. True when there were any."""
        draft, final = self._unfinished.beside, self._unfinished.final
        drafted = draft is not None and self._take(draft, final=False)
        finished = final is not None and self._take(final, final=True)
        self.version += drafted or finished
        return drafted or finished

    def unfinished_spans(self) -> list[tuple[float, float]]:
        """Where the model's sound is still missing, in seconds."""
        edges = np.flatnonzero(np.diff(np.concatenate([[True], self._final, [True]]).astype(np.int8)))
        seconds = np.minimum(edges * BASE, self.about.frames) / self.about.sample_rate
        return [(float(start), float(end)) for start, end in seconds.reshape(-1, 2)]

    def _take(self, store: SegmentStore, final: bool) -> bool:
        taken = self._taken.setdefault(str(store.folder), set())
        known = len(taken)
        with suppress(OSError, ValueError):  # gone: its job ended, or is begun anew
            for number in store.done - taken:
                first, entries = store.peaks(number)
                self._fill(store, first, entries, final)
                taken.add(number)
        return len(taken) > known

    def _fill(self, store: SegmentStore, first: int, entries: NDArray[np.int16], final: bool) -> None:
        entries = entries[: max(0, len(self._final) - first)]
        last = first + len(entries)
        if first >= last:
            return
        if final:
            self._final[first:last] = True
        for levels, name in zip(self._levels, self.names, strict=True):
            if name in store.about.sources:
                lane = entries[:, store.about.sources.index(name)]
                keep = self._final[first:last, None] & (not final)
                levels[0][first:last] = np.where(keep, levels[0][first:last], lane)
                _renew(levels, first, last)


def _renew(levels: list[NDArray[np.int16]], first: int, last: int) -> None:
    """Make the coarser levels over the entries from `first` to before `last` of the finest anew."""
    for finer, coarser in pairwise(levels):
        first, last = first // FACTOR, -(-last // FACTOR)
        pairs = finer[first * FACTOR : last * FACTOR]
        short = -len(pairs) % FACTOR
        groups = np.concatenate([pairs, np.repeat(pairs[-1:], short, axis=0)]).reshape(-1, FACTOR, 2)
        coarser[first:last, 0] = groups[:, :, 0].min(axis=1)
        coarser[first:last, 1] = groups[:, :, 1].max(axis=1)
