import numpy as np
import pytest

from desktop.pipeline.engines.sketch import stft
from desktop.pipeline.engines.sketch_features import (
    GROUP_COUNT,
    GROUP_STARTS,
    GROUP_WIDTHS,
    compute_features,
    pool_energies,
    side_to_mid_db,
)
from desktop.pipeline.engines.sketch_masks import compute_masks, load_tables
from tests.helpers.multitrack import GOLDEN, read_stem

STEREO, MONO = 0.0, -60.0


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as saved:
        return dict(saved)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return compute_features(pool_energies(stft(read_stem("rock120", "mixture")[:, :441_000])[..., :430]))


def test_features_match_those_that_the_table_was_fitted_on(golden: dict[str, np.ndarray], features: np.ndarray) -> None:
    np.testing.assert_allclose(features[..., golden["frames"]], golden["features"], atol=1e-3)


@pytest.mark.parametrize(("side_db", "key"), [(STEREO, "masks"), (MONO, "mono_masks")])
def test_masks_match_the_golden_masks(
    golden: dict[str, np.ndarray], features: np.ndarray, side_db: float, key: str
) -> None:
    np.testing.assert_allclose(compute_masks(features, side_db)[..., golden["frames"]], golden[key], atol=1e-3)


@pytest.mark.parametrize("side_db", [-99.0, -30.0, -25.0, -20.0, 10.0])
def test_masks_sum_to_one_between_mono_and_stereo(features: np.ndarray, side_db: float) -> None:
    masks = compute_masks(features, side_db)
    assert masks.dtype == np.float32
    np.testing.assert_allclose(masks.sum(axis=0), 1, atol=1e-6)


def test_masks_change_continuously_from_mono_to_stereo(features: np.ndarray) -> None:
    for edge in (-30.0, -20.0):
        below, above = compute_masks(features, edge - 1e-4), compute_masks(features, edge + 1e-4)
        np.testing.assert_allclose(below, above, atol=1e-4)


def test_mono_table_ignores_the_side_features() -> None:
    assert not load_tables().mono.weights[:, :, 9:12].any()


def test_groups_cover_every_bin_once() -> None:
    assert GROUP_COUNT == 686
    np.testing.assert_array_equal(GROUP_STARTS, np.concatenate([[0], np.cumsum(GROUP_WIDTHS)[:-1]]))
    assert GROUP_WIDTHS.sum() == 2048


@pytest.mark.parametrize(("width", "expected"), [(0.0, -60.0), (0.01, -40.0), (1.0, 0.0)])
def test_side_to_mid_ratio_is_in_decibels(width: float, expected: float) -> None:
    middle, side = np.random.default_rng(0).standard_normal((2, 44100)).astype(np.float32)
    energies = pool_energies(stft(np.stack([middle + width * side, middle - width * side])))
    ratio_db = side_to_mid_db(energies)
    assert ratio_db < -60 if width == 0 else abs(ratio_db - expected) < 1.0
