"""The grid of segments of a track, and the input range that the engine gets for each."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Segmentation:
    """Parameters of segmentation and overlap-add. All lengths are frames at the engine's sample rate.

    Segment number i starts at `i * stride`, is `length` long, and is passed to the engine with `context` more frames
    on each side. If `overlaps`, results are weighted with a triangle `w / w.max()`, summed, and divided by the sum of
    the weights (demucs `apply_model`); otherwise length equals stride and results are concatenated.
    """

    length: int
    stride: int
    context: int = 0
    """Frames of audio around the segment (silence beyond the track's ends); trimmed from the result."""
    centre_last: bool = False
    """Whether the last, short segment is centred in a full one, with real audio on its left, as in demucs."""
    normalise: bool = False
    """Whether the track is normalized to mean 0 and standard deviation 1 of its mono mix; undone after separation."""

    takes_overlap: bool = field(default=False, compare=False)
    """Whether the overlap of a request replaces `stride`; without it the engine's own overlap stays."""

    @property
    def overlaps(self) -> bool:
        """Return True if neighbouring segments share frames."""
        return self.stride < self.length


@dataclass(frozen=True)
class Segment:
    """One segment of a track. Positions and lengths are frames at the engine's sample rate."""

    number: int
    """Index among all segments of the track, ordered by start."""
    pass_number: int
    """Index of the pass: a track may be separated in several passes, each with a different shift."""
    start: int
    """First frame of the track that this segment covers; negative if its pass begins before the track."""
    frames: int
    """Number of frames covered; fewer than the segmentation's length at the end of the track."""
    input_start: int
    """First frame of the engine's input; negative if it is before the track's start."""
    input_frames: int
    """Number of frames of the engine's input."""

    @property
    def trim_start(self) -> int:
        """Frames to trim from the start of the engine's output."""
        return self.start - self.input_start

    @property
    def end(self) -> int:
        """Frame after the last frame covered."""
        return self.start + self.frames


class SegmentGrid:
    """All segments of one track, over all passes."""

    def __init__(self, total_frames: int, segmentation: Segmentation, shifts: Sequence[int] = (0,)) -> None:
        """Divide `total_frames` into segments. Each shift is a pass that begins that many frames before the track."""
        all_segments = [
            segment
            for pass_number, shift in enumerate(shifts)
            for segment in _segments_of_pass(total_frames, segmentation, pass_number, shift)
        ]
        all_segments.sort(key=lambda segment: (segment.start, segment.pass_number))
        self.segments = tuple(replace(segment, number=number) for number, segment in enumerate(all_segments))
        self.pass_count = len(shifts)
        self._length = segmentation.length
        self._starts = [segment.start for segment in self.segments]

    def overlapping(self, start: int, end: int) -> list[Segment]:
        """Return the segments that cover any of the frames from `start` to before `end`, in order."""
        first, last = bisect_right(self._starts, start - self._length), bisect_left(self._starts, end)
        return [segment for segment in self.segments[first:last] if segment.end > start]


def random_shifts(count: int, sample_rate: int) -> tuple[int, ...]:
    """Return the shift of each of `count` passes in frames, up to half a second; `(0,)` if `count` is 0.

    Drawn as in demucs (`apply_model`), but with a fixed seed.
    """
    max_shift = sample_rate // 2
    generator = random.Random(0)
    return tuple(max_shift - generator.randint(0, max_shift) for _ in range(count)) or (0,)


def triangular_window(length: int) -> NDArray[np.float64]:
    """Return float64 `[length]` weights of a segment's frames: 1 in the middle, never 0, as in demucs."""
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
