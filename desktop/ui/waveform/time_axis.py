"""The ruler over the lanes: pyqtgraph's axis, drawn as marks with the time to their right."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.waveform.ticks import marks, step_for

HEIGHT = 24
MARK_TOP = 6
TEXT_LEFT = 6
TEXT_BASE = 16


class TimeAxis(pg.AxisItem):
    """A time axis in seconds, linked to the view's range."""

    def __init__(self) -> None:
        super().__init__("top", showValues=False)
        self.enableAutoSIPrefix(False)
        self.setHeight(HEIGHT)
        self.setZValue(1)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None) -> None:
        """Draw the rule, the marks and their times."""
        start, end = self.range
        width, height = self.size().width(), self.size().height()
        p.setPen(QColor(tokens.LINE))
        p.drawLine(QPointF(0, height - 0.5), QPointF(width, height - 0.5))
        if end <= start:
            return
        p.setFont(ui_font(11))
        for seconds, words in marks(start, end, step_for(end - start, width)):
            x = round((seconds - start) / (end - start) * width) + 0.5
            p.setPen(QColor(tokens.RAIL))
            p.drawLine(QPointF(x, MARK_TOP), QPointF(x, height - 1))
            if x + p.fontMetrics().horizontalAdvance(words) + TEXT_LEFT <= width:
                p.setPen(QColor(tokens.FAINT))
                p.drawText(QPointF(x + TEXT_LEFT, TEXT_BASE), words)

    def mouseDragEvent(self, event: object) -> None:
        """Dragging the ruler pans the view, as dragging the lanes does."""
        view = self.linkedView()
        if view is not None:
            view.mouseDragEvent(event)

    def mouseClickEvent(self, event: object) -> None:
        """Clicking the ruler seeks, as clicking the lanes does."""
        view = self.linkedView()
        if view is not None:
            view.mouseClickEvent(event)

    def wheelEvent(self, event: object) -> None:
        """The wheel over the ruler zooms, as over the lanes."""
        view = self.linkedView()
        if view is not None:
            view.wheelEvent(event)
