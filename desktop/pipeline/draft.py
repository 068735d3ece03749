"""A draft of all stems within seconds, by Sketch: decoded and separated in one go, and playable from the start on."""

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.ahead import ahead
from desktop.audio.conform import ConformedTrack, conformed
from desktop.audio.resample import StreamResampler
from desktop.audio.undecodable import UndecodableError
from desktop.errors import CancelledError
from desktop.pipeline.engines.engine import Engine, Samples
from desktop.segments.cut import Segment
from desktop.segments.store import About, SegmentStore

# Where the header does not say how long the track is.
_GUESS_SECONDS = 240.0
# A header may claim any length, and a plan of it all would fill the memory: what is longer is planned as it comes.
_MOST_SECONDS = 4 * 3600.0
# A draft is a convenience: it never takes more than this part of what is free on the disk.
_SHARE_OF_FREE = 0.25


def make_draft(
    track: Path, folder: Path, engine: Engine, grown: Callable[[], None], should_stop: Callable[[], bool]
) -> None:
    """Fill a new segment store in `folder`; `grown` is called whenever more of it can be heard.

    Raises UnusableTrackError, CancelledError, and OSError for a disk that is full or nearly so.
    """
    with closing(conformed(track, should_stop)) as attempts:
        for sound in attempts:
            shutil.rmtree(folder, ignore_errors=True)
            keepers = ThreadPoolExecutor(engine.batch, "keep")
            with keepers, suppress(UndecodableError):  # then another decoder may, or the same in another format
                return _Draft(sound, folder, engine, keepers).make(grown, should_stop)
    raise AssertionError("conformed() yields or raises")


class _Draft:
    def __init__(self, track: ConformedTrack, folder: Path, engine: Engine, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._track = track
        self._engine = engine
        self._channels = track.format.channels
        self._resampler = StreamResampler(track.format.sample_rate, engine.sample_rate, self._channels)
        seconds = min(track.seconds, _MOST_SECONDS) if track.seconds else _GUESS_SECONDS
        self._store = SegmentStore.create(folder, self._about(max(1, round(seconds * engine.sample_rate))))
        if self._store.size() > _SHARE_OF_FREE * shutil.disk_usage(folder).free:
            raise OSError(f"A draft of {self._store.size()} bytes would take too much of the disk")
        # What is decoded and still to be heard, and at which frame of the track it begins.
        self._sound = np.zeros((self._channels, 0), np.float32)
        self._new: list[Samples] = []
        self._from = 0
        self._end = 0
        self._next = 0

    def make(self, grown: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        with closing(ahead(map(self._resampler.push, self._track.blocks()))) as blocks:
            self._take_all(blocks, grown, should_stop)
        self._take(self._resampler.flush())
        self._store = self._store.lengthened(max(1, self._end))
        while rest := self._store.cut.segments[self._next :][: self._engine.batch]:
            self._separate(rest)
            self._tell(grown, should_stop)

    def _take_all(
        self, blocks: Iterable[NDArray[np.floating]], grown: Callable[[], None], should_stop: Callable[[], bool]
    ) -> None:
        for block in blocks:
            self._take(block)
            while ready := self._ready():
                self._separate(ready)
                self._tell(grown, should_stop)

    def _tell(self, grown: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        if should_stop():
            raise CancelledError("Cancelled.")
        grown()

    def _about(self, frames: int) -> About:
        engine = self._engine
        return About(
            "draft", engine.sources, engine.sample_rate, self._channels, frames, engine.segmentation,
            kept_as="int16",
        )  # fmt: skip

    def _take(self, sound: NDArray[np.floating]) -> None:
        self._new.append(sound.astype(np.float32))
        self._end += sound.shape[1]
        if self._end > self._store.about.frames:  # the header said less
            self._store = self._store.lengthened(2 * self._end)

    def _ready(self) -> tuple[Segment, ...]:
        """A batch of segments all of whose sound is there; none while there are too few."""
        following = self._store.cut.segments[self._next :][: self._engine.batch]
        whole = tuple(part for part in following if part.heard_from + part.heard <= self._end)
        return whole if len(whole) == self._engine.batch else ()

    def _separate(self, segments: tuple[Segment, ...]) -> None:
        self._sound, self._new = np.concatenate([self._sound, *self._new], axis=1), []
        heard = [self._heard(segment) for segment in segments]
        longest = max(sound.shape[1] for sound in heard)
        padded = np.stack([np.pad(sound, ((0, 0), (0, longest - sound.shape[1]))) for sound in heard])
        list(self._pool.map(self._keep, segments, self._engine.separate(padded)()))
        self._next = segments[-1].number + 1
        self._forget(self._next)

    def _keep(self, segment: Segment, answer: Samples) -> None:
        stems = answer[..., segment.skip : segment.skip + segment.frames]
        stems = stems if self._channels == 2 else stems.mean(axis=1, keepdims=True)
        self._store.put(segment, stems, durable=False)

    def _heard(self, segment: Segment) -> Samples:
        """float32 `[2, heard]`, silence beyond the track's ends."""
        start, end = segment.heard_from, segment.heard_from + segment.heard
        sound = self._sound[:, max(start - self._from, 0) : max(end - self._from, 0)]
        before, after = max(-start, 0), max(end - self._end, 0)
        return np.pad(np.broadcast_to(sound, (2, sound.shape[1])), ((0, 0), (before, after)))

    def _forget(self, following: int) -> None:
        """Let go of sound that no later segment hears."""
        segments = self._store.cut.segments
        if following < len(segments):
            useless = max(0, segments[following].heard_from - self._from)
            self._sound, self._from = self._sound[:, useless:], self._from + useless
