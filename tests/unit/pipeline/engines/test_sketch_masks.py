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
def seen() -> np.ndarray:
    return compute_features(pool_energies(stft(read_stem("rock120", "mixture")[:, :441_000])[..., :430]))


def test_features_are_those_the_table_was_fitted_on(golden: dict[str, np.ndarray], seen: np.ndarray) -> None:
    np.testing.assert_allclose(seen[..., golden["frames"]], golden["features"], atol=1e-3)


@pytest.mark.parametrize(("sides", "which"), [(STEREO, "masks"), (MONO, "mono_masks")])
def test_masks_are_those_of_the_fitted_table(
    golden: dict[str, np.ndarray], seen: np.ndarray, sides: float, which: str
) -> None:
    np.testing.assert_allclose(compute_masks(seen, sides)[..., golden["frames"]], golden[which], atol=1e-3)


@pytest.mark.parametrize("sides", [-99.0, -30.0, -25.0, -20.0, 10.0])
def test_masks_sum_to_one_on_the_way_from_mono_to_stereo(seen: np.ndarray, sides: float) -> None:
    shares = compute_masks(seen, sides)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


def test_the_way_from_mono_to_stereo_has_no_step(seen: np.ndarray) -> None:
    for edge in (-30.0, -20.0):
        below, above = compute_masks(seen, edge - 1e-4), compute_masks(seen, edge + 1e-4)
        np.testing.assert_allclose(below, above, atol=1e-4)


def test_the_mono_table_does_not_look_at_the_sides() -> None:
    assert not load_tables().mono.weights[:, :, 9:12].any()


def test_groups_cover_every_bin_once() -> None:
    assert GROUP_COUNT == 686
    np.testing.assert_array_equal(GROUP_STARTS, np.concatenate([[0], np.cumsum(GROUP_WIDTHS)[:-1]]))
    assert GROUP_WIDTHS.sum() == 2048


@pytest.mark.parametrize(("width", "expected"), [(0.0, -60.0), (0.01, -40.0), (1.0, 0.0)])
def test_side_to_middle_is_told_in_decibels(width: float, expected: float) -> None:
    middle, side = np.random.default_rng(0).standard_normal((2, 44100)).astype(np.float32)
    energies = pool_energies(stft(np.stack([middle + width * side, middle - width * side])))
    told = side_to_mid_db(energies)
    assert told < -60 if width == 0 else abs(told - expected) < 1.0
