"""The mixture through the engine: out come the stems' blocks, at the mixture's own rate, in order."""

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from desktop.audio.mixture import Mixture
from desktop.audio.resample import StreamResampler
from desktop.errors import ModelRejectedError
from desktop.pipeline import level
from desktop.pipeline.engines.engine import Engine, Samples
from desktop.pipeline.level import Level
from desktop.pipeline.progress import Progress
from desktop.pipeline.segments import Block, OverlapAdd, Segment, count, cut
from desktop.pipeline.spool import BLOCK, Spool, Track, blocks


class Separation:
    """One track and the engine that separates it."""

    def __init__(self, mixture: Mixture, engine: Engine, progress: Progress) -> None:
        self._mixture = mixture
        self._engine = engine
        self._how = engine.segmentation
        self._progress = progress

    def stems(self, spool: Path) -> Generator[Block]:
        """Blocks `[sources, channels, n <= 65536]` that together have exactly the mixture's frames.

        A mixture at another rate than the engine's is kept resampled in the file `spool` meanwhile.
        """
        if self._mixture.sample_rate == self._engine.sample_rate:
            yield from self._stems(self._mixture)
            return
        with Spool(spool, self._mixture.channels) as track:
            self._resample(track)
            yield from self._stems(track)

    def _resample(self, track: Spool) -> None:
        mixture = self._mixture
        resampler = StreamResampler(mixture.sample_rate, self._engine.sample_rate, mixture.channels)
        for block in blocks(mixture, self._progress.check):
            track.write(resampler.push(block))
        track.write(resampler.flush())

    def _stems(self, track: Track) -> Iterator[Block]:
        mixture = self._mixture
        back = _Back(len(self._engine.sources), mixture, self._engine.sample_rate)
        given = 0
        for block in self._at_mixture_rate(track, back):
            for start in range(0, block.shape[-1], BLOCK):
                piece = block[..., start : min(start + BLOCK, start + mixture.frames - given)]
                given += piece.shape[-1]
                if piece.shape[-1]:
                    yield piece
        # Rounding there and back may lose a frame at the end; a track of a frame or two may vanish altogether.
        if given < mixture.frames:
            yield np.zeros((len(self._engine.sources), mixture.channels, mixture.frames - given))

    def _at_mixture_rate(self, track: Track, back: "_Back") -> Iterator[Block]:
        for block in self._separated(track):
            # A mono song was given to the engine as two equal channels; their mean is its stem.
            yield back.push(block if track.channels == 2 else block.mean(axis=1, keepdims=True))
        yield back.flush()

    def _separated(self, track: Track) -> Iterator[Block]:
        """Finished blocks `[sources, 2, n]` at the engine's rate."""
        normal = level.measure(blocks(track, self._progress.check)) if self._how.normalise else Level()
        summing = OverlapAdd(len(self._engine.sources), 2, track.frames, self._how)
        segments = count(track.frames, self._how)
        for number, segment in enumerate(cut(track.frames, self._how)):
            self._progress.at("separating", number / segments)
            answer = self._answer(_heard(track, segment, normal), segment)
            yield normal.undo(summing.add(segment.start, answer))
        self._progress.at("separating", 1.0)

    def _answer(self, heard: Samples, segment: Segment) -> Samples:
        """What the engine makes of `heard` `[2, n]`: `[sources, 2, frames of the segment]`."""
        answer = self._engine.separate(heard[None])[0, ..., segment.skip : segment.skip + segment.frames]
        if not np.isfinite(answer).all():
            raise ModelRejectedError(
                f"The model {self._engine.name} gave something that is not sound. "
                "Its file may be damaged: remove it, get it again, or choose another model."
            )
        return answer


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


def _heard(track: Track, segment: Segment, normal: Level) -> Samples:
    """What the engine hears of a segment: float32 `[2, heard]`, silence beyond the track's ends."""
    start = max(segment.heard_from, 0)
    end = min(segment.heard_from + segment.heard, track.frames)
    sound = normal.apply(track.read(start, end - start))
    heard = np.zeros((2, segment.heard), dtype=np.float32)
    heard[:, start - segment.heard_from : end - segment.heard_from] = sound
    return heard
