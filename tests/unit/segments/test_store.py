import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.audio.peaks import FRAMES_PER_ENTRY, compute_entries
from desktop.segments.grid import Segment, Segmentation
from desktop.segments.store import SegmentStore, StoreManifest

SOURCES = ("drums", "vocals")


def make_manifest(frames: int = 5000, shifts: tuple[int, ...] = (0,), **lengths: int) -> StoreManifest:
    lengths = {"length": 1600, "stride": 1200} | lengths
    return StoreManifest("song", SOURCES, 44100, 2, frames, Segmentation(**lengths), shifts)


MANIFEST_TEXT = (
    '{"key": "song", "sources": ["drums", "vocals"], "sample_rate": 44100, "channels": 2, "frames": 5000, '
    '"segmentation": {"length": 1600, "stride": 1200, "context": 0, "centre_last": true, "normalise": true}, '
    '"leads": [700, 40], "kept_as": "int16"}'
)


def make_stems(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(frames).standard_normal((2, 2, frames)).astype(np.float32) / 5


def samples_of(track: NDArray[np.float32], segment: Segment) -> NDArray[np.float32]:
    """Return the part of `track` that a segment covers, with silence before the first frame."""
    padded = np.pad(track, ((0, 0), (0, 0), (3000, 0)))
    return padded[..., 3000 + segment.start : 3000 + segment.end]


def fill(store: SegmentStore, track: NDArray[np.float32], numbers: list[int] | None = None) -> None:
    """Write the segments of `track` with these numbers, all by default."""
    for number in range(len(store.grid.segments)) if numbers is None else numbers:
        segment = store.grid.segments[number]
        store.write(segment, samples_of(track, segment))


@settings(max_examples=40)
@given(frames=st.integers(1, 6000), stride=st.integers(200, 1600), shifts=st.sampled_from([(0,), (700, 40), (0, 333)]))
def test_segments_of_a_track_are_joined_to_the_same_track(
    tmp_path_factory: pytest.TempPathFactory, frames: int, stride: int, shifts: tuple[int, ...]
) -> None:
    track = make_stems(frames)
    store = SegmentStore.create(tmp_path_factory.mktemp("store"), make_manifest(frames, shifts, stride=stride))
    fill(store, track)
    assert store.is_ready(0, frames)
    np.testing.assert_allclose(store.read(0, frames).transpose(1, 2, 0), track, atol=1e-6)


def test_order_of_writes_and_size_of_reads_do_not_change_the_samples(tmp_path: Path) -> None:
    forwards, backwards = (
        SegmentStore.create(tmp_path / name, make_manifest(9000, (0, 500))) for name in ("one", "two")
    )
    noise = [make_stems(1600 + number)[..., :1600] for number in range(len(forwards.grid.segments))]
    for store, order in ((forwards, forwards.grid.segments), (backwards, backwards.grid.segments[::-1])):
        for segment in order:
            store.write(segment, noise[segment.number][..., : segment.frames])
    whole = forwards.read(0, 9000)
    pieces = np.concatenate([backwards.read(start, 900) for start in range(0, 9000, 900)])
    assert whole.tobytes() == pieces.tobytes()


def test_store_continues_with_an_equal_manifest_and_is_cleared_for_another(tmp_path: Path) -> None:
    fill(SegmentStore.create(tmp_path / "store", make_manifest()), make_stems(5000), [0, 2])
    reopened = SegmentStore.create(tmp_path / "store", make_manifest())
    assert reopened.finished == {0, 2}
    assert SegmentStore.create(tmp_path / "store", replace(make_manifest(), key="another model")).finished == set()
    assert not list((tmp_path / "store").glob("*.float32"))


def test_truncated_file_is_not_a_finished_segment(tmp_path: Path) -> None:
    store = SegmentStore.create(tmp_path / "store", make_manifest())
    fill(store, make_stems(5000))
    for number, size in ((1, 0), (2, 700)):
        with (tmp_path / "store" / f"{number:06d}.float32").open("rb+") as file:
            file.truncate(size)
    (tmp_path / "store" / "5f0c9a1e.float32.part").write_bytes(b"half")
    assert SegmentStore.open(tmp_path / "store").finished == {0, 3, 4}


def test_separate_reader_sees_segments_as_they_finish(tmp_path: Path) -> None:
    writer = SegmentStore.create(tmp_path / "store", make_manifest())
    reader = SegmentStore.open(tmp_path / "store")
    assert not reader.is_ready(0, 10)
    fill(writer, make_stems(5000), [0])
    assert reader.refresh() == {0}
    assert (reader.is_ready(0, 1200), reader.is_ready(0, 1201)) == (True, False)
    assert (reader.ready_until(0, 5000), reader.ready_until(1500, 5000)) == (1200, 1500)
    fill(writer, make_stems(5000), [1, 2, 3, 4])
    assert reader.refresh() == {1, 2, 3, 4}
    assert reader.ready_until(100, 5000) == 5000


@pytest.mark.parametrize("frames", [1, 255, 256, 5000])
@pytest.mark.parametrize("shifts", [(0,), (300, 10)])
def test_peaks_of_the_segments_equal_the_peaks_of_the_track(
    tmp_path: Path, frames: int, shifts: tuple[int, ...]
) -> None:
    track = make_stems(frames)
    store = SegmentStore.create(tmp_path / "store", make_manifest(frames, shifts))
    fill(store, track)
    entries = -(-frames // FRAMES_PER_ENTRY)
    found = np.zeros((entries, 2, 2), np.int16)
    for number in range(len(store.grid.segments)):
        first, peaks = store.peaks(number)
        found[first : first + len(peaks)] = peaks
    padded = np.pad(track, ((0, 0), (0, 0), (0, entries * FRAMES_PER_ENTRY - frames)), mode="edge")
    np.testing.assert_array_equal(found, np.stack([compute_entries(stem) for stem in padded], axis=1))


def test_int16_store_keeps_the_samples_of_a_draft(tmp_path: Path) -> None:
    track = make_stems(5000)
    store = SegmentStore.create(tmp_path / "store", replace(make_manifest(), dtype="int16"))
    fill(store, track)
    np.testing.assert_allclose(store.read(0, 5000).transpose(1, 2, 0), track, atol=4e-5)
    assert store.total_bytes() == sum(file.stat().st_size for file in (tmp_path / "store").glob("*.int16"))


def test_int16_store_clips_a_draft_at_twice_full_scale(tmp_path: Path) -> None:
    track = make_stems(5000) * 1000
    store = SegmentStore.create(tmp_path / "store", replace(make_manifest(), dtype="int16"))
    fill(store, track)
    np.testing.assert_allclose(store.read(0, 5000).transpose(1, 2, 0), track.clip(-2, 2), atol=1e-3)


def test_track_that_turns_out_longer_keeps_its_finished_segments(tmp_path: Path) -> None:
    track = make_stems(5000)
    store = SegmentStore.create(tmp_path / "store", make_manifest(4900))
    fill(store, track, [0, 1, 2])
    longer = store.with_length(5000)
    assert longer.finished == {0, 1, 2}
    fill(longer, track, [3, 4])
    np.testing.assert_allclose(longer.read(0, 5000).transpose(1, 2, 0), track, atol=1e-6)


def test_manifest_has_the_keys_of_earlier_versions_so_that_jobs_continue_after_an_update(tmp_path: Path) -> None:
    segmentation = Segmentation(1600, 1200, centre_last=True, normalise=True, takes_overlap=True)
    manifest = StoreManifest("song", SOURCES, 44100, 2, 5000, segmentation, (700, 40), dtype="int16")
    SegmentStore.create(tmp_path / "new", manifest)
    assert json.loads((tmp_path / "new" / "about.json").read_text()) == json.loads(MANIFEST_TEXT)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "about.json").write_text(MANIFEST_TEXT)
    (tmp_path / "old" / "unknown").touch()
    assert SegmentStore.create(tmp_path / "old", manifest).manifest == manifest
    assert (tmp_path / "old" / "unknown").exists()  # the folder was not emptied
