"""The part of a song that is not separated yet: hatched, with one line of words."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.waveform.peak_item import Span
from desktop.ui.waveform.time_view import TimeViewBox

STRIPE = 5
GAP = 16
SHADE = 9
"""Alpha of a stripe, of 255."""


class UnfinishedItem(pg.GraphicsObject):
    """Hatches stretches of a `TimeViewBox`."""

    def __init__(self, view: TimeViewBox) -> None:
        super().__init__()
        self._view = view
        self._height = self._first_lane = 1.0
        self._spans: list[Span] = []
        self._words = ""
        self._place: float | None = None
        self.setZValue(5)

    def place(self, height: float, first_lane: float) -> None:
        """Cover everything down to `height`, and write in the first lane, which ends at `first_lane`."""
        self.prepareGeometryChange()
        self._height, self._first_lane = height, first_lane

    def show_spans(self, spans: Sequence[Span], words: str, place: float | None) -> bool:
        """Hatch `spans`, in seconds, and say `words` at `place`, or where the first of them in view begins.

        False when that was to be seen already.
        """
        if (list(spans), words, place) == (self._spans, self._words, self._place):
            return False
        self._spans, self._words, self._place = list(spans), words, place
        self.update()
        return True

    def covers(self, second: float) -> bool:
        """True where it hatches."""
        return any(start <= second < end for start, end in self._spans)

    def boundingRect(self) -> QRectF:
        """The whole song."""
        return QRectF(0.0, 0.0, self._view.seconds, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the stripes and the words in logical pixels, whatever the zoom."""
        frame = self._view.frame()
        place = self.mapRectToScene(self.boundingRect())
        p.resetTransform()
        begins = [self._hatch(p, frame, place, span) for span in self._spans]
        seen = [left for left in begins if left is not None]
        if self._words and (seen or self._place is not None):
            self._say(p, frame, place, seen[0] if self._place is None else self._x(frame, self._place))

    def _x(self, frame: QRectF, second: float) -> float:
        start, end = self._view.visible()
        return frame.left() + frame.width() * (second - start) / (end - start)

    def _hatch(self, p: QPainter, frame: QRectF, place: QRectF, span: Span) -> float | None:
        """Draw one stretch; where it begins in view, None when it is out of view."""
        left, right = max(frame.left(), self._x(frame, span[0])), min(frame.right(), self._x(frame, span[1]))
        if right <= left:
            return None
        stripe = QColor(tokens.TEXT)
        stripe.setAlpha(SHADE)
        # On one grid for all, so that nothing moves when a stretch becomes shorter.
        for number in range(int(left / (2 * STRIPE)), int(right / (2 * STRIPE)) + 1):
            start, end = max(left, number * 2 * STRIPE), min(right, number * 2 * STRIPE + STRIPE)
            if end > start:
                p.fillRect(QRectF(start, place.top(), end - start, place.height()), stripe)
        return left

    def _say(self, p: QPainter, frame: QRectF, place: QRectF, left: float) -> None:
        p.setFont(ui_font(13, 500))
        metrics = p.fontMetrics()
        width = metrics.horizontalAdvance(self._words)
        x = max(frame.left() + GAP, min(left + GAP, frame.right() - width - GAP))
        middle = place.top() + self._first_lane / 2
        shade = QColor(tokens.RAISED)
        shade.setAlpha(235)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(shade)
        p.drawRoundedRect(QRectF(x - 10, middle - 14, width + 20, 28), 14, 14)
        p.setPen(QColor(tokens.TEXT))
        p.drawText(QPointF(x, middle + metrics.capHeight() / 2), self._words)
