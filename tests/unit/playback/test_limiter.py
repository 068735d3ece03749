"""Limiter: nothing above the ceiling, nothing changed below it, and no click at on and off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.playback.limiter import CEILING_DB, Limiter, reduction_to_db
from desktop.playback.mixer import ramp_frames

RATE = 44100
CEILING = 10 ** (CEILING_DB / 20)
Sound = NDArray[np.float32]


def limit(limiter: Limiter, sound: Sound, block: int = 1024) -> Sound:
    """Return the output for `sound`, float32 `[frames, 2]`, in blocks."""
    out = sound.copy()
    for start in range(0, len(out), block):
        limiter.process(out[start : start + block, None])
    return out


def make_limiter(rate: int = RATE, pairs: int = 1) -> Limiter:
    """Return a limiter that has been on for a while."""
    limiter = Limiter(rate, 8192, pairs)
    limiter.is_on = True
    limiter.process(np.zeros((2 * ramp_frames(rate), pairs, 2), np.float32))
    return limiter


def noise(frames: int, level: float, seed: int = 0) -> Sound:
    return np.random.default_rng(seed).normal(0, level, (frames, 2)).astype(np.float32)


def test_sound_is_untouched_while_the_limiter_is_off() -> None:
    sound = noise(10_000, 2.0)
    limiter = Limiter(RATE, 8192)
    np.testing.assert_array_equal(limit(limiter, sound), sound)
    assert limiter.take_reduction() == 0.0


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 192000])
def test_sound_below_the_ceiling_is_only_delayed(rate: int) -> None:
    sound = np.clip(noise(20_000, 0.3), -CEILING, CEILING)
    limiter = make_limiter(rate)
    delay = limiter.delay_frames
    assert 0.001 < delay / rate < 0.0022
    np.testing.assert_array_equal(limit(limiter, sound)[delay:], sound[:-delay])
    assert limiter.take_reduction() == 0.0


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    level=st.floats(0.1, 20.0),
    block=st.sampled_from([1, 17, 64, 441, 1024, 8192]),
    rate=st.sampled_from([22050, 44100, 96000]),
)
def test_nothing_exceeds_the_ceiling(seed: int, level: float, block: int, rate: int) -> None:
    sound = noise(3000 if block < 64 else 20_000, 1.0, seed)
    sound *= np.where(np.arange(len(sound)) % 3000 < 100, level, 0.2).astype(np.float32)[:, None]
    assert np.abs(limit(make_limiter(rate), sound, block)).max() < CEILING * 1.0001 < 1.0


def test_result_does_not_depend_on_the_block_size() -> None:
    sound = noise(8000, 1.0)
    results = [limit(make_limiter(), sound, block) for block in (50, 441, 8000)]
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    np.testing.assert_allclose(results[0], results[2], atol=1e-5)


def test_gain_falls_within_the_look_ahead_and_is_released_smoothly() -> None:
    sound = np.full((3 * RATE, 2), 0.5, np.float32)
    sound[RATE] = 2.0
    limiter = make_limiter()
    gain = limit(limiter, sound)[limiter.delay_frames :, 0] / sound[: -limiter.delay_frames, 0]
    assert np.all(gain[: RATE - limiter.delay_frames] == 1.0)
    assert gain[RATE] == pytest.approx(CEILING / 2, abs=1e-4)
    assert np.abs(np.diff(gain)).max() < 1.5 / limiter.delay_frames
    assert np.all(np.diff(gain[RATE + limiter.delay_frames :]) >= -1e-6)
    assert gain[RATE + RATE // 10] == pytest.approx(1 - (1 - CEILING / 2) / np.e, abs=0.02)
    assert gain[-1] == 1.0
    assert reduction_to_db(limiter.take_reduction()) == pytest.approx(20 * np.log10(2) - CEILING_DB, abs=0.01)
    assert limiter.take_reduction() == 0.0


def test_switching_on_and_off_makes_no_click() -> None:
    limiter = Limiter(RATE, 8192)
    tone = np.repeat(1.5 * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32)[:, None], 2, axis=1)
    output: list[Sound] = []
    for number, start in enumerate(range(0, RATE, 441)):
        limiter.is_on = number % 12 < 7
        output.append(limit(limiter, tone[start : start + 441]))
    step = np.abs(np.diff(tone, axis=0)).max()
    assert np.abs(np.diff(np.concatenate(output), axis=0)).max() < 2 * step


def test_other_pairs_are_delayed_alike_and_not_limited() -> None:
    limiter = make_limiter(pairs=2)
    sound = noise(8000, 1.0)
    block = np.stack([sound, sound], axis=1)
    limiter.process(block)
    np.testing.assert_array_equal(block[limiter.delay_frames :, 1], sound[: -limiter.delay_frames])
    assert np.abs(block[:, 0]).max() < 1.0
