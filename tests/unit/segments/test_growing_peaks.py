import shutil
from pathlib import Path

import numpy as np
import pytest

from desktop.audio.peaks import FRAMES_PER_ENTRY
from desktop.segments.grid import Segmentation
from desktop.segments.live_peaks import LivePeaks
from desktop.segments.partial_result import PartialResult
from desktop.segments.store import SegmentStore, StoreManifest

RATE = 44100
FRAMES = 20 * RATE
HOW = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)


def fill(store: SegmentStore, seed: int, *numbers: int) -> None:
    dice = np.random.default_rng(seed)
    for segment in store.grid.segments:
        sound = dice.uniform(-0.5, 0.5, (len(store.manifest.sources), 2, segment.frames)).astype(np.float32)
        if not numbers or segment.number in numbers:
            store.write(segment, sound, is_durable=False)


@pytest.fixture
def unfinished(tmp_path: Path) -> PartialResult:
    return PartialResult(tmp_path / "segments", tmp_path / "draft")


def begin(unfinished: PartialResult, tmp_path: Path, final: bool) -> SegmentStore:
    names = ("drums", "bass") if final else ("bass", "drums")
    folder = tmp_path / "segments" / "key" if final else tmp_path / "draft"
    return SegmentStore.create(folder, StoreManifest("key", names, RATE, 2, FRAMES, HOW))


def test_lanes_fill_and_finished_parts_stay_finished(tmp_path: Path, unfinished: PartialResult) -> None:
    draft = begin(unfinished, tmp_path, final=False)
    final = begin(unfinished, tmp_path, final=True)
    fill(final, 1, 2, 3)
    assert unfinished.refresh()
    leading = unfinished.primary
    assert leading is not None
    growing = LivePeaks(unfinished, leading)
    assert growing.fill_finished_segments()
    assert not growing.fill_finished_segments()
    drums = growing.lanes[0]
    assert not drums.columns(0, 2 * RATE, 50).any()
    before = drums.columns(4 * RATE, 6 * RATE, 50)
    assert before.any()
    fill(draft, 2)
    assert unfinished.refresh()
    assert growing.fill_finished_segments()
    np.testing.assert_array_equal(drums.columns(4 * RATE, 6 * RATE, 50), before)
    assert drums.columns(0, 2 * RATE, 50).any()


def test_what_is_missing_is_told_in_seconds(tmp_path: Path, unfinished: PartialResult) -> None:
    final = begin(unfinished, tmp_path, final=True)
    unfinished.refresh()
    assert unfinished.primary is not None
    growing = LivePeaks(unfinished, unfinished.primary)
    assert growing.missing_ranges() == [(0.0, 20.0)]
    fill(final, 1, 0, 2)
    unfinished.refresh()
    growing.fill_finished_segments()
    (first, second) = growing.missing_ranges()
    assert first == pytest.approx((1.75, 3.25), abs=FRAMES_PER_ENTRY / RATE)
    assert second == pytest.approx((4.75, 20.0), abs=FRAMES_PER_ENTRY / RATE)
    fill(final, 1)
    unfinished.refresh()
    growing.fill_finished_segments()
    assert growing.missing_ranges() == []


def test_coarse_and_fine_views_agree_however_the_segments_came(tmp_path: Path, unfinished: PartialResult) -> None:
    final = begin(unfinished, tmp_path, final=True)
    unfinished.refresh()
    assert unfinished.primary is not None
    piecemeal = LivePeaks(unfinished, unfinished.primary)
    for number in reversed(range(len(final.grid.segments))):
        fill(final, 3, number)
        unfinished.refresh()
        piecemeal.fill_finished_segments()
    whole = LivePeaks(unfinished, unfinished.primary)
    whole.fill_finished_segments()
    for width in (10, 100, 3000):
        for one, other in zip(piecemeal.lanes, whole.lanes, strict=True):
            np.testing.assert_array_equal(one.columns(0, FRAMES, width), other.columns(0, FRAMES, width))


def test_what_was_finished_stays_to_be_seen_when_its_files_are_gone(tmp_path: Path, unfinished: PartialResult) -> None:
    final = begin(unfinished, tmp_path, final=True)
    fill(final, 1, 0, 1)
    unfinished.refresh()
    assert unfinished.primary is not None
    growing = LivePeaks(unfinished, unfinished.primary)
    growing.fill_finished_segments()
    before = growing.lanes[0].columns(0, RATE, 50)
    fill(final, 1, 2)
    unfinished.refresh()
    shutil.rmtree(tmp_path / "segments")
    assert not growing.fill_finished_segments()
    assert not unfinished.refresh()
    assert unfinished.primary.manifest == growing.manifest
    np.testing.assert_array_equal(growing.lanes[0].columns(0, RATE, 50), before)


def test_segments_of_another_kind_take_the_place_of_those_that_are_gone(
    tmp_path: Path, unfinished: PartialResult
) -> None:
    begin(unfinished, tmp_path, final=True)
    unfinished.refresh()
    shutil.rmtree(tmp_path / "segments")
    shorter = Segmentation(length=RATE, stride=RATE // 2, normalise=True)
    folder = tmp_path / "segments" / "other"
    SegmentStore.create(folder, StoreManifest("other", ("drums", "bass"), RATE, 2, FRAMES, shorter))
    assert unfinished.refresh()
    assert unfinished.primary is not None
    assert unfinished.primary.folder == folder
