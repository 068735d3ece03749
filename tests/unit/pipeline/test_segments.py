import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.pipeline.engines.engine import Segmentation
from desktop.pipeline.segments import OverlapAdd, count, cut, triangle

segmentations = st.builds(
    lambda length, stride, context, centre: Segmentation(length, min(stride, length), context, centre),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 50),
    st.booleans(),
)


@settings(deadline=None)
@given(total=st.integers(1, 2000), how=segmentations)
def test_segments_of_the_mixture_give_the_mixture_back(total: int, how: Segmentation) -> None:
    mixture = np.random.default_rng(total).standard_normal((2, total)).astype(np.float32)
    padded = np.pad(mixture, ((0, 0), (1000, 1000)))
    summing = OverlapAdd(1, 2, total, how)
    given_back: list[np.ndarray] = []
    for segment in cut(total, how):
        heard = padded[:, 1000 + segment.heard_from :][:, : segment.heard]
        assert heard.shape[1] == segment.heard
        answer = heard[:, segment.skip : segment.skip + segment.frames]
        given_back.append(summing.add(segment.start, answer[None]))
    assert len(given_back) == count(total, how)
    np.testing.assert_allclose(np.concatenate(given_back, axis=-1)[0], mixture, atol=1e-5)


def test_the_last_segment_is_centred_and_borrows_from_its_left() -> None:
    *_, last = cut(1000, Segmentation(400, 300, centre_last=True))
    assert (last.start, last.frames, last.heard_from, last.heard, last.skip) == (900, 100, 750, 400, 150)


def test_segments_carry_their_context() -> None:
    first, second = cut(700, Segmentation(400, 400, context=50))
    assert (first.heard_from, first.heard, first.skip) == (-50, 500, 50)
    assert (second.heard_from, second.heard, second.skip) == (350, 400, 50)


def test_weights_rise_to_one_and_fall() -> None:
    np.testing.assert_allclose(triangle(5), [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(triangle(4), [0.5, 1, 1, 0.5])
