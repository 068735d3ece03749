from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.pipeline.engines.engine import Samples
from desktop.pipeline.engines.sketch import HOP, SketchEngine, istft, stft
from tests.helpers.engines import separate_track
from tests.helpers.multitrack import SONGS, read_stem, si_sdr

ENGINE = SketchEngine()
SECOND = 44100


@cache
def improvement(song: str, mono: bool = False) -> dict[str, float]:
    """Return the SI-SDR improvement of each stem over the mixture, in dB."""
    mixture, *references = (read_stem(song, name) for name in ("mixture", *ENGINE.sources))
    if mono:
        mixture, *references = (
            np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0) for sound in (mixture, *references)
        )
    stems = separate_track(ENGINE, mixture)
    return {
        name: si_sdr(reference, stem) - si_sdr(reference, mixture)
        for name, reference, stem in zip(ENGINE.sources, references, stems, strict=True)
    }


def noise(frames: int, channels: int = 2, seed: int = 0) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


@pytest.mark.parametrize("song", SONGS)
def test_stems_reach_the_si_sdr_improvement_that_a_draft_needs(song: str) -> None:
    improvements = improvement(song)
    assert min(improvements.values()) > 4, improvements
    assert np.mean(list(improvements.values())) > 8.5, improvements


def test_mono_tracks_separate_nearly_as_well_as_stereo() -> None:
    improvements = [value for song in SONGS for value in improvement(song, mono=True).values()]
    assert np.mean(improvements) > 7.5, improvements


def test_stems_sum_to_the_mixture() -> None:
    mixture = read_stem("house126", "mixture")[:, : 12 * SECOND]
    assert np.abs(separate_track(ENGINE, mixture).sum(axis=0) - mixture).max() < 2e-6


def test_segmentation_changes_the_stems_little() -> None:
    mixture, reference = (read_stem("rock120", name)[:, : 20 * SECOND] for name in ("mixture", "vocals"))
    context = ENGINE.segmentation.context
    padded = np.pad(mixture, ((0, 0), (context, context)))
    whole = ENGINE.separate(padded[None])()[0, 0, :, context:-context]
    assert abs(si_sdr(reference, whole) - si_sdr(reference, separate_track(ENGINE, mixture)[0])) < 0.1


def test_segment_boundaries_have_no_step() -> None:
    seam = ENGINE.segmentation.stride
    mixture = read_stem("house126", "mixture")[:, : seam + 6 * SECOND].copy()
    mixture[:, : seam - SECOND] /= 20
    steps = np.abs(np.diff(separate_track(ENGINE, mixture), n=2))
    around = steps[..., seam - SECOND // 10 : seam + SECOND // 10]
    assert (steps[..., seam - 3 : seam + 3].max(axis=(1, 2)) < 0.5 * around.max(axis=(1, 2))).all()


def test_stems_do_not_depend_on_earlier_calls() -> None:
    segment = noise(3 * SECOND)
    first = ENGINE.separate(segment[None])()[0]
    ENGINE.separate(np.roll(segment[None], 5000, axis=2) * 9)()
    assert ENGINE.separate(segment[None])()[0].tobytes() == first.tobytes()
    assert SketchEngine().separate(segment[None])()[0].tobytes() == first.tobytes()


def test_stems_are_bit_identical_with_several_threads() -> None:
    segmentation = ENGINE.segmentation
    segments = np.stack([noise(segmentation.length + 2 * segmentation.context, seed=seed) for seed in range(3)])
    one_by_one = np.concatenate([ENGINE.separate(segment[None])() for segment in segments])
    assert SketchEngine(threads=3).separate(segments)().tobytes() == one_by_one.tobytes()


def test_loudness_does_not_change_the_separation() -> None:
    mixture = read_stem("rock120", "mixture")[:, : 5 * SECOND]
    quiet, loud = ENGINE.separate(mixture[None])()[0], ENGINE.separate((mixture * 16)[None])()[0] / 16
    np.testing.assert_allclose(quiet, loud, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, HOP - 1, HOP, HOP + 1, 4096, 20 * HOP + 7])
def test_short_tracks_give_stems_that_sum_to_the_mixture(frames: int) -> None:
    mixture = noise(frames)
    stems = ENGINE.separate(mixture[None])()[0]
    assert stems.shape == (4, 2, frames)
    assert stems.dtype == np.float32
    assert np.abs(stems.sum(axis=0) - mixture).max() < 2e-6


ODD_SOUNDS: dict[str, NDArray[np.floating]] = {
    "silence": np.zeros((2, SECOND)),
    "a constant": np.ones((2, SECOND)),
    "one channel only": noise(SECOND) * [[1], [0]],
    "opposite phase": noise(SECOND, 1) * [[1], [-1]],
    "very quiet": noise(SECOND) * 1e-5,
    "almost silent": noise(SECOND) * 1e-18,
    "very loud": noise(SECOND) * 1e4,
    "one click": np.pad(np.ones((2, 1)), ((0, 0), (SECOND // 2, SECOND // 2))),
    "sound, then silence": np.pad(noise(SECOND), ((0, 0), (0, SECOND))),
}


@pytest.mark.parametrize("kind", ODD_SOUNDS)
def test_odd_sounds_give_finite_stems_that_sum_to_the_mixture(kind: str) -> None:
    sound = ODD_SOUNDS[kind].astype(np.float32)
    stems = ENGINE.separate(sound[None])()[0]
    assert np.isfinite(stems).all()
    assert np.abs(stems.sum(axis=0) - sound).max() <= 2e-6 * max(1.0, float(np.abs(sound).max()))


def test_left_channel_does_not_leak_into_the_right_one() -> None:
    left_only = ENGINE.separate((noise(SECOND) * np.array([[1], [0]], dtype=np.float32))[None])()[0]
    assert not left_only[:, 1].any()


@pytest.mark.parametrize("frames", [1, HOP, 10 * HOP + 333])
def test_istft_inverts_stft(frames: int) -> None:
    sound = noise(frames)
    np.testing.assert_allclose(istft(stft(sound), frames), sound, atol=1e-6)
