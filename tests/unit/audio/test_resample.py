import numpy as np
import pytest

from desktop.audio.resample import StreamResampler
from tests.helpers.sound import make_noise, make_tone

RATES = [(44100, 48000), (48000, 44100), (8000, 44100), (192000, 44100), (44100, 8000), (11025, 44100), (2000, 44100)]


def resample(sound: np.ndarray, rate_in: int, rate_out: int, block: int) -> np.ndarray:
    resampler = StreamResampler(rate_in, rate_out, sound.shape[0])
    blocks = [resampler.push(sound[:, start : start + block]) for start in range(0, sound.shape[1], block)]
    return np.concatenate([*blocks, resampler.flush()], axis=1)


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("frames", [0, 1, 2, 100, 44100, 65537])
def test_output_length_is_exact(rates: tuple[int, int], frames: int) -> None:
    rate_in, rate_out = rates
    assert resample(make_noise(frames), rate_in, rate_out, 4096).shape == (2, round(frames * rate_out / rate_in))


def test_equal_rates_leave_samples_unchanged() -> None:
    sound = make_noise(10_000)
    np.testing.assert_array_equal(resample(sound, 44100, 44100, 777), sound)


@pytest.mark.parametrize("channels", [1, 2])
def test_block_size_does_not_change_the_output(channels: int) -> None:
    sound = make_noise(50_000, channels)
    whole, parts = resample(sound, 44100, 48000, 50_000), resample(sound, 44100, 48000, 333)
    np.testing.assert_allclose(parts, whole, atol=1e-9)


def test_tone_keeps_its_pitch_level_and_timing() -> None:
    sound = resample(make_tone(44100, 44100), 44100, 48000, 4096)
    inner = slice(2000, 46000)
    np.testing.assert_allclose(sound[:, inner], make_tone(48000, 48000)[:, inner], atol=1e-5)


def test_round_trip_between_two_rates_is_nearly_identical() -> None:
    sound = make_tone(48000, 48000, 997.0, channels=2)
    back = resample(resample(sound, 48000, 44100, 65536), 44100, 48000, 65536)
    assert back.shape == sound.shape
    np.testing.assert_allclose(back[:, 2000:-2000], sound[:, 2000:-2000], atol=1e-5)
