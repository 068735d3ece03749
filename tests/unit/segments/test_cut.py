import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.segments.grid import Segmentation, SegmentGrid, random_shifts, triangular_window

segmentations = st.builds(
    lambda length, stride, context, centre: Segmentation(length, min(stride, length), context, centre),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 50),
    st.booleans(),
)


@settings(deadline=None)
@given(total=st.integers(1, 2000), how=segmentations, turns=st.lists(st.integers(0, 200), min_size=1, max_size=3))
def test_every_frame_is_answered_for_in_every_turn(total: int, how: Segmentation, turns: list[int]) -> None:
    cut = SegmentGrid(total, how, turns)
    for turn in range(len(turns)):
        answered = np.zeros(total)
        for segment in cut.segments:
            if segment.pass_number == turn:
                answered[max(0, segment.start) : segment.end] += 1
        assert answered.min() >= 1


@settings(deadline=None)
@given(total=st.integers(1, 2000), how=segmentations, lead=st.integers(0, 200), data=st.data())
def test_the_segments_over_some_frames_are_those_that_touch_them(
    total: int, how: Segmentation, lead: int, data: st.DataObject
) -> None:
    cut = SegmentGrid(total, how, (0, lead))
    start = data.draw(st.integers(0, total - 1))
    end = data.draw(st.integers(start + 1, total))
    touching = [segment for segment in cut.segments if segment.start < end and segment.end > start]
    assert cut.overlapping(start, end) == touching
    assert [segment.number for segment in cut.segments] == list(range(len(cut.segments)))


def test_the_last_segment_is_centred_and_borrows_from_its_left() -> None:
    *_, last = SegmentGrid(1000, Segmentation(400, 300, centre_last=True)).segments
    assert (last.start, last.frames, last.input_start, last.input_frames, last.trim_start) == (900, 100, 750, 400, 150)


def test_segments_carry_their_context() -> None:
    first, second = SegmentGrid(700, Segmentation(400, 400, context=50)).segments
    assert (first.input_start, first.input_frames, first.trim_start) == (-50, 500, 50)
    assert (second.input_start, second.input_frames, second.trim_start) == (350, 400, 50)


def test_weights_rise_to_one_and_fall() -> None:
    np.testing.assert_allclose(triangular_window(5), [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(triangular_window(4), [0.5, 1, 1, 0.5])


@pytest.mark.parametrize("shifts", [0, 1, 3])
def test_turns_begin_up_to_half_a_second_early_always_alike(shifts: int) -> None:
    turns = random_shifts(shifts, 44100)
    assert len(turns) == max(1, shifts)
    assert turns == random_shifts(shifts, 44100)
    random.seed(0)
    assert turns == (tuple(22050 - random.randint(0, 22050) for _ in range(shifts)) or (0,))
