"""SegmentWorker: passes segments through the engine into the store."""

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

SEGMENTATION = Segmentation(length=1000, stride=750, centre_last=True, normalise=True)
NORMALIZATION = Normalization(mean=0.25, deviation=0.5)


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
    received: list[Samples] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        self.received.extend(segments)
        return super().stems(segments)


@dataclass(frozen=True)
class SlowEngine(IdentityEngine):
    """Finishes a segment only once the next one has started."""

    started: list[threading.Event] = field(default_factory=lambda: [threading.Event() for _ in range(9)])
    calls: list[int] = field(default_factory=list)

    def separate(self, segments: Samples) -> PendingStems:
        number = len(self.calls)
        self.calls.append(number)
        self.started[number].set()
        stems = self.stems(segments)

        def finish() -> Samples:
            assert self.started[number + 1].wait(20)
            return stems

        return finish


def create_store(folder: Path, track: Track, engine: IdentityEngine) -> SegmentStore:
    return SegmentStore.create(
        folder / "store", StoreManifest("key", engine.sources, 44100, 2, track.frames, SEGMENTATION)
    )


def noise(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 0.1, (2, frames)).astype(np.float32)


def test_segment_is_stored_while_the_next_one_is_computed(tmp_path: Path) -> None:
    track, engine = Track(noise(3000)), SlowEngine()
    store = create_store(tmp_path, track, engine)
    worker = SegmentWorker(track, engine, store, NORMALIZATION)
    first, second, third, _ = store.grid.segments
    worker.separate([first])
    assert store.finished == set()
    worker.separate([second])
    assert store.finished == {0}
    worker.separate([third])
    assert store.finished == {0, 1}
    engine.started[3].set()
    worker.close()
    assert store.finished == {0, 1, 2}


def test_call_without_segments_waits_for_the_pending_ones(tmp_path: Path) -> None:
    track, engine = Track(noise(3000)), IdentityEngine()
    store = create_store(tmp_path, track, engine)
    worker = SegmentWorker(track, engine, store, NORMALIZATION)
    worker.separate(store.grid.segments)
    worker.separate([])
    assert store.finished == {0, 1, 2, 3}
    worker.close()


def test_silence_is_separated_once_and_reused_for_other_silent_segments(tmp_path: Path) -> None:
    sound = noise(20_000)
    sound[:, 3000:17_000] = 0
    track, engine = Track(sound), CountingEngine()
    store = create_store(tmp_path, track, engine)
    worker = SegmentWorker(track, engine, store, NORMALIZATION)
    for segment in store.grid.segments:
        worker.separate([segment])
    worker.close()
    silent = [segment for segment in store.grid.segments if segment.start >= 3000 and segment.end <= 17_000]
    assert len(silent) == 18
    assert len(engine.received) == len(store.grid.segments) - 17
    expected = np.asarray(engine.shares)[None, :, None] * (sound - NORMALIZATION.mean).T[:, None] + NORMALIZATION.mean
    np.testing.assert_allclose(store.read(0, 20_000), expected, atol=1e-6)


def test_error_while_storing_a_segment_is_raised_by_the_next_call(tmp_path: Path) -> None:
    class BrokenEngine(IdentityEngine):
        def stems(self, segments: Samples) -> Samples:
            return super().stems(segments) * np.float32(np.nan)

    track, engine = Track(noise(3000)), BrokenEngine()
    store = create_store(tmp_path, track, engine)
    worker = SegmentWorker(track, engine, store, NORMALIZATION)
    worker.separate(store.grid.segments[:1])
    with pytest.raises(ModelRejectedError):
        worker.separate([])
    worker.close()
