"""Mixer: exact at unity gain, free of clicks, with a pan for each lane and a stereo pair of the device for each."""

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.playback.mix import LaneMix, Mix
from desktop.playback.mixer import Mixer, ramp_frames

RATE = 48000
RAMP = 480
Sound = NDArray[np.float32]


def mix(mixer: Mixer, lanes: Sound, pairs: int = 1) -> Sound:
    """Return the mix as float32 `[frames, channels]`."""
    out = np.ones((len(lanes), pairs, 2), dtype=np.float32)
    mixer.mix(lanes.copy(), out)
    return out.reshape(len(lanes), -1)


def noise(frames: int, lanes: int = 3) -> Sound:
    return np.random.default_rng(0).normal(0, 0.1, (frames, lanes, 2)).astype(np.float32)


def test_lanes_at_unity_gain_are_summed_bit_exactly() -> None:
    lanes = noise(1000)
    np.testing.assert_array_equal(mix(Mixer(3, RATE, 1000), lanes), lanes.sum(axis=1))


def test_silenced_lane_fades_out_within_the_ramp_and_is_then_absent() -> None:
    mixer = Mixer(3, RATE, 4096)
    mixer.target_gains[1] = 0.0
    lanes = noise(4096)
    out = mix(mixer, lanes)
    np.testing.assert_array_equal(out[RAMP:], lanes[RAMP:][:, [0, 2]].sum(axis=1))


@pytest.mark.parametrize(("rate", "frames"), [(44100, 441), (48000, 480), (96000, 960)])
def test_ramp_lasts_ten_milliseconds(rate: int, frames: int) -> None:
    assert ramp_frames(rate) == frames


@pytest.mark.parametrize("target", [0.0, 0.25, 2.0])
@pytest.mark.parametrize("block", [64, RAMP, 1024])
def test_every_change_of_a_gain_is_a_straight_ramp_of_ten_milliseconds(target: float, block: int) -> None:
    mixer = Mixer(1, RATE, block)
    mixer.target_gains[0] = target
    ones = np.ones((block, 1, 2), dtype=np.float32)
    output = np.concatenate([mix(mixer, ones) for _ in range(1024 // block + 1)])[:, 0]
    np.testing.assert_allclose(output[:RAMP], 1.0 + (target - 1.0) * np.arange(1, RAMP + 1) / RAMP, atol=1e-5)
    assert output[RAMP - 2] != target
    assert np.all(output[RAMP - 1 :] == np.float32(target))


def test_gain_that_changes_during_a_ramp_moves_on_from_where_it_is() -> None:
    mixer = Mixer(1, RATE, 100)
    ones = np.ones((100, 1, 2), dtype=np.float32)
    blocks: list[Sound] = []
    for number in range(20):
        mixer.target_gains[0] = (0.0, 1.0, 0.3, 0.3)[number % 4]
        blocks.append(mix(mixer, ones))
    assert np.abs(np.diff(np.concatenate(blocks), axis=0)).max() <= 1.01 / RAMP


def test_peaks_and_mean_squares_are_measured_after_the_gain_of_each_lane() -> None:
    mixer = Mixer(2, RATE, 4800)
    mixer.target_gains[:] = ((0.5, 0.5), (1.0, 0.0))
    mixer.reset(RATE)
    time = np.arange(4800, dtype=np.float32) / RATE
    tone = np.sin(2 * np.pi * 1000 * time)
    lanes = np.zeros((4800, 2, 2), dtype=np.float32)
    lanes[:, 0, 0], lanes[:, 0, 1], lanes[:, 1] = 0.8 * tone, -0.8, tone[:, None]
    for start in range(0, 4800, 700):
        mix(mixer, lanes[start : start + 700])
    first, second = mixer.meter.take()
    assert first.peak_left == pytest.approx(0.4, abs=1e-4)
    assert first.rms_left == pytest.approx(0.4 / np.sqrt(2), abs=1e-4)
    assert (first.peak_right, first.rms_right) == pytest.approx((0.4, 0.4), abs=1e-4)
    assert (second.peak_left, second.rms_left) == pytest.approx((1.0, np.sqrt(0.5)), abs=1e-4)
    assert (second.peak_right, second.rms_right) == (0.0, 0.0)
    assert {level.peak for level in mixer.meter.take()} == {0.0}


@pytest.mark.parametrize(
    ("pan", "left", "right"), [(-1.0, 1.0, 0.0), (-0.5, 1.0, 0.5), (0.0, 1.0, 1.0), (0.25, 0.75, 1.0), (1.0, 0.0, 1.0)]
)
def test_pan_lowers_the_other_channel_and_leaves_its_own(pan: float, left: float, right: float) -> None:
    mixer = Mixer(1, RATE, 100)
    mixer.target_gains[:] = Mix({"vocals": LaneMix(pan=pan)}).channel_gains(["vocals"])
    mixer.reset(RATE)
    np.testing.assert_array_equal(mix(mixer, np.ones((100, 1, 2), np.float32))[-1], [left, right])


def test_lanes_are_summed_to_their_own_pairs() -> None:
    mixer = Mixer(3, RATE, 1000)
    mixer.reset(RATE, [0, 2, 0])
    lanes = noise(1000)
    out = mix(mixer, lanes, pairs=3)
    np.testing.assert_array_equal(out[:, :2], lanes[:, [0, 2]].sum(axis=1))
    assert not out[:, 2:4].any()
    np.testing.assert_array_equal(out[:, 4:], lanes[:, 1])
