"""The mixture through the engine: out come the stems' blocks, at the mixture's own rate, in order."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture
from desktop.audio.resample import StreamResampler
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.level import Level, LevelMeter
from desktop.pipeline.progress import Progress
from desktop.pipeline.schedule import Playhead, Schedule
from desktop.pipeline.spool import BLOCK, Block, Spool, Track, blocks
from desktop.pipeline.work import Work
from desktop.segments.cut import Segmentation, leads
from desktop.segments.store import About, SegmentStore


@dataclass(frozen=True)
class How:
    """How a track is separated, beside what the engine says."""

    segments: Path
    """The folder of its finished segments. Those that are there, and made in the same way, are not made again."""
    key: str
    """Names what made them; see `About.key`."""
    overlap: float
    """Part of a segment shared with its neighbour, for engines whose segments overlap."""
    shifts: int
    """How many turns, each cut elsewhere, are averaged; 0 for one, cut from the first frame on."""


class Separation:
    """One track and the engine that separates it."""

    def __init__(
        self, mixture: Mixture, level: Level, engine: Engine, how: How, progress: Progress, playhead: Playhead
    ) -> None:
        """`level` is the mixture's."""
        self._mixture = mixture
        self._level = level
        self._engine = engine
        self._how = how
        self._progress = progress
        self._playhead = playhead

    def stems(self, spool: Path) -> Generator[Block]:
        """Blocks `[sources, channels, n <= 65536]` that together have exactly the mixture's frames.

        A mixture at another rate than the engine's is kept resampled in the file `spool` meanwhile.
        """
        if self._mixture.sample_rate == self._engine.sample_rate:
            yield from self._stems(self._mixture, self._level)
            return
        with Spool(spool, self._mixture.channels) as track:
            yield from self._stems(track, self._resample(track))

    def _resample(self, track: Spool) -> Level:
        """Fill the track; its level."""
        mixture, meter = self._mixture, LevelMeter()

        def put(block: NDArray[np.floating]) -> None:
            track.write(block)
            meter.add(block)

        resampler = StreamResampler(mixture.sample_rate, self._engine.sample_rate, mixture.channels)
        for block in blocks(mixture, self._progress.check):
            put(resampler.push(block))
        put(resampler.flush())
        return meter.level

    def _stems(self, track: Track, level: Level) -> Iterator[Block]:
        mixture = self._mixture
        given = 0
        for block in self._at_mixture_rate(track, level):
            for start in range(0, block.shape[-1], BLOCK):
                piece = block[..., start : min(start + BLOCK, start + mixture.frames - given)]
                given += piece.shape[-1]
                if piece.shape[-1]:
                    yield piece
        # Rounding there and back may lose a frame at the end; a track of a frame or two may vanish altogether.
        if given < mixture.frames:
            yield np.zeros((len(self._engine.sources), mixture.channels, mixture.frames - given))

    def _at_mixture_rate(self, track: Track, level: Level) -> Iterator[Block]:
        back = _Back(len(self._engine.sources), self._mixture, self._engine.sample_rate)
        for block in self._separated(track, level):
            yield back.push(block)
        yield back.flush()

    def _separated(self, track: Track, level: Level) -> Iterator[Block]:
        """Blocks `[sources, channels, n]` at the engine's rate, each as soon as all before it are done."""
        store = SegmentStore.create(self._how.segments, self._about(track))
        schedule = Schedule(store, self._playhead)
        normal = level if self._engine.segmentation.normalise else Level()
        with closing(Work(track, self._engine, store, normal)) as work:
            for start in range(0, track.frames, BLOCK):
                size = min(BLOCK, track.frames - start)
                while not store.ready(start, start + size):
                    self._progress.at("separating", schedule.part_done)
                    work.separate(schedule.following(self._engine.batch))
                self._progress.at("separating", schedule.part_done)
                yield store.read(start, size).transpose(1, 2, 0)

    def _about(self, track: Track) -> About:
        engine = self._engine
        turns = leads(self._how.shifts, engine.sample_rate)
        cut = with_overlap(engine.segmentation, self._how.overlap)
        return About(self._how.key, engine.sources, engine.sample_rate, track.channels, track.frames, cut, turns)


class _Back:
    """Stems back from the engine's rate to the mixture's."""

    def __init__(self, sources: int, mixture: Mixture, rate: int) -> None:
        self._shape = (sources, mixture.channels, -1)
        self._resampler = StreamResampler(rate, mixture.sample_rate, sources * mixture.channels)

    def push(self, block: Block) -> Block:
        """`[sources, channels, n]` to `[sources, channels, m]`."""
        flat = np.ascontiguousarray(block).reshape(-1, block.shape[-1])
        # Frame by frame as the resampler leaves them, every sum over stems would take ten times as long.
        return np.ascontiguousarray(self._resampler.push(flat)).reshape(self._shape)

    def flush(self) -> Block:
        """The rest of it."""
        return self._resampler.flush().reshape(self._shape)


def with_overlap(how: Segmentation, overlap: float) -> Segmentation:
    """The reference's meaning of `overlap` (`apply_model`), for engines that follow the reference."""
    return replace(how, stride=max(1, int((1 - overlap) * how.length))) if how.normalise else how
