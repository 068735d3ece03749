"""Single samples of a lane as points that lines join, for a zoom at which they are some pixels apart."""

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from desktop.ui.waveform.pixel_columns import FULL_SCALE_FRACTION, SampleWindow

MIN_SAMPLE_WIDTH = 6.0
"""Logical pixels from sample to sample from which samples are points."""
_POINT_RADIUS = 2.2
_LINE_WIDTH = 1.2


def paint_points(
    samples: SampleWindow,
    lane: int,
    span: tuple[float, float],
    size: tuple[int, int],
    colour: QColor,
    gain: float,
    ratio: float,
    outline: bool = False,
) -> QImage:
    """Paint the lowest and the highest channel of a lane between the two seconds of `span`.

    `size` is in device pixels, `ratio` is device pixels per logical pixel; `outline` makes the points rings.
    """
    (start, end), (width, height) = span, size
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    first = max(0, math.floor(start * samples.sample_rate) - samples.start - 1)
    last = min(len(samples.low), math.ceil(end * samples.sample_rate) - samples.start + 2)
    seconds = (np.arange(first, last) + samples.start) / samples.sample_rate
    xs = (seconds - start) / (end - start) * width
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for channel in (samples.low, samples.high):
        values = np.clip(channel[first:last, lane] * gain, -1.0, 1.0)
        ys = height / 2 * (1.0 - FULL_SCALE_FRACTION * values)
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        painter.setPen(QPen(colour, _LINE_WIDTH * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush if outline else colour)
        painter.drawPolyline(points)
        for point in points:
            painter.drawEllipse(point, _POINT_RADIUS * ratio, _POINT_RADIUS * ratio)
    painter.end()
    return image
