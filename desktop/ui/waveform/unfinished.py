"""The part of a song that is not separated yet: hatched, with one line of words."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.waveform.time_view import TimeViewBox

STRIPE = 5
GAP = 16
SHADE = 9
"""Alpha of a stripe, of 255."""


class UnfinishedItem(pg.GraphicsObject):
    """Hatches a `TimeViewBox` from a second on."""

    def __init__(self, view: TimeViewBox) -> None:
        super().__init__()
        self._view = view
        self._height = 1.0
        self._from = 0.0
        self._words = ""
        self.setZValue(5)

    def place(self, height: float) -> None:
        """Cover everything down to `height`."""
        self.prepareGeometryChange()
        self._height = height

    def show_from(self, second: float, words: str) -> None:
        """Hatch from `second` to the end, and say `words` there."""
        if (second, words) != (self._from, self._words):
            self._from, self._words = second, words
            self.update()

    def boundingRect(self) -> QRectF:
        """The whole song."""
        return QRectF(0.0, 0.0, self._view.seconds, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the stripes and the words in logical pixels, whatever the zoom."""
        frame = self._view.frame()
        place = self.mapRectToScene(self.boundingRect())
        start, end = self._view.visible()
        left = frame.left() + frame.width() * max(0.0, (self._from - start) / (end - start))
        p.resetTransform()
        stripe = QColor(tokens.TEXT)
        stripe.setAlpha(SHADE)
        for number in range(max(0, int((frame.right() - left) / (2 * STRIPE)) + 1)):
            p.fillRect(QRectF(left + number * 2 * STRIPE, place.top(), STRIPE, place.height()), stripe)
        self._say(p, frame, place, left)

    def _say(self, p: QPainter, frame: QRectF, place: QRectF, left: float) -> None:
        p.setFont(ui_font(12))
        metrics = p.fontMetrics()
        width = metrics.horizontalAdvance(self._words)
        x = max(frame.left() + GAP, min(left + GAP, frame.right() - width - GAP))
        middle = max(place.top() + 16, place.bottom() - 20)
        shade = QColor(tokens.BACKGROUND)
        shade.setAlpha(200)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(shade)
        p.drawRoundedRect(QRectF(x - 8, middle - 12, width + 16, 24), 6, 6)
        p.setPen(QColor(tokens.DIM))
        p.drawText(QPointF(x, middle + metrics.ascent() / 2 - 1), self._words)
