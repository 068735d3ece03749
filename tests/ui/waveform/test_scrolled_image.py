"""Images of columns in view: after any way of scrolling they are the same as painted at once."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from desktop.ui.waveform.lane_content import Detail, LaneContent, LaneLook
from desktop.ui.waveform.pixel_columns import SampleWindow
from desktop.ui.waveform.scrolled_image import ColumnRange, ScrolledImage

WIDTH, HEIGHT = 200, 60
RATE = 1000


class NoisePeaks:
    """Peaks of ten thousand frames of noise, one for each frame."""

    frames = 10_000

    def __init__(self) -> None:
        self._noise = np.random.default_rng(3).integers(-32000, 32000, (self.frames, 2)).astype(np.int16)
        self._noise.sort(axis=1)

    def columns(self, start: float, end: float, width: int) -> np.ndarray:
        frames = np.clip((start + (np.arange(width) + 0.5) * (end - start) / width).astype(int), 0, self.frames - 1)
        return self._noise[frames]


def draw(image: ScrolledImage) -> QImage:
    canvas = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    canvas.fill(QColor("black"))
    painter = QPainter(canvas)
    image.draw(painter, 0, WIDTH, QPointF(0, 0), 1.0)
    painter.end()
    return canvas


def samples() -> SampleWindow:
    values = np.random.default_rng(4).uniform(-1, 1, (10_000, 1)).astype(np.float32)
    return SampleWindow(0, RATE, values - np.float32(0.01), values)


@pytest.mark.parametrize("detail", [Detail.PEAKS, Detail.SAMPLES])
@pytest.mark.parametrize("is_outline", [False, True])
@pytest.mark.parametrize("frames_per_column", [0.31, 17.0, 401.3])
def test_scrolled_image_is_the_same_as_one_painted_at_once(
    detail: Detail, is_outline: bool, frames_per_column: float
) -> None:
    content = LaneContent(0, NoisePeaks(), RATE)
    content.samples = samples()
    look = LaneLook(detail, HEIGHT, 1.0, "#ff7a8a", 1.0, is_outline)
    scrolled = ScrolledImage()
    for first in (40, 41, 60, 30, 0, 150, 149, 420, 221, 300):
        columns = ColumnRange(frames_per_column / RATE, first, WIDTH)
        scrolled.show(columns, look, lambda part: content.paint(part, look))
        at_once = ScrolledImage()
        at_once.show(columns, look, lambda part: content.paint(part, look))
        assert draw(scrolled) == draw(at_once)


def test_only_columns_that_were_not_in_view_are_painted() -> None:
    painted: list[tuple[int, int]] = []

    def paint(columns: ColumnRange) -> QImage:
        painted.append((columns.first, columns.last))
        return QImage(columns.width, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)

    image = ScrolledImage()
    for first in (100, 100, 110, 105, 1000):
        image.show(ColumnRange(0.01, first, WIDTH), "look", paint)
    assert painted == [(100, 300), (300, 310), (105, 110), (1000, 1200)]
    assert image.show(ColumnRange(0.01, 1000, WIDTH), "another look", paint)
    assert image.show(ColumnRange(0.02, 1000, WIDTH), "another look", paint)
    assert not image.show(ColumnRange(0.02, 1000, WIDTH), "another look", paint)
    image.clear()
    assert image.show(ColumnRange(0.02, 1000, WIDTH), "another look", paint)
    assert painted[4:] == [(1000, 1200)] * 3


def test_views_of_one_zoom_have_the_same_columns() -> None:
    span, start = 10.0 / 3, 0.0
    zooms = set()
    for _ in range(1000):
        start, end = start + 0.0123, start + 0.0123 + span
        span = end - start  # as a pan does, with its rounding errors
        columns = ColumnRange.in_view(start, end, 1630)
        zooms.add(columns.column_s)
        assert abs(columns.start_s - start) <= columns.column_s * 0.51
    assert len(zooms) == 1
    assert math.isclose(zooms.pop(), span / 1630, rel_tol=1e-11)
