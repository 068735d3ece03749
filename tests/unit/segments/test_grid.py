import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.segments.grid import Segmentation, SegmentGrid, random_shifts, triangular_window

segmentations = st.builds(
    lambda length, stride, context, centre: Segmentation(length, min(stride, length), context, centre),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 50),
    st.booleans(),
)


@given(
    total=st.integers(1, 2000), segmentation=segmentations, shifts=st.lists(st.integers(0, 200), min_size=1, max_size=3)
)
def test_every_frame_is_covered_in_every_pass(total: int, segmentation: Segmentation, shifts: list[int]) -> None:
    grid = SegmentGrid(total, segmentation, shifts)
    for pass_number in range(len(shifts)):
        coverage = np.zeros(total)
        for segment in grid.segments:
            if segment.pass_number == pass_number:
                coverage[max(0, segment.start) : segment.end] += 1
        assert coverage.min() >= 1


@given(total=st.integers(1, 2000), segmentation=segmentations, shift=st.integers(0, 200), data=st.data())
def test_overlapping_returns_exactly_the_segments_that_touch_the_range(
    total: int, segmentation: Segmentation, shift: int, data: st.DataObject
) -> None:
    grid = SegmentGrid(total, segmentation, (0, shift))
    start = data.draw(st.integers(0, total - 1))
    end = data.draw(st.integers(start + 1, total))
    touching = [segment for segment in grid.segments if segment.start < end and segment.end > start]
    assert grid.overlapping(start, end) == touching
    assert [segment.number for segment in grid.segments] == list(range(len(grid.segments)))


def test_last_segment_is_centred_with_audio_from_its_left() -> None:
    *_, last = SegmentGrid(1000, Segmentation(400, 300, centre_last=True)).segments
    assert (last.start, last.frames, last.input_start, last.input_frames, last.trim_start) == (900, 100, 750, 400, 150)


def test_segment_input_includes_its_context() -> None:
    first, second = SegmentGrid(700, Segmentation(400, 400, context=50)).segments
    assert (first.input_start, first.input_frames, first.trim_start) == (-50, 500, 50)
    assert (second.input_start, second.input_frames, second.trim_start) == (350, 400, 50)


def test_triangular_window_rises_to_one_and_falls() -> None:
    np.testing.assert_allclose(triangular_window(5), [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(triangular_window(4), [0.5, 1, 1, 0.5])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_random_shifts_are_reproducible_and_at_most_half_a_second(count: int) -> None:
    shifts = random_shifts(count, 44100)
    assert len(shifts) == max(1, count)
    assert shifts == random_shifts(count, 44100)
    random.seed(0)
    assert shifts == (tuple(22050 - random.randint(0, 22050) for _ in range(count)) or (0,))
