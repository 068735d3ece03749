"""Convert peaks and samples to columns, and paint them."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor

from desktop.audio.peaks import Peaks
from desktop.ui.waveform.pixel_columns import SampleWindow, find_peak_level, paint_columns, read_columns
from tests.helpers.sound import write_peaks

FRAME_COUNT = 256 * 400


@pytest.fixture
def peaks(tmp_path: Path) -> Peaks:
    """Peaks of silence, followed by a square wave at half of full scale."""
    signal = np.zeros((2, FRAME_COUNT))
    signal[:, FRAME_COUNT // 2 :] = 0.5 * np.where(np.arange(FRAME_COUNT // 2) % 50 < 25, 1, -1)
    write_peaks([signal], tmp_path / "square.peaks")
    return Peaks.open(tmp_path / "square.peaks")


def test_columns_show_silence_and_sound_at_their_positions(peaks: Peaks) -> None:
    columns = read_columns(peaks, 0, FRAME_COUNT, 200)
    assert columns.shape == (200, 2)
    assert np.abs(columns[:99]).max() < 1e-3
    assert columns[101:, 1].min() == pytest.approx(0.5, abs=0.01)
    assert columns[101:, 0].max() == pytest.approx(-0.5, abs=0.01)


def test_columns_outside_the_track_are_empty(peaks: Peaks) -> None:
    columns = read_columns(peaks, -FRAME_COUNT, 2 * FRAME_COUNT, 300)
    assert not columns[:100].any()
    assert not columns[200:].any()
    assert columns[155:195, 1].min() == pytest.approx(0.5, abs=0.01)


def test_columns_finer_than_the_finest_peaks_are_interpolated(peaks: Peaks) -> None:
    edge = FRAME_COUNT // 2
    columns = read_columns(peaks, edge - 512, edge + 512, 1024)
    steps = np.abs(np.diff(columns[:, 1]))
    assert columns[-1, 1] == pytest.approx(0.5, abs=0.01)
    assert steps.max() < 0.01


def test_peak_level_is_the_loudest_sample(peaks: Peaks) -> None:
    assert find_peak_level(peaks) == pytest.approx(0.5, abs=0.01)


def test_column_height_matches_its_peak() -> None:
    columns = np.array([[-1.0, 1.0], [0.0, 0.0], [-0.5, 0.25]], np.float32)
    image = paint_columns(columns, 100, QColor("#ff0000"), 1.0, 1.0)
    painted = [[image.pixelColor(x, y).alpha() > 127 for y in range(100)] for x in range(3)]
    assert [sum(column) for column in painted] == pytest.approx([92, 1, 35], abs=1)
    assert painted[1].index(True) == 50
    assert image.pixelColor(0, 50) == QColor("#ff0000")
    assert image.pixelColor(0, 1).alpha() == 0


def test_peak_above_full_scale_is_clipped_to_its_lane() -> None:
    image = paint_columns(np.array([[-3.0, 3.0]], np.float32), 40, QColor("#00ff00"), 2.0, 1.0)
    assert all(image.pixelColor(0, y).alpha() == 255 for y in range(40))


def test_line_of_silence_is_one_logical_pixel_high() -> None:
    for ratio in (1.0, 2.0):
        image = paint_columns(np.zeros((8, 2), np.float32), 40, QColor("#00ff00"), 1.0, ratio)
        assert sum(image.pixelColor(3, y).alphaF() for y in range(40)) == pytest.approx(ratio, abs=0.01)


def test_draft_is_painted_as_an_outline() -> None:
    columns = np.array([[-0.5, 0.5]] * 10 + [[-1.0, 1.0]] * 10, np.float32)
    filled, outline = (paint_columns(columns, 100, QColor("#ff0000"), 1.0, 1.0, outline) for outline in (False, True))
    for x, top in ((5, 27), (15, 4)):
        assert outline.pixelColor(x, top + 1).alpha() == pytest.approx(filled.pixelColor(x, top + 1).alpha(), abs=130)
        assert filled.pixelColor(x, 50).alpha() == 255
        assert outline.pixelColor(x, 50).alpha() < 64
    assert outline.pixelColor(10, 12).alpha() == 255  # the outline includes the step between the two heights


def test_samples_are_drawn_as_connected_steps() -> None:
    values = np.array([[0.0], [0.5], [-0.25], [0.0]], np.float32)
    window = SampleWindow(100, 10, values, values)
    columns = window.columns(0, 10.0, 10.4, 40)  # ten columns per sample
    assert columns[5].tolist() == [0.0, 0.0]
    assert columns[15].tolist() == [0.5, 0.5]
    assert columns[10].tolist() == [0.0, 0.5]  # a vertical line between the two samples
    assert columns[20].tolist() == [-0.25, 0.5]
    assert window.covers(10.0, 10.4)
    assert not window.covers(9.0, 10.4)
    assert not window.covers(10.0, 11.0)


def test_column_of_many_samples_shows_their_extremes() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (1000, 1)).astype(np.float32)
    window = SampleWindow(0, 1000, samples - np.float32(0.001), samples)
    columns = window.columns(0, 0.0, 1.0, 50)
    groups = samples.reshape(50, 20)
    assert (columns[:, 1] >= groups.max(axis=1) - 1e-6).all()
    assert (columns[:, 0] <= groups.min(axis=1)).all()
