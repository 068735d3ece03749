import numpy as np
import torch
from numpy.typing import NDArray

from desktop.pipeline.normalization import Normalization, NormalizationMeter


def measure(blocks: list[NDArray[np.floating]]) -> Normalization:
    meter = NormalizationMeter()
    for block in blocks:
        meter.add(block)
    return meter.normalization


def test_level_measured_in_blocks_matches_demucs() -> None:
    sound = np.random.default_rng(0).normal(0.2, 0.3, (2, 10_000)).astype(np.float32)
    level = measure([sound[:, :1], sound[:, 1:777], sound[:, 777:777], sound[:, 777:]])
    mono = torch.from_numpy(sound).mean(0)
    assert abs(level.mean - float(mono.mean())) < 1e-6
    assert abs(level.deviation - float(mono.std() + 1e-8)) < 1e-6


def test_silence_and_a_single_frame_stay_finite_and_invert_exactly() -> None:
    for sound in (np.zeros((2, 100)), np.ones((1, 1)), np.zeros((2, 0))):
        level = measure([sound])
        assert np.isfinite(level.apply(sound)).all()
        np.testing.assert_allclose(level.invert(level.apply(sound).astype(np.float64)), sound)
