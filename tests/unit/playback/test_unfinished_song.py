"""A song in work as it is heard: final where it is finished, draft elsewhere, and no step between them."""

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


class Folders:
    """A job's stores; in every one each lane is a constant, so that steps can be seen."""

    def __init__(self, root: Path) -> None:
        self.segments, self.draft = root / "segments", root / "draft"

    def begin_final(self, names: tuple[str, ...] = NAMES) -> SegmentStore:
        how = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)
        return SegmentStore.create(self.segments / "key", StoreManifest("key", names, RATE, 2, FRAMES, how))

    def begin_draft(self, names: tuple[str, ...] = NAMES[::-1]) -> SegmentStore:
        how = Segmentation(length=RATE, stride=RATE)
        return SegmentStore.create(self.draft, StoreManifest("draft", names, RATE, 1, FRAMES, how, kept_as="int16"))

    def song(self) -> PartialSource:
        unfinished = PartialResult(self.segments, self.draft)
        unfinished.refresh()
        assert unfinished.primary
        return PartialSource(self.segments, self.draft, unfinished.primary.manifest)


def fill(store: SegmentStore, values: dict[str, float], *numbers: int) -> None:
    for segment in store.grid.segments:
        if not numbers or segment.number in numbers:
            shape = (store.manifest.channels, segment.frames)
            answer = np.stack([np.full(shape, values[name], np.float32) for name in store.manifest.sources])
            store.write(segment, answer, is_durable=False)


def read(reading: SampleStream, frames: int) -> LaneSamples:
    """Up to `frames`, in blocks of odd sizes, ending where nothing more is there."""
    blocks: list[NDArray[np.float32]] = []
    got = 0
    while got < frames:
        block = reading.read(min(7001, frames - got))
        if not len(block):
            break
        blocks.append(block)
        got += len(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, 2, 2), np.float32)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_a_song_whose_files_are_gone_before_it_is_read_is_waited_for(folders: Folders) -> None:
    folders.begin_draft()
    song = folders.song()
    shutil.rmtree(folders.draft)
    reading = song.open_stream(RATE)
    assert len(reading.read(1000)) == 0
    assert not reading.has_ended
    draft = folders.begin_draft()
    fill(draft, {"drums": 0.25, "vocals": 0.5})
    assert len(reading.read(1000)) == 1000


def test_a_song_that_is_begun_anew_is_heard_as_its_draft_until_it_is_there_again(folders: Folders) -> None:
    fill(folders.begin_draft(), {"drums": 0.25, "vocals": 0.5})
    fill(folders.begin_final(), {"drums": -0.25, "vocals": -0.5})
    reading = folders.song().open_stream(0)
    assert np.all(read(reading, 7001)[:, 1] == -0.25)
    shutil.rmtree(folders.segments)
    assert len(reading.read(1000)) == 0
    assert np.all(read(reading, 7001)[:, 1] == 0.25)
    fill(folders.begin_final(), {"drums": -0.5, "vocals": -0.5})
    assert read(reading, RATE)[-1, 1, 0] == -0.5


def test_a_draft_alone_is_heard_and_its_end_is_waited_for(folders: Folders) -> None:
    draft = folders.begin_draft()
    fill(draft, {"drums": 0.25, "vocals": 0.5}, 0, 1, 2)
    song = folders.song()
    assert song.lane_names == ("vocals", "drums")
    reading = song.open_stream(RATE // 2)
    sound = read(reading, FRAMES)
    assert len(sound) == 3 * RATE - RATE // 2
    assert np.all(sound[:, 0] == 0.5)
    assert np.all(sound[:, 1] == 0.25)
    assert not reading.has_ended
    fill(draft, {"drums": 0.25, "vocals": 0.5})
    assert len(read(reading, FRAMES)) == 7 * RATE
    assert reading.has_ended


def test_finished_segments_replace_the_draft_with_a_cross_fade_of_20_ms(folders: Folders) -> None:
    fill(folders.begin_draft(), {"drums": 0.25, "vocals": 0.5})
    fill(folders.begin_final(), {"drums": -0.25, "vocals": -0.5}, 2, 3)
    reading = folders.song().open_stream(0)
    sound = read(reading, FRAMES)
    assert len(sound) == FRAMES
    assert reading.has_ended
    drums = sound[:, 1, 0]
    # Segments 2 and 3 span 3.0 to 6.5 s; their outer half seconds are shared with neighbours that are not done.
    begins, ends = int(3.5 * RATE), 6 * RATE
    assert np.all(drums[:begins] == 0.25)
    assert np.allclose(drums[begins + FADE : ends - FADE], -0.25)
    assert np.all(drums[ends:] == 0.25)
    for lane in (0, 1):
        assert np.abs(np.diff(sound[:, lane, 0])).max() < 2 * 1.0 / FADE


def test_a_segment_finished_under_the_playhead_takes_over_without_a_step(folders: Folders) -> None:
    fill(folders.begin_draft(), {"drums": 0.25, "vocals": 0.5})
    final = folders.begin_final()
    reading = folders.song().open_stream(0)
    before = read(reading, RATE)
    fill(final, {"drums": -0.25, "vocals": -0.5})
    sound = np.concatenate([before, read(reading, FRAMES)])[:, 1, 0]
    assert len(sound) == FRAMES
    assert np.all(sound[:RATE] == 0.25)
    assert np.allclose(sound[RATE + FADE :], -0.25)
    assert np.abs(np.diff(sound)).max() < 1.0 / FADE


def test_without_a_draft_the_sound_waits_for_the_model_and_goes_on_exactly_there(folders: Folders) -> None:
    final = folders.begin_final()
    fill(final, {"drums": 0.1, "vocals": 0.2}, 0, 1)
    reading = folders.song().open_stream(0)
    first = read(reading, FRAMES)
    assert len(first) == 3 * RATE
    assert not reading.has_ended
    fill(final, {"drums": 0.1, "vocals": 0.2})
    sound = np.concatenate([first, read(reading, FRAMES)])
    assert len(sound) == FRAMES
    assert np.allclose(sound, np.array([0.2, 0.1], np.float32)[None, :, None])


def test_a_lane_that_the_draft_does_not_have_is_silent_until_it_is_finished(folders: Folders) -> None:
    fill(folders.begin_draft(), {"drums": 0.25, "vocals": 0.5})
    folders.begin_final(("drums", "guitar", "vocals"))
    song = folders.song()
    assert song.lane_names == ("vocals", "drums", "guitar")
    sound = song.open_stream(0).read(1000)
    assert np.all(sound[:, 2] == 0.0)
    assert np.all(sound[:, 0] == 0.5)


def test_files_that_go_when_the_job_ends_are_no_trouble(folders: Folders) -> None:
    fill(folders.begin_draft(), {"drums": 0.25, "vocals": 0.5})
    reading = folders.song().open_stream(0)
    for file in folders.draft.iterdir():
        file.unlink()
    assert len(reading.read(1000)) == 0
    assert not reading.has_ended
