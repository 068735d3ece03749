"""Where the segments of a track lie, and what each is given to hear."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Segmentation:
    """How the mixture is cut into segments and put together again. All lengths in frames at the engine's rate.

    Segment number i starts at `i * stride`, is `length` long, and is given to the engine with `context` frames
    more on each side. Results are weighted with a triangle `w / w.max()` where `overlaps`, summed, and divided by
    the sum of the weights (demucs `apply_model`); otherwise length equals stride and they are laid end to end.
    """

    length: int
    stride: int
    context: int = 0
    """Frames of real audio (silence beyond the track's ends) around the segment; cut off from the result."""
    centre_last: bool = False
    """The last, short segment is centred in a full one and borrows real audio on its left, as demucs does."""
    normalise: bool = False
    """The track is first brought to mean 0 and standard deviation 1 of its mono mix; undone at the end."""

    @property
    def overlaps(self) -> bool:
        """True when neighbouring segments share frames."""
        return self.stride < self.length


@dataclass(frozen=True)
class Segment:
    """One segment of a track. All numbers are frames at the engine's rate."""

    number: int
    """Its place among all segments of the track, by where they start."""
    turn: int
    """Which of the track's turns it belongs to: a track may be separated several times, cut elsewhere each time."""
    start: int
    """First frame of the track that this segment answers for; negative where its turn begins before the track."""
    frames: int
    """How many it answers for; fewer than the segmentation's length at the end of the track."""
    heard_from: int
    """First frame given to the engine: before the track's start where it is negative."""
    heard: int
    """How many frames are given to the engine."""

    @property
    def skip(self) -> int:
        """Frames of the engine's answer before those that count."""
        return self.start - self.heard_from

    @property
    def end(self) -> int:
        """The frame after the last that it answers for."""
        return self.start + self.frames


class Cut:
    """All segments of one track."""

    def __init__(self, total: int, how: Segmentation, leads: Sequence[int] = (0,)) -> None:
        """For a track of `total` frames. There is one turn for each of `leads`: frames that it begins before the track."""
        turns = [segment for turn, lead in enumerate(leads) for segment in _turn(total, how, turn, lead)]
        turns.sort(key=lambda segment: (segment.start, segment.turn))
        self.segments = tuple(replace(segment, number=number) for number, segment in enumerate(turns))
        self.turns = len(leads)
        self._length = how.length
        self._starts = [segment.start for segment in self.segments]

    def over(self, start: int, end: int) -> list[Segment]:
        """Those that answer for any of the frames from `start` to before `end`, in order."""
        first, last = bisect_right(self._starts, start - self._length), bisect_left(self._starts, end)
        return [segment for segment in self.segments[first:last] if segment.end > start]


def leads(shifts: int, sample_rate: int) -> tuple[int, ...]:
    """For each of `shifts` turns how far before the track it begins: up to half a second; one unshifted turn for 0.

    As demucs draws them (`apply_model`), but always the same.
    """
    longest = sample_rate // 2
    dice = random.Random(0)
    return tuple(longest - dice.randint(0, longest) for _ in range(shifts)) or (0,)


def triangle(length: int) -> NDArray[np.float64]:
    """Weights `[length]` of a segment's frames: up to one in the middle, never zero, as demucs has them."""
    half = length // 2
    rise = np.arange(1, half + 1, dtype=np.float64)
    fall = np.arange(length - half, 0, -1, dtype=np.float64)
    weights = np.concatenate([rise, fall])
    return weights / weights.max()


def _turn(total: int, how: Segmentation, turn: int, lead: int) -> Iterator[Segment]:
    for start in range(-lead, total, how.stride):
        frames = min(how.length, total - start)
        missing = how.length - frames if how.centre_last else 0
        before = how.context + missing // 2
        if start + frames > 0:
            yield Segment(0, turn, start, frames, start - before, frames + missing + 2 * how.context)
