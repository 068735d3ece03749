"""Segments through the engine into the store."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import PendingStems, Samples
from desktop.pipeline.normalization import Normalization
from desktop.pipeline.separation import SegmentWorker
from desktop.segments.grid import Segmentation
from desktop.segments.store import SegmentStore, StoreManifest
from tests.helpers.engines import IdentityEngine

HOW = Segmentation(length=1000, stride=750, centre_last=True, normalise=True)
LEVEL = Normalization(mean=0.25, deviation=0.5)


@dataclass(frozen=True)
class Track:
    sound: NDArray[np.float32]
    channels: int = 2

    @property
    def frames(self) -> int:
        return self.sound.shape[1]

    def read(self, start: int, frames: int) -> NDArray[np.floating]:
        return self.sound[:, start : start + frames]


@dataclass(frozen=True)
class CountingEngine(IdentityEngine):
    given: list[Samples] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        self.given.extend(segments)
        return super().stems(segments)


@dataclass(frozen=True)
class SlowAnswers(IdentityEngine):
    """An answer comes only once the next segment is in work."""

    begun: list[threading.Event] = field(default_factory=lambda: [threading.Event() for _ in range(9)])
    calls: list[int] = field(default_factory=list)

    def separate(self, segments: Samples) -> PendingStems:
        number = len(self.calls)
        self.calls.append(number)
        self.begun[number].set()
        stems = self.stems(segments)

        def answer() -> Samples:
            assert self.begun[number + 1].wait(20)
            return stems

        return answer


def store_of(folder: Path, track: Track, engine: IdentityEngine) -> SegmentStore:
    return SegmentStore.create(folder / "store", StoreManifest("key", engine.sources, 44100, 2, track.frames, HOW))


def noise(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 0.1, (2, frames)).astype(np.float32)


def test_a_segment_is_finished_and_stored_while_the_next_is_in_work(tmp_path: Path) -> None:
    track, engine = Track(noise(3000)), SlowAnswers()
    store = store_of(tmp_path, track, engine)
    work = SegmentWorker(track, engine, store, LEVEL)
    first, second, third, _ = store.grid.segments
    work.separate([first])
    assert store.finished == set()
    work.separate([second])
    assert store.finished == {0}
    work.separate([third])
    assert store.finished == {0, 1}
    engine.begun[3].set()
    work.close()
    assert store.finished == {0, 1, 2}


def test_without_further_segments_those_before_are_waited_for(tmp_path: Path) -> None:
    track, engine = Track(noise(3000)), IdentityEngine()
    store = store_of(tmp_path, track, engine)
    work = SegmentWorker(track, engine, store, LEVEL)
    work.separate(store.grid.segments)
    work.separate([])
    assert store.finished == {0, 1, 2, 3}
    work.close()


def test_silence_is_separated_once_and_comes_out_as_it_would_each_time(tmp_path: Path) -> None:
    sound = noise(20_000)
    sound[:, 3000:17_000] = 0
    track, engine = Track(sound), CountingEngine()
    store = store_of(tmp_path, track, engine)
    work = SegmentWorker(track, engine, store, LEVEL)
    for segment in store.grid.segments:
        work.separate([segment])
    work.close()
    silent = [segment for segment in store.grid.segments if segment.start >= 3000 and segment.end <= 17_000]
    assert len(silent) == 18
    assert len(engine.given) == len(store.grid.segments) - 17
    wanted = np.asarray(engine.shares)[None, :, None] * (sound - LEVEL.mean).T[:, None] + LEVEL.mean
    np.testing.assert_allclose(store.read(0, 20_000), wanted, atol=1e-6)


def test_an_error_of_the_last_step_is_told_with_the_next_segment(tmp_path: Path) -> None:
    class Broken(IdentityEngine):
        def stems(self, segments: Samples) -> Samples:
            return super().stems(segments) * np.float32(np.nan)

    track, engine = Track(noise(3000)), Broken()
    store = store_of(tmp_path, track, engine)
    work = SegmentWorker(track, engine, store, LEVEL)
    work.separate(store.grid.segments[:1])
    with pytest.raises(ModelRejectedError):
        work.separate([])
    work.close()
