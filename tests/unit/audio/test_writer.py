import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.audio.writer import AudioWriter
from desktop.errors import StorageError
from desktop.tasks.outcomes import FailureKind, classify_failure
from tests.helpers.small_disk import small_disk
from tests.helpers.sound import make_integers, make_noise, make_tone

ROOT = Path(__file__).parents[3]
INTEGER_FORMATS = [("wav", "16"), ("wav", "24"), ("wav", "32"), ("flac", "16"), ("flac", "24")]


def write_audio(path: Path, sound: np.ndarray, format: str, depth: str, rate: int = 44100) -> Path:
    writer = AudioWriter(path, rate, sound.shape[0], sound.shape[1], format, depth)
    for start in range(0, sound.shape[1], 10_000):
        writer.write(sound[:, start : start + 10_000])
    writer.close()
    return path


@pytest.mark.parametrize(("format", "depth"), INTEGER_FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_integer_samples_are_written_exactly(format: str, depth: str, channels: int, tmp_path: Path) -> None:
    bits = int(depth)
    samples = make_integers(70_001, bits, channels)
    path = write_audio(tmp_path / f"a.{format}", samples / 2.0 ** (bits - 1), format, depth)
    read, rate = soundfile.read(path, dtype="int32", always_2d=True)
    assert rate == 44100
    np.testing.assert_array_equal(read.T.astype(np.int64) >> (32 - bits), samples)
    assert soundfile.info(path).subtype == f"PCM_{depth}"


def test_float_samples_are_written_exactly_even_beyond_full_scale(tmp_path: Path) -> None:
    sound = (make_noise(20_000) * 40).astype(np.float32)
    read, _ = soundfile.read(write_audio(tmp_path / "a.wav", sound, "wav", "32f"), dtype="float32", always_2d=True)
    np.testing.assert_array_equal(read.T, sound)


def test_samples_are_rounded_to_the_nearest_integer_and_clipped(tmp_path: Path) -> None:
    sound = np.array([[0.4, 0.6, -0.4, -0.6, 1.7, -1.7]]) / 32768
    read, _ = soundfile.read(write_audio(tmp_path / "a.wav", sound, "wav", "16"), dtype="int16")
    assert read.tolist() == [0, 1, 0, -1, 2, -2]
    loud = np.array([[1.0, 3.0, -3.0]])
    read, _ = soundfile.read(write_audio(tmp_path / "b.wav", loud, "wav", "16"), dtype="int16")
    assert read.tolist() == [32767, 32767, -32768]


def test_mp3_keeps_the_peak_level(tmp_path: Path) -> None:
    sound = make_tone(44100, 44100, channels=2)
    read, rate = soundfile.read(write_audio(tmp_path / "a.mp3", sound, "mp3", "16"), always_2d=True)
    assert rate == 44100
    assert abs(np.abs(read[10_000:30_000]).max() - 0.5) < 0.02


def test_file_gets_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    writer = AudioWriter(tmp_path / "a.wav", 44100, 2, 100, "wav", "16")
    writer.write(make_noise(100))
    assert [path.suffixes for path in tmp_path.iterdir()] == [[".wav", ".part"]]
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_abort_deletes_the_partial_file(tmp_path: Path) -> None:
    writer = AudioWriter(tmp_path / "a.flac", 44100, 2, 100, "flac", "16")
    writer.write(make_noise(100))
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"precious")
    with pytest.raises(StorageError, match="already exists"):
        write_audio(path, make_noise(100), "wav", "16")
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_raises_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a\.wav could not be written"):
        AudioWriter(tmp_path / "gone" / "a.wav", 44100, 2, 100, "wav", "16")


def test_wav_over_four_gigabytes_is_written_as_rf64(tmp_path: Path) -> None:
    writer = AudioWriter(tmp_path / "a.wav", 44100, 2, 1 << 30, "wav", "24")
    writer.write(make_noise(100))
    writer.close()
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    write_audio(tmp_path / "b.wav", make_noise(100), "wav", "24")
    assert (tmp_path / "b.wav").read_bytes()[:4] == b"RIFF"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize(("format", "depth"), [*INTEGER_FORMATS, ("wav", "32f"), ("mp3", "16")])
def test_write_beyond_the_file_size_limit_raises_storage_error_and_leaves_no_file(
    format: str, depth: str, tmp_path: Path
) -> None:
    script = """
import resource, sys
from pathlib import Path
from desktop.audio.writer import AudioWriter
from desktop.errors import StorageError
from tests.helpers.sound import make_noise
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
writer = AudioWriter(Path(sys.argv[1]), 44100, 2, 10 * 65536, sys.argv[2], sys.argv[3])
try:
    for _ in range(40):
        writer.write(make_noise(65536))
    writer.close()
except StorageError as error:
    writer.abort()
    print(error)
"""
    target = tmp_path / f"a.{format}"
    command = [sys.executable, "-c", script, target, format, depth]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert "could not be written" in run.stdout, run.stderr
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_reported_as_a_permanent_failure(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        writer = AudioWriter(disk.mount_point / "a.wav", 44100, 2, 20 * 65536, "wav", "16")
        with pytest.raises(StorageError, match=r"written: the disk is full\. Free up space on the disk") as raised:
            writer.write(make_noise(20 * 65536))
        assert classify_failure(raised.value) is FailureKind.PERMANENT
        writer.abort()


def test_disk_error_is_reported_as_a_transient_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise soundfile.LibsndfileError(2)  # "System error.": errno is lost

    writer = AudioWriter(tmp_path / "a.wav", 44100, 2, 100, "wav", "16")
    monkeypatch.setattr(soundfile.SoundFile, "write", fail)
    with pytest.raises(
        StorageError, match=r"written: the disk reports an error\. Check the disk, then try again"
    ) as raised:
        writer.write(make_noise(100))
    assert classify_failure(raised.value) is FailureKind.TRANSIENT
    writer.abort()
