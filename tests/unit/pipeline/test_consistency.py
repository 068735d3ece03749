import numpy as np
import pytest
from scipy.signal import lfilter

from desktop.pipeline.consistency import (
    ResidualDistributor,
    quantize_preserving_sum,
    round_to_float32_preserving_sum,
    smooth_exponentially,
)


def test_residual_goes_to_the_loud_stem() -> None:
    rng = np.random.default_rng(0)
    loud, quiet = rng.uniform(-0.5, 0.5, (2, 5000)), rng.uniform(-0.005, 0.005, (2, 5000))
    stems = np.stack([loud, quiet])
    mixture = stems.sum(axis=0) + 0.1
    corrected = ResidualDistributor(2, 44100).distribute(stems, mixture)
    np.testing.assert_allclose(corrected.sum(axis=0), mixture, atol=1e-12)
    assert np.abs(corrected[1] - quiet)[:, 100:].max() < 1e-3


def test_residual_of_silent_stems_is_shared_equally() -> None:
    corrected = ResidualDistributor(4, 44100).distribute(np.zeros((4, 1, 100)), np.ones((1, 100)))
    np.testing.assert_allclose(corrected, 0.25)


def test_block_boundaries_do_not_change_the_distribution() -> None:
    rng = np.random.default_rng(0)
    stems, mixture = rng.uniform(-1, 1, (3, 2, 1000)), rng.uniform(-1, 1, (2, 1000))
    whole = ResidualDistributor(3, 44100).distribute(stems, mixture)
    distributor = ResidualDistributor(3, 44100)
    blocks = [distributor.distribute(stems[..., a:b], mixture[:, a:b]) for a, b in ((0, 1), (1, 400), (400, 1000))]
    np.testing.assert_allclose(np.concatenate(blocks, axis=-1), whole)


@pytest.mark.parametrize("sources", [1, 2, 4, 6])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_rounded_stems_sum_to_the_mixture_and_move_by_one_step_at_most(bits: int, sources: int) -> None:
    rng = np.random.default_rng(bits)
    scale = 2.0 ** (bits - 1)
    mixture = rng.integers(-scale, scale, (2, 3000)) / scale
    stems = rng.uniform(-1, 1, (sources, 2, 3000))
    stems += (mixture - stems.sum(axis=0)) / sources
    rounded = quantize_preserving_sum(stems, mixture, bits)
    np.testing.assert_array_equal(rounded.sum(axis=0), mixture)
    np.testing.assert_array_equal(np.rint(rounded * scale), rounded * scale)
    assert np.abs(rounded - stems).max() * scale <= 1.0


def test_float_stems_beyond_twice_full_scale_still_sum_to_a_24_bit_mixture() -> None:
    rng = np.random.default_rng(0)
    scale = 2.0**23
    stems = rng.integers(-scale, scale, (4, 2, 3000)) / scale
    stems[0] = np.rint(stems[0] * 0.9 * scale) / scale
    stems[1] += 6.0
    stems[2] -= 6.0
    mixture = stems.sum(axis=0)
    rounded = round_to_float32_preserving_sum(stems, mixture)
    np.testing.assert_array_equal(rounded.sum(axis=0, dtype=np.float64), mixture)


@pytest.mark.parametrize("frames", [1, 440, 441, 1765, 50_000])
@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.3])
def test_smoothing_matches_the_recursive_filter_of_scipy(frames: int, seconds: float) -> None:
    rng = np.random.default_rng(frames)
    values, last = rng.uniform(0, 1, (4, frames)) ** 8, rng.uniform(0, 1, (4, 1))
    smoothing = float(np.exp(-1.0 / (seconds * 44100)))
    expected, _ = lfilter([1.0 - smoothing], [1.0, -smoothing], values, axis=-1, zi=smoothing * last)
    np.testing.assert_allclose(smooth_exponentially(values, smoothing, last), expected, rtol=1e-12)
