"""Playback of a partial result: final segments where they are finished, draft elsewhere, no step between them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.playback.partial_source import PartialSource
from desktop.playback.ring import LaneSamples
from desktop.playback.source import SampleStream
from desktop.segments.grid import Segmentation
from desktop.segments.partial_result import PartialResult
from desktop.segments.store import SegmentStore, StoreManifest

RATE = 44100
FRAMES = 10 * RATE
FADE = RATE // 50
NAMES = ("drums", "vocals")


class JobFolders:
    """The stores of a job. Each lane of a store is a constant, so that steps are visible."""

    def __init__(self, root: Path) -> None:
        self.segments, self.draft = root / "segments", root / "draft"

    def create_final(self, names: tuple[str, ...] = NAMES) -> SegmentStore:
        segmentation = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)
        return SegmentStore.create(self.segments / "key", StoreManifest("key", names, RATE, 2, FRAMES, segmentation))

    def create_draft(self, names: tuple[str, ...] = NAMES[::-1]) -> SegmentStore:
        segmentation = Segmentation(length=RATE, stride=RATE)
        return SegmentStore.create(
            self.draft, StoreManifest("draft", names, RATE, 1, FRAMES, segmentation, dtype="int16")
        )

    def open_source(self) -> PartialSource:
        partial = PartialResult(self.segments, self.draft)
        partial.refresh()
        assert partial.primary
        return PartialSource(self.segments, self.draft, partial.primary.manifest)


def fill(store: SegmentStore, values: dict[str, float], *numbers: int) -> None:
    for segment in store.grid.segments:
        if not numbers or segment.number in numbers:
            shape = (store.manifest.channels, segment.frames)
            stems = np.stack([np.full(shape, values[name], np.float32) for name in store.manifest.sources])
            store.write(segment, stems, is_durable=False)


def read(stream: SampleStream, frames: int) -> LaneSamples:
    """Read up to `frames` in blocks of an odd size; stop where no more is available."""
    blocks: list[NDArray[np.float32]] = []
    count = 0
    while count < frames:
        block = stream.read(min(7001, frames - count))
        if not len(block):
            break
        blocks.append(block)
        count += len(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, 2, 2), np.float32)


@pytest.fixture
def folders(tmp_path: Path) -> JobFolders:
    return JobFolders(tmp_path)


def test_stream_waits_if_the_files_are_deleted_before_the_first_read(folders: JobFolders) -> None:
    folders.create_draft()
    source = folders.open_source()
    shutil.rmtree(folders.draft)
    stream = source.open_stream(RATE)
    assert len(stream.read(1000)) == 0
    assert not stream.has_ended
    draft = folders.create_draft()
    fill(draft, {"drums": 0.25, "vocals": 0.5})
    assert len(stream.read(1000)) == 1000


def test_stream_of_a_restarted_job_plays_the_draft_until_segments_are_finished_again(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.25, "vocals": 0.5})
    fill(folders.create_final(), {"drums": -0.25, "vocals": -0.5})
    stream = folders.open_source().open_stream(0)
    assert np.all(read(stream, 7001)[:, 1] == -0.25)
    shutil.rmtree(folders.segments)
    assert len(stream.read(1000)) == 0
    assert np.all(read(stream, 7001)[:, 1] == 0.25)
    fill(folders.create_final(), {"drums": -0.5, "vocals": -0.5})
    assert read(stream, RATE)[-1, 1, 0] == -0.5


def test_draft_alone_is_played_and_its_unfinished_end_is_waited_for(folders: JobFolders) -> None:
    draft = folders.create_draft()
    fill(draft, {"drums": 0.25, "vocals": 0.5}, 0, 1, 2)
    source = folders.open_source()
    assert source.lane_names == ("vocals", "drums")
    stream = source.open_stream(RATE // 2)
    sound = read(stream, FRAMES)
    assert len(sound) == 3 * RATE - RATE // 2
    assert np.all(sound[:, 0] == 0.5)
    assert np.all(sound[:, 1] == 0.25)
    assert not stream.has_ended
    fill(draft, {"drums": 0.25, "vocals": 0.5})
    assert len(read(stream, FRAMES)) == 7 * RATE
    assert stream.has_ended


def test_finished_segments_replace_the_draft_with_a_cross_fade_of_20_ms(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.25, "vocals": 0.5})
    fill(folders.create_final(), {"drums": -0.25, "vocals": -0.5}, 2, 3)
    stream = folders.open_source().open_stream(0)
    sound = read(stream, FRAMES)
    assert len(sound) == FRAMES
    assert stream.has_ended
    drums = sound[:, 1, 0]
    # Segments 2 and 3 span 3.0 to 6.5 s; their outer half seconds overlap with unfinished segments.
    final_start, final_end = int(3.5 * RATE), 6 * RATE
    assert np.all(drums[:final_start] == 0.25)
    assert np.allclose(drums[final_start + FADE : final_end - FADE], -0.25)
    assert np.all(drums[final_end:] == 0.25)
    for lane in (0, 1):
        assert np.abs(np.diff(sound[:, lane, 0])).max() < 2 * 1.0 / FADE


def test_segment_finished_at_the_playhead_replaces_the_draft_without_a_step(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.25, "vocals": 0.5})
    final = folders.create_final()
    stream = folders.open_source().open_stream(0)
    before = read(stream, RATE)
    fill(final, {"drums": -0.25, "vocals": -0.5})
    sound = np.concatenate([before, read(stream, FRAMES)])[:, 1, 0]
    assert len(sound) == FRAMES
    assert np.all(sound[:RATE] == 0.25)
    assert np.allclose(sound[RATE + FADE :], -0.25)
    assert np.abs(np.diff(sound)).max() < 1.0 / FADE


def test_stream_without_a_draft_waits_for_segments_and_resumes_at_the_same_frame(folders: JobFolders) -> None:
    final = folders.create_final()
    fill(final, {"drums": 0.1, "vocals": 0.2}, 0, 1)
    stream = folders.open_source().open_stream(0)
    first = read(stream, FRAMES)
    assert len(first) == 3 * RATE
    assert not stream.has_ended
    fill(final, {"drums": 0.1, "vocals": 0.2})
    sound = np.concatenate([first, read(stream, FRAMES)])
    assert len(sound) == FRAMES
    assert np.allclose(sound, np.array([0.2, 0.1], np.float32)[None, :, None])


def test_lane_missing_from_the_draft_is_silent_until_it_is_separated(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.25, "vocals": 0.5})
    folders.create_final(("drums", "guitar", "vocals"))
    source = folders.open_source()
    assert source.lane_names == ("vocals", "drums", "guitar")
    sound = source.open_stream(0).read(1000)
    assert np.all(sound[:, 2] == 0.0)
    assert np.all(sound[:, 0] == 0.5)


def test_stream_waits_if_the_files_are_deleted_during_playback(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.25, "vocals": 0.5})
    stream = folders.open_source().open_stream(0)
    for file in folders.draft.iterdir():
        file.unlink()
    assert len(stream.read(1000)) == 0
    assert not stream.has_ended


def test_stream_that_continues_elsewhere_returns_what_a_new_one_does_there(folders: JobFolders) -> None:
    fill(folders.create_draft(), {"drums": 0.1, "vocals": 0.2})
    fill(folders.create_final(), {"drums": 0.5, "vocals": 0.25}, 1, 2)
    source = folders.open_source()
    stream = source.open_stream(7 * RATE)
    read(stream, RATE)
    for frame in (RATE, 2 * RATE, 0):
        stream.seek(frame)
        np.testing.assert_array_equal(read(stream, 3 * RATE), read(source.open_stream(frame), 3 * RATE))
