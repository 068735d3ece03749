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
SEGMENTATION = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)


def fill(store: SegmentStore, seed: int, *numbers: int) -> None:
    """Write noise to the segments with these numbers, or to all segments if none is given."""
    generator = np.random.default_rng(seed)
    for segment in store.grid.segments:
        sound = generator.uniform(-0.5, 0.5, (len(store.manifest.sources), 2, segment.frames)).astype(np.float32)
        if not numbers or segment.number in numbers:
            store.write(segment, sound, is_durable=False)


@pytest.fixture
def partial_result(tmp_path: Path) -> PartialResult:
    return PartialResult(tmp_path / "segments", tmp_path / "draft")


def create_store(partial_result: PartialResult, tmp_path: Path, final: bool) -> SegmentStore:
    names = ("drums", "bass") if final else ("bass", "drums")
    folder = tmp_path / "segments" / "key" if final else tmp_path / "draft"
    return SegmentStore.create(folder, StoreManifest("key", names, RATE, 2, FRAMES, SEGMENTATION))


def test_draft_fills_only_ranges_without_final_segments(tmp_path: Path, partial_result: PartialResult) -> None:
    draft = create_store(partial_result, tmp_path, final=False)
    final = create_store(partial_result, tmp_path, final=True)
    fill(final, 1, 2, 3)
    assert partial_result.refresh()
    primary = partial_result.primary
    assert primary is not None
    live_peaks = LivePeaks(partial_result, primary)
    assert live_peaks.fill_finished_segments()
    assert not live_peaks.fill_finished_segments()
    drums = live_peaks.lanes[0]
    assert not drums.columns(0, 2 * RATE, 50).any()
    before = drums.columns(4 * RATE, 6 * RATE, 50)
    assert before.any()
    fill(draft, 2)
    assert partial_result.refresh()
    assert live_peaks.fill_finished_segments()
    np.testing.assert_array_equal(drums.columns(4 * RATE, 6 * RATE, 50), before)
    assert drums.columns(0, 2 * RATE, 50).any()


def test_missing_ranges_are_in_seconds(tmp_path: Path, partial_result: PartialResult) -> None:
    final = create_store(partial_result, tmp_path, final=True)
    partial_result.refresh()
    assert partial_result.primary is not None
    live_peaks = LivePeaks(partial_result, partial_result.primary)
    assert live_peaks.missing_ranges() == [(0.0, 20.0)]
    fill(final, 1, 0, 2)
    partial_result.refresh()
    live_peaks.fill_finished_segments()
    (first, second) = live_peaks.missing_ranges()
    assert first == pytest.approx((1.75, 3.25), abs=FRAMES_PER_ENTRY / RATE)
    assert second == pytest.approx((4.75, 20.0), abs=FRAMES_PER_ENTRY / RATE)
    fill(final, 1)
    partial_result.refresh()
    live_peaks.fill_finished_segments()
    assert live_peaks.missing_ranges() == []


def test_changed_spans_are_those_of_the_new_segments(tmp_path: Path, partial_result: PartialResult) -> None:
    final = create_store(partial_result, tmp_path, final=True)
    fill(final, 1, 0)
    partial_result.refresh()
    assert partial_result.primary is not None
    live_peaks = LivePeaks(partial_result, partial_result.primary)
    live_peaks.fill_finished_segments()
    assert live_peaks.take_changed_spans() == [(0.0, 2.0)]
    assert live_peaks.take_changed_spans() == []
    fill(final, 1, 2, 4)
    partial_result.refresh()
    live_peaks.fill_finished_segments()
    assert sorted(live_peaks.take_changed_spans()) == [(3.0, 5.0), (6.0, 8.0)]


def test_peaks_at_every_zoom_are_independent_of_the_order_of_segments(
    tmp_path: Path, partial_result: PartialResult
) -> None:
    final = create_store(partial_result, tmp_path, final=True)
    partial_result.refresh()
    assert partial_result.primary is not None
    piecemeal = LivePeaks(partial_result, partial_result.primary)
    for number in reversed(range(len(final.grid.segments))):
        fill(final, 3, number)
        partial_result.refresh()
        piecemeal.fill_finished_segments()
    whole = LivePeaks(partial_result, partial_result.primary)
    whole.fill_finished_segments()
    for width in (10, 100, 3000):
        for one, other in zip(piecemeal.lanes, whole.lanes, strict=True):
            np.testing.assert_array_equal(one.columns(0, FRAMES, width), other.columns(0, FRAMES, width))


def test_finished_peaks_remain_after_the_files_are_deleted(tmp_path: Path, partial_result: PartialResult) -> None:
    final = create_store(partial_result, tmp_path, final=True)
    fill(final, 1, 0, 1)
    partial_result.refresh()
    assert partial_result.primary is not None
    live_peaks = LivePeaks(partial_result, partial_result.primary)
    live_peaks.fill_finished_segments()
    before = live_peaks.lanes[0].columns(0, RATE, 50)
    fill(final, 1, 2)
    partial_result.refresh()
    shutil.rmtree(tmp_path / "segments")
    assert not live_peaks.fill_finished_segments()
    assert not partial_result.refresh()
    assert partial_result.primary.manifest == live_peaks.manifest
    np.testing.assert_array_equal(live_peaks.lanes[0].columns(0, RATE, 50), before)


def test_store_with_another_segmentation_replaces_a_deleted_one(tmp_path: Path, partial_result: PartialResult) -> None:
    create_store(partial_result, tmp_path, final=True)
    partial_result.refresh()
    shutil.rmtree(tmp_path / "segments")
    shorter = Segmentation(length=RATE, stride=RATE // 2, normalise=True)
    folder = tmp_path / "segments" / "other"
    SegmentStore.create(folder, StoreManifest("other", ("drums", "bass"), RATE, 2, FRAMES, shorter))
    assert partial_result.refresh()
    assert partial_result.primary is not None
    assert partial_result.primary.folder == folder
