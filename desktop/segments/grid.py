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
    pass_number: int
    """Which of the track's turns it belongs to: a track may be separated several times, cut elsewhere each time."""
    start: int
    """First frame of the track that this segment answers for; negative where its turn begins before the track."""
    frames: int
    """How many it answers for; fewer than the segmentation's length at the end of the track."""
    input_start: int
    """First frame given to the engine: before the track's start where it is negative."""
    input_frames: int
    """How many frames are given to the engine."""

    @property
    def trim_start(self) -> int:
        """Frames of the engine's answer before those that count."""
        return self.start - self.input_start

    @property
    def end(self) -> int:
        """The frame after the last that it answers for."""
        return self.start + self.frames


class SegmentGrid:
    """All segments of one track."""

    def __init__(self, total_frames: int, segmentation: Segmentation, shifts: Sequence[int] = (0,)) -> None:
        """For a track of `total` frames. There is one turn for each of `leads`: frames that it begins before the track."""
        all_segments = [
            segment
            for turn, lead in enumerate(shifts)
            for segment in _segments_of_pass(total_frames, segmentation, turn, lead)
        ]
        all_segments.sort(key=lambda segment: (segment.start, segment.pass_number))
        self.segments = tuple(replace(segment, number=number) for number, segment in enumerate(all_segments))
        self.pass_count = len(shifts)
        self._length = segmentation.length
        self._starts = [segment.start for segment in self.segments]

    def overlapping(self, start: int, end: int) -> list[Segment]:
        """Those that answer for any of the frames from `start` to before `end`, in order."""
        first, last = bisect_right(self._starts, start - self._length), bisect_left(self._starts, end)
        return [segment for segment in self.segments[first:last] if segment.end > start]


def random_shifts(count: int, sample_rate: int) -> tuple[int, ...]:
    """For each of `shifts` turns how far before the track it begins: up to half a second; one unshifted turn for 0.

    As demucs draws them (`apply_model`), but always the same.
    """
    max_shift = sample_rate // 2
    generator = random.Random(0)
    return tuple(max_shift - generator.randint(0, max_shift) for _ in range(count)) or (0,)


def triangular_window(length: int) -> NDArray[np.float64]:
    """Weights `[length]` of a segment's frames: up to one in the middle, never zero, as demucs has them."""
    half = length // 2
    rise = np.arange(1, half + 1, dtype=np.float64)
    fall = np.arange(length - half, 0, -1, dtype=np.float64)
    weights = np.concatenate([rise, fall])
    return weights / weights.max()


def _segments_of_pass(total_frames: int, segmentation: Segmentation, pass_number: int, shift: int) -> Iterator[Segment]:
    for start in range(-shift, total_frames, segmentation.stride):
        frames = min(segmentation.length, total_frames - start)
        missing = segmentation.length - frames if segmentation.centre_last else 0
        left_context = segmentation.context + missing // 2
        if start + frames > 0:
            yield Segment(
                0, pass_number, start, frames, start - left_context, frames + missing + 2 * segmentation.context
            )
