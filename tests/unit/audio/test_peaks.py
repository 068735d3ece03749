import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.audio.peaks import FRAMES_PER_ENTRY, FULL_SCALE, Peaks, PeakWriter
from tests.helpers.sound import make_noise, write_peaks


def make_peaks(path: Path, sound: NDArray[np.float64], block: int = 5000) -> Peaks:
    write_peaks((sound[:, start : start + block] for start in range(0, sound.shape[1], block)), path)
    return Peaks.open(path)


def one_hour(rate: int = 44100, block: int = 65536) -> Iterator[NDArray[np.float64]]:
    samples = make_noise(block)
    for _ in range(3600 * rate // block):
        yield samples


@pytest.mark.parametrize("frames", [1, 255, 256, 257, 16_384, 100_001])
def test_one_column_over_the_whole_sound_is_its_minimum_and_maximum(frames: int, tmp_path: Path) -> None:
    sound = make_noise(frames)
    peaks = make_peaks(tmp_path / "p", sound)
    assert peaks.frames == frames
    expected = np.rint([sound.min() * FULL_SCALE, sound.max() * FULL_SCALE])
    np.testing.assert_array_equal(peaks.columns(0, frames, 1)[0], expected)


@pytest.mark.parametrize("factor", [1, 4, 16, 64])
def test_aligned_columns_are_the_minimum_and_maximum_of_their_frames(factor: int, tmp_path: Path) -> None:
    size = FRAMES_PER_ENTRY * factor
    sound = make_noise(size * 20)
    columns = make_peaks(tmp_path / "p", sound).columns(0, size * 20, 20)
    grouped = np.rint(sound.reshape(2, 20, size) * FULL_SCALE)
    np.testing.assert_array_equal(columns[:, 0], grouped.min(axis=(0, 2)))
    np.testing.assert_array_equal(columns[:, 1], grouped.max(axis=(0, 2)))


def test_column_includes_every_sample_in_its_range(tmp_path: Path) -> None:
    sound = np.zeros((1, 300_000))
    sound[0, 123_456] = 1.0
    peaks = make_peaks(tmp_path / "p", sound)
    for start, end, width in ((0.0, 300_000.0, 333), (120_000.5, 130_000.25, 1600), (123_000.0, 124_000.0, 1000)):
        columns = peaks.columns(start, end, width)
        assert columns[int((123_456 - start) / (end - start) * width), 1] == FULL_SCALE


def test_entries_repeat_when_zoomed_in_beyond_the_base_level(tmp_path: Path) -> None:
    columns = make_peaks(tmp_path / "p", make_noise(10_000)).columns(1024, 1024 + FRAMES_PER_ENTRY, 64)
    assert (columns == columns[0]).all()
    assert columns[0, 1] > columns[0, 0]


def test_columns_outside_the_sound_are_silent(tmp_path: Path) -> None:
    peaks = make_peaks(tmp_path / "p", make_noise(25_600))
    columns = peaks.columns(-25_600, 51_200, 300)
    assert not columns[:99].any()
    assert columns[100:200].any(axis=1).all()
    assert not columns[201:].any()
    assert peaks.columns(0, 100, 0).shape == (0, 2)
    assert not peaks.columns(100, 100, 10).any()


def test_samples_beyond_full_scale_are_clipped(tmp_path: Path) -> None:
    columns = make_peaks(tmp_path / "p", np.array([[-4.0, 4.0]])).columns(0, 2, 1)
    assert columns.tolist() == [[-FULL_SCALE, FULL_SCALE]]


def test_empty_sound_gives_empty_peaks(tmp_path: Path) -> None:
    write_peaks([], tmp_path / "p")
    peaks = Peaks.open(tmp_path / "p")
    assert peaks.frames == 0
    assert not peaks.columns(0, 100, 10).any()


def test_aborted_writer_leaves_no_file(tmp_path: Path) -> None:
    writer = PeakWriter(tmp_path / "p")
    writer.add_block(make_noise(1000))
    assert not (tmp_path / "p").exists()
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_failing_source_leaves_no_file(tmp_path: Path) -> None:
    def failing_source() -> Iterator[NDArray[np.float64]]:
        yield make_noise(1000)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_peaks(failing_source(), tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frames", [10**6, 2**62, 2**64 - 1])
def test_file_shorter_than_its_header_declares_is_refused(frames: int, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(struct.pack("<8sQ16x", b"UBPEAKS1", frames) + bytes(64))
    with pytest.raises(ValueError, match=r"."):
        Peaks.open(tmp_path / "p")


@pytest.mark.parametrize("data", [b"", b"RIFF", bytes(100)], ids=["empty", "RIFF", "zeros"])
def test_files_of_other_formats_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(data)
    with pytest.raises(ValueError, match="not a peak pyramid"):
        Peaks.open(tmp_path / "p")


def test_columns_of_one_hour_are_computed_from_a_few_values_at_every_zoom(tmp_path: Path) -> None:
    write_peaks(one_hour(), tmp_path / "p")
    peaks = Peaks.open(tmp_path / "p")
    for share in (1.0, 0.3, 0.1, 0.01, 1e-3, 1e-4):
        tracemalloc.start()
        peaks.columns(0.1 * peaks.frames, (0.1 + share) * peaks.frames, 1600)
        peak_memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak_memory < 1e6  # all values of an hour take more than 2 MB
