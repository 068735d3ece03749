import shutil
from pathlib import Path

import numpy as np
import pytest

from desktop.audio.peaks import BASE
from desktop.segments.cut import Segmentation
from desktop.segments.growing_peaks import GrowingPeaks
from desktop.segments.store import About, SegmentStore
from desktop.segments.unfinished import Unfinished

RATE = 44100
FRAMES = 20 * RATE
HOW = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)


def fill(store: SegmentStore, seed: int, *numbers: int) -> None:
    dice = np.random.default_rng(seed)
    for segment in store.cut.segments:
        sound = dice.uniform(-0.5, 0.5, (len(store.about.sources), 2, segment.frames)).astype(np.float32)
        if not numbers or segment.number in numbers:
            store.put(segment, sound, durable=False)


@pytest.fixture
def unfinished(tmp_path: Path) -> Unfinished:
    return Unfinished(tmp_path / "segments", tmp_path / "draft")


def begin(unfinished: Unfinished, tmp_path: Path, final: bool) -> SegmentStore:
    names = ("drums", "bass") if final else ("bass", "drums")
    folder = tmp_path / "segments" / "key" if final else tmp_path / "draft"
    return SegmentStore.create(folder, About("key", names, RATE, 2, FRAMES, HOW))


def test_lanes_fill_and_finished_parts_stay_finished(tmp_path: Path, unfinished: Unfinished) -> None:
    draft = begin(unfinished, tmp_path, final=False)
    final = begin(unfinished, tmp_path, final=True)
    fill(final, 1, 2, 3)
    assert unfinished.look()
    leading = unfinished.leading
    assert leading is not None
    growing = GrowingPeaks(unfinished, leading)
    assert growing.take()
    assert not growing.take()
    drums = growing.lanes[0]
    assert not drums.columns(0, 2 * RATE, 50).any()
    before = drums.columns(4 * RATE, 6 * RATE, 50)
    assert before.any()
    fill(draft, 2)
    assert unfinished.look()
    assert growing.take()
    np.testing.assert_array_equal(drums.columns(4 * RATE, 6 * RATE, 50), before)
    assert drums.columns(0, 2 * RATE, 50).any()


def test_what_is_missing_is_told_in_seconds(tmp_path: Path, unfinished: Unfinished) -> None:
    final = begin(unfinished, tmp_path, final=True)
    unfinished.look()
    assert unfinished.leading is not None
    growing = GrowingPeaks(unfinished, unfinished.leading)
    assert growing.unfinished_spans() == [(0.0, 20.0)]
    fill(final, 1, 0, 2)
    unfinished.look()
    growing.take()
    (first, second) = growing.unfinished_spans()
    assert first == pytest.approx((1.75, 3.25), abs=BASE / RATE)
    assert second == pytest.approx((4.75, 20.0), abs=BASE / RATE)
    fill(final, 1)
    unfinished.look()
    growing.take()
    assert growing.unfinished_spans() == []


def test_coarse_and_fine_views_agree_however_the_segments_came(tmp_path: Path, unfinished: Unfinished) -> None:
    final = begin(unfinished, tmp_path, final=True)
    unfinished.look()
    assert unfinished.leading is not None
    piecemeal = GrowingPeaks(unfinished, unfinished.leading)
    for number in reversed(range(len(final.cut.segments))):
        fill(final, 3, number)
        unfinished.look()
        piecemeal.take()
    whole = GrowingPeaks(unfinished, unfinished.leading)
    whole.take()
    for width in (10, 100, 3000):
        for one, other in zip(piecemeal.lanes, whole.lanes, strict=True):
            np.testing.assert_array_equal(one.columns(0, FRAMES, width), other.columns(0, FRAMES, width))


def test_what_was_finished_stays_to_be_seen_when_its_files_are_gone(tmp_path: Path, unfinished: Unfinished) -> None:
    final = begin(unfinished, tmp_path, final=True)
    fill(final, 1, 0, 1)
    unfinished.look()
    assert unfinished.leading is not None
    growing = GrowingPeaks(unfinished, unfinished.leading)
    growing.take()
    before = growing.lanes[0].columns(0, RATE, 50)
    fill(final, 1, 2)
    unfinished.look()
    shutil.rmtree(tmp_path / "segments")
    assert not growing.take()
    assert not unfinished.look()
    assert unfinished.leading.about == growing.about
    np.testing.assert_array_equal(growing.lanes[0].columns(0, RATE, 50), before)


def test_segments_of_another_kind_take_the_place_of_those_that_are_gone(tmp_path: Path, unfinished: Unfinished) -> None:
    begin(unfinished, tmp_path, final=True)
    unfinished.look()
    shutil.rmtree(tmp_path / "segments")
    shorter = Segmentation(length=RATE, stride=RATE // 2, normalise=True)
    folder = tmp_path / "segments" / "other"
    SegmentStore.create(folder, About("other", ("drums", "bass"), RATE, 2, FRAMES, shorter))
    assert unfinished.look()
    assert unfinished.leading is not None
    assert unfinished.leading.folder == folder
