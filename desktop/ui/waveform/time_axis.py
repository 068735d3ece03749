"""Time ruler above the lanes: pyqtgraph's axis, drawn as ticks with the time to their right."""

import math

import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.text.durations import format_duration_decimals
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme

AXIS_HEIGHT = 24
TICK_TOP = 6
LABEL_OFFSET = 6
LABEL_BASELINE = 16
TICK_STEPS_S = (
    *(step * unit for unit in (0.0001, 0.001, 0.01) for step in (1, 2, 5)),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0),
)
"""Possible distances of two ticks in seconds; the zoom determines which one is used."""
MIN_TICK_SPACING = 96.0
"""Minimum distance of two ticks in logical pixels, so that their labels never touch."""


class TimeAxis(pg.AxisItem):
    """Time axis in seconds, linked to the view's range."""

    def __init__(self) -> None:
        super().__init__("top", showValues=False)
        self.enableAutoSIPrefix(False)
        self.setHeight(AXIS_HEIGHT)
        self.setZValue(1)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None) -> None:
        """Draw the base line, the ticks and their times."""
        start, end = self.range
        width, height = self.size().width(), self.size().height()
        p.setPen(theme.colour(Colour.LINE))
        p.drawLine(QPointF(0, height - 0.5), QPointF(width, height - 0.5))
        if end <= start:
            return
        p.setFont(ui_font(11))
        for seconds, label in compute_ticks(start, end, choose_tick_step(end - start, width)):
            x = round((seconds - start) / (end - start) * width) + 0.5
            p.setPen(theme.colour(Colour.RAIL))
            p.drawLine(QPointF(x, TICK_TOP), QPointF(x, height - 1))
            if x + p.fontMetrics().horizontalAdvance(label) + LABEL_OFFSET <= width:
                p.setPen(theme.colour(Colour.FAINT))
                p.drawText(QPointF(x + LABEL_OFFSET, LABEL_BASELINE), label)

    def mouseDragEvent(self, event: object) -> None:
        """Pan the view, as dragging the lanes does."""
        view = self.linkedView()
        if view is not None:
            view.mouseDragEvent(event)

    def mouseClickEvent(self, event: object) -> None:
        """Seek, as clicking the lanes does."""
        view = self.linkedView()
        if view is not None:
            view.mouseClickEvent(event)

    def wheelEvent(self, event: object) -> None:
        """Zoom, as the wheel over the lanes does."""
        view = self.linkedView()
        if view is not None:
            view.wheelEvent(event)


def choose_tick_step(span: float, width: float) -> float:
    """Return the seconds between two ticks if `span` seconds take `width` logical pixels."""
    min_step = span * MIN_TICK_SPACING / max(1.0, width)
    return next((step for step in TICK_STEPS_S if step >= min_step), TICK_STEPS_S[-1])


def compute_ticks(start: float, end: float, step: float) -> list[tuple[float, str]]:
    """Return time in seconds and label of every tick from `start` to `end` seconds."""
    first = math.ceil(max(0.0, start) / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    # Formatting truncates, and float error would give the digit below: so 1e-6 s is added.
    labels = (format_duration_decimals(number * step + 1e-6, decimals) for number in range(first, last + 1))
    return [(number * step, label) for number, label in zip(range(first, last + 1), labels, strict=True)]
