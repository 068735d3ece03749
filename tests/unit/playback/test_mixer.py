"""Mixer: exact at unity gain, and free of clicks."""

import numpy as np

from desktop.playback.mixer import RAMP_S, Mixer

RATE = 48000


def mix(mixer: Mixer, lanes: np.ndarray) -> np.ndarray:
    out = np.zeros((len(lanes), 2), dtype=np.float32)
    mixer.mix(lanes.copy(), out)
    return out


def noise(frames: int, lanes: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, (frames, lanes, 2)).astype(np.float32)


def test_lanes_at_unity_gain_are_summed_bit_exactly() -> None:
    lanes = noise(1000)
    np.testing.assert_array_equal(mix(Mixer(3, RATE, 1000), lanes), lanes.sum(axis=1))


def test_silenced_lane_fades_out_within_the_ramp_and_is_then_absent() -> None:
    mixer = Mixer(3, RATE, 4096)
    mixer.target_gains[1] = 0.0
    lanes = noise(4096)
    out = mix(mixer, lanes)
    fade_end = int(RAMP_S * RATE) + 1
    np.testing.assert_array_equal(out[fade_end:], lanes[fade_end:][:, [0, 2]].sum(axis=1))


def test_gain_moves_in_inaudible_steps_also_across_blocks() -> None:
    mixer = Mixer(1, RATE, 64)
    mixer.target_gains[0] = 0.0
    ones = np.ones((64, 1, 2), dtype=np.float32)
    output = np.concatenate([mix(mixer, ones) for _ in range(20)])
    assert np.abs(np.diff(output, axis=0)).max() <= 1.01 / (RAMP_S * RATE)
    assert output[-1, 0] == 0.0


def test_peaks_are_measured_after_the_gain_of_each_lane() -> None:
    mixer = Mixer(2, RATE, 16)
    mixer.target_gains[:] = (0.5, 1.0)
    mixer.reset(RATE)
    lanes = np.zeros((16, 2, 2), dtype=np.float32)
    lanes[3, 0, 1] = -0.8
    lanes[5, 1, 0] = 0.25
    mix(mixer, lanes)
    np.testing.assert_allclose(mixer.peaks, [0.4, 0.25])
