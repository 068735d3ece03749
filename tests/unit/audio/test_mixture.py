import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.audio.downmix import default_layout, stereo_downmix_matrix
from desktop.audio.mixture import decode_mixture
from desktop.audio.track import SampleFormat
from desktop.errors import CancelledError, StorageError, UnusableTrackError
from tests.helpers.sound import decode_track, make_integers, make_noise

ROOT = Path(__file__).parents[3]


def write_wav(path: Path, sound: NDArray[np.floating], subtype: str, rate: int = 44100, format: str = "WAV") -> Path:
    soundfile.write(path, sound.T, rate, subtype=subtype, format=format)
    return path


def write_integers(path: Path, bits: int, format: str = "WAV", channels: int = 2) -> NDArray[np.float64]:
    """Write integers over the full range. Return them as fractions of full scale."""
    samples = make_integers(70_001, bits, channels)
    shifted = (samples << (32 - bits)).astype(np.int32)
    soundfile.write(path, shifted.T, 48000, subtype=f"PCM_{bits}", format=format)
    return samples / 2.0 ** (bits - 1)


@pytest.mark.parametrize(
    ("format", "bits"),
    [("WAV", 16), ("WAV", 24), ("WAV", 32), ("RF64", 24), ("AIFF", 24), ("FLAC", 16), ("FLAC", 24), ("W64", 32)],
)
def test_integer_samples_are_decoded_exactly(format: str, bits: int, tmp_path: Path) -> None:
    expected = write_integers(tmp_path / "song", bits, format)
    mixture = decode_track(tmp_path / "song", tmp_path / "mixture.wav")
    assert (mixture.sample_rate, mixture.channels, mixture.frames) == (48000, 2, 70_001)
    assert mixture.sample_format == SampleFormat(str(bits))
    assert mixture.notices == ()
    np.testing.assert_array_equal(mixture.read(0, mixture.frames), expected)


def test_8_bit_samples_are_stored_as_16_bit(tmp_path: Path) -> None:
    samples = make_integers(1000, 8, 1)
    write_wav(tmp_path / "song", samples / 128, "PCM_U8")
    expected, _ = soundfile.read(tmp_path / "song", always_2d=True)
    mixture = decode_track(tmp_path / "song", tmp_path / "mixture.wav")
    assert mixture.sample_format is SampleFormat.PCM_16
    np.testing.assert_array_equal(mixture.read(0, 1000), expected.T)


def test_float_samples_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    sound = (make_noise(5000) * 40).astype(np.float32)
    mixture = decode_track(write_wav(tmp_path / "song", sound, "FLOAT"), tmp_path / "mixture.wav")
    assert mixture.sample_format is SampleFormat.FLOAT
    np.testing.assert_array_equal(mixture.read(0, 5000), sound)


def test_any_range_of_frames_can_be_read(tmp_path: Path) -> None:
    expected = write_integers(tmp_path / "song", 24)
    mixture = decode_track(tmp_path / "song", tmp_path / "mixture.wav")
    np.testing.assert_array_equal(mixture.read(65_000, 1000), expected[:, 65_000:66_000])
    assert mixture.read(70_000, 1000).shape == (2, 1)


def test_invalid_samples_become_silence_with_a_notice(tmp_path: Path) -> None:
    sound = make_noise(5000).astype(np.float32)
    invalid = sound.copy()
    invalid[0, 100:110], invalid[1, 200] = np.nan, -np.inf
    mixture = decode_track(write_wav(tmp_path / "song", invalid, "FLOAT"), tmp_path / "mixture.wav")
    sound[0, 100:110], sound[1, 200] = 0.0, 0.0
    np.testing.assert_array_equal(mixture.read(0, 5000), sound)
    assert "Invalid samples" in str(mixture.notices[0])


@pytest.mark.parametrize("value", [np.nan, 1e30])
def test_track_of_invalid_samples_is_refused(value: float, tmp_path: Path) -> None:
    write_wav(tmp_path / "song", np.full((2, 5000), value, np.float32), "FLOAT")
    with pytest.raises(UnusableTrackError, match="invalid samples"):
        decode_track(tmp_path / "song", tmp_path / "mixture.wav")
    assert not (tmp_path / "mixture.wav").exists()


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
def test_multichannel_track_is_downmixed_to_stereo_with_a_notice(channels: int, tmp_path: Path) -> None:
    sound = make_noise(3000, channels)
    mixture = decode_track(write_wav(tmp_path / "song", sound, "FLOAT"), tmp_path / "mixture.wav")
    assert mixture.channels == 2
    assert f"{channels} channels" in str(mixture.notices[0])
    np.testing.assert_allclose(
        mixture.read(0, 3000), stereo_downmix_matrix(default_layout(channels)) @ sound, atol=1e-6
    )


@pytest.mark.parametrize("channels", range(3, 17))
def test_downmix_weights_are_not_negative_and_sum_to_at_most_one(channels: int) -> None:
    matrix = stereo_downmix_matrix(default_layout(channels))
    assert matrix.shape == (2, channels)
    assert (matrix.sum(axis=1) <= 1.0 + 1e-12).all()
    assert matrix.min() >= 0.0


def test_progress_increases_to_one(tmp_path: Path) -> None:
    write_wav(tmp_path / "song", make_noise(300_000), "PCM_16")
    reported: list[float] = []
    decode_mixture(tmp_path / "song", tmp_path / "mixture.wav", reported.append, lambda: False)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0
    assert len(reported) == 5


def test_cancelled_decoding_leaves_no_file(tmp_path: Path) -> None:
    write_wav(tmp_path / "song", make_noise(300_000), "PCM_16")
    with pytest.raises(CancelledError):
        decode_mixture(tmp_path / "song", tmp_path / "mixture.wav", lambda fraction: None, lambda: True)
    assert not (tmp_path / "mixture.wav").exists()


def test_missing_output_folder_raises_storage_error(tmp_path: Path) -> None:
    write_wav(tmp_path / "song", make_noise(1000), "PCM_16")
    with pytest.raises(StorageError):
        decode_track(tmp_path / "song", tmp_path / "gone" / "mixture.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_decoding_beyond_the_file_size_limit_raises_storage_error_and_leaves_no_file(tmp_path: Path) -> None:
    track = write_wav(tmp_path / "song", make_noise(300_000), "PCM_16")
    script = """
import resource, sys
from pathlib import Path
from desktop.errors import StorageError
from tests.helpers.sound import decode_track
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    decode_track(Path(sys.argv[1]), Path(sys.argv[2]))
except StorageError as error:
    print(error)
"""
    command = [sys.executable, "-c", script, track, tmp_path / "mixture.wav"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert "could not be written" in run.stdout, run.stderr
    assert list(tmp_path.iterdir()) == [track]
