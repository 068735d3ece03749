"""Where the segments of a track lie, what each is given to hear, and how they are put together again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.pipeline.engines.engine import Segmentation

Block = NDArray[np.float64]


@dataclass(frozen=True)
class Segment:
    """One segment of a track. All numbers are frames at the engine's rate."""

    start: int
    """First frame of the track that this segment answers for."""
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


def cut(total: int, how: Segmentation) -> Iterator[Segment]:
    """The segments of a track of `total` frames, in order."""
    for start in range(0, total, how.stride):
        frames = min(how.length, total - start)
        missing = how.length - frames if how.centre_last else 0
        before = how.context + missing // 2
        yield Segment(start, frames, start - before, frames + missing + 2 * how.context)


def count(total: int, how: Segmentation) -> int:
    """How many segments `cut` gives."""
    return -(-total // how.stride)


def triangle(length: int) -> Block:
    """Weights `[length]` of a segment's frames: up to one in the middle, never zero, as demucs has them."""
    half = length // 2
    rise = np.arange(1, half + 1, dtype=np.float64)
    fall = np.arange(length - half, 0, -1, dtype=np.float64)
    weights = np.concatenate([rise, fall])
    return weights / weights.max()


class OverlapAdd:
    """Sums weighted segments, and gives away each frame as soon as no later segment can reach it."""

    def __init__(self, sources: int, channels: int, total: int, how: Segmentation) -> None:
        self._total = total
        self._stride = how.stride
        self._window = triangle(how.length) if how.overlaps else np.ones(how.length)
        self._sums = np.zeros((sources, channels, how.length))
        self._weights = np.zeros(how.length)

    def add(self, start: int, answer: NDArray[np.float32]) -> Block:
        """Take the next segment's answer `[sources, channels, frames]`, and give the frames that are finished.

        Segments come in order, so what is given continues what was given before.
        """
        frames = answer.shape[-1]
        window = self._window[:frames]
        self._sums[..., :frames] += window * answer
        self._weights[:frames] += window
        following = start + self._stride
        return self._give(self._stride if following < self._total else self._total - start)

    def _give(self, frames: int) -> Block:
        done = self._sums[..., :frames] / self._weights[:frames]
        for kept in (self._sums, self._weights):
            rest = kept.shape[-1] - frames
            kept[..., :rest] = kept[..., frames:].copy()
            kept[..., rest:] = 0
        return done
