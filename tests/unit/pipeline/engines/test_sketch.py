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
    """By how many dB each stem is nearer to the true one than the mixture is."""
    mixture, *true = (read_stem(song, name) for name in ("mixture", *ENGINE.sources))
    if mono:
        mixture, *true = (np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0) for sound in (mixture, *true))
    answers = separate_track(ENGINE, mixture)
    return {
        name: si_sdr(reference, answer) - si_sdr(reference, mixture)
        for name, reference, answer in zip(ENGINE.sources, true, answers, strict=True)
    }


def noise(frames: int, channels: int = 2, seed: int = 0) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


@pytest.mark.parametrize("song", SONGS)
def test_stems_of_a_song_are_as_near_the_true_ones_as_a_draft_must_be(song: str) -> None:
    gained = improvement(song)
    assert min(gained.values()) > 4, gained
    assert np.mean(list(gained.values())) > 8.5, gained


def test_mono_songs_separate_nearly_as_well() -> None:
    gained = [value for song in SONGS for value in improvement(song, mono=True).values()]
    assert np.mean(gained) > 7.5, gained


def test_stems_sum_to_the_mixture() -> None:
    mixture = read_stem("house126", "mixture")[:, : 12 * SECOND]
    assert np.abs(separate_track(ENGINE, mixture).sum(axis=0) - mixture).max() < 2e-6


def test_cutting_into_segments_changes_little() -> None:
    mixture, true = (read_stem("rock120", name)[:, : 20 * SECOND] for name in ("mixture", "vocals"))
    context = ENGINE.segmentation.context
    padded = np.pad(mixture, ((0, 0), (context, context)))
    whole = ENGINE.separate(padded[None])()[0, 0, :, context:-context]
    assert abs(si_sdr(true, whole) - si_sdr(true, separate_track(ENGINE, mixture)[0])) < 0.1


def test_where_segments_meet_there_is_no_step() -> None:
    seam = ENGINE.segmentation.stride
    mixture = read_stem("house126", "mixture")[:, : seam + 6 * SECOND].copy()
    mixture[:, : seam - SECOND] /= 20
    steps = np.abs(np.diff(separate_track(ENGINE, mixture), n=2))
    around = steps[..., seam - SECOND // 10 : seam + SECOND // 10]
    assert (steps[..., seam - 3 : seam + 3].max(axis=(1, 2)) < 0.5 * around.max(axis=(1, 2))).all()


def test_the_same_bits_come_whatever_came_before() -> None:
    segment = noise(3 * SECOND)
    first = ENGINE.separate(segment[None])()[0]
    ENGINE.separate(np.roll(segment[None], 5000, axis=2) * 9)()
    assert ENGINE.separate(segment[None])()[0].tobytes() == first.tobytes()
    assert SketchEngine().separate(segment[None])()[0].tobytes() == first.tobytes()


def test_several_threads_give_the_same_bits() -> None:
    how = ENGINE.segmentation
    segments = np.stack([noise(how.length + 2 * how.context, seed=seed) for seed in range(3)])
    one_by_one = np.concatenate([ENGINE.separate(segment[None])() for segment in segments])
    assert SketchEngine(threads=3).separate(segments)().tobytes() == one_by_one.tobytes()


def test_louder_songs_separate_alike() -> None:
    mixture = read_stem("rock120", "mixture")[:, : 5 * SECOND]
    quiet, loud = ENGINE.separate(mixture[None])()[0], ENGINE.separate((mixture * 16)[None])()[0] / 16
    np.testing.assert_allclose(quiet, loud, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, HOP - 1, HOP, HOP + 1, 4096, 20 * HOP + 7])
def test_short_tracks_separate(frames: int) -> None:
    mixture = noise(frames)
    stems = ENGINE.separate(mixture[None])()[0]
    assert stems.shape == (4, 2, frames)
    assert stems.dtype == np.float32
    assert np.abs(stems.sum(axis=0) - mixture).max() < 2e-6


ODD: dict[str, NDArray[np.floating]] = {
    "silence": np.zeros((2, SECOND)),
    "a constant": np.ones((2, SECOND)),
    "one channel only": noise(SECOND) * [[1], [0]],
    "opposite phase": noise(SECOND, 1) * [[1], [-1]],
    "hardly anything": noise(SECOND) * 1e-5,
    "next to nothing": noise(SECOND) * 1e-18,
    "very loud": noise(SECOND) * 1e4,
    "one click": np.pad(np.ones((2, 1)), ((0, 0), (SECOND // 2, SECOND // 2))),
    "sound, then silence": np.pad(noise(SECOND), ((0, 0), (0, SECOND))),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_sounds_give_finite_stems_that_sum_to_them(kind: str) -> None:
    sound = ODD[kind].astype(np.float32)
    stems = ENGINE.separate(sound[None])()[0]
    assert np.isfinite(stems).all()
    assert np.abs(stems.sum(axis=0) - sound).max() <= 2e-6 * max(1.0, float(np.abs(sound).max()))


def test_channels_keep_their_sides() -> None:
    left_only = ENGINE.separate((noise(SECOND) * np.array([[1], [0]], dtype=np.float32))[None])()[0]
    assert not left_only[:, 1].any()


@pytest.mark.parametrize("frames", [1, HOP, 10 * HOP + 333])
def test_the_spectrum_comes_back_as_sound(frames: int) -> None:
    sound = noise(frames)
    np.testing.assert_allclose(istft(stft(sound), frames), sound, atol=1e-6)
