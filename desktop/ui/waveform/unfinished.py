"""Overlay for the parts of a track that are not separated yet: stripes and one label."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.lane_content import TimeSpan
from desktop.ui.waveform.time_view import TimeViewBox

STRIPE_WIDTH = 5
LABEL_MARGIN = 16
STRIPE_ALPHA = 20
"""Opacity of a stripe, 0 to 255."""


class UnfinishedItem(pg.GraphicsObject):
    """Hatches time spans of a `TimeViewBox`, and labels them."""

    def __init__(self, view: TimeViewBox) -> None:
        super().__init__()
        self._view = view
        self._height = self._first_lane_bottom = 1.0
        self._spans: list[TimeSpan] = []
        self._label = ""
        self._label_second: float | None = None
        self.setZValue(5)

    def set_extent(self, height: float, first_lane_bottom: float) -> None:
        """Cover everything down to `height`, with the label in the first lane, which ends at `first_lane_bottom`."""
        self.prepareGeometryChange()
        self._height, self._first_lane_bottom = height, first_lane_bottom

    def set_spans(self, spans: Sequence[TimeSpan], label: str, label_second: float | None) -> bool:
        """Hatch `spans`, in seconds, with `label` at `label_second`, or at the first visible span if that is None.

        Return False if nothing changed.
        """
        if (list(spans), label, label_second) == (self._spans, self._label, self._label_second):
            return False
        self._spans, self._label, self._label_second = list(spans), label, label_second
        self.update()
        return True

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the whole track, in seconds and logical pixels."""
        return QRectF(0.0, 0.0, self._view.duration, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the stripes and the label in logical pixels, independently of the zoom."""
        view_rect = self._view.scene_rect()
        item_rect = self.mapRectToScene(self.boundingRect())
        p.resetTransform()
        left_edges = [self._draw_stripes(p, view_rect, item_rect, span) for span in self._spans]
        visible_edges = [left for left in left_edges if left is not None]
        if self._label and (visible_edges or self._label_second is not None):
            self._draw_label(
                p,
                view_rect,
                item_rect,
                visible_edges[0] if self._label_second is None else self._view.x_of(self._label_second),
            )

    def _draw_stripes(self, p: QPainter, view_rect: QRectF, item_rect: QRectF, span: TimeSpan) -> float | None:
        """Draw the stripes of one span, and return its left edge in view, or None if it is out of view."""
        left, right = (
            max(view_rect.left(), self._view.x_of(span[0])),
            min(view_rect.right(), self._view.x_of(span[1])),
        )
        if right <= left:
            return None
        stripe = theme.colour(Colour.TEXT)
        stripe.setAlpha(STRIPE_ALPHA)
        # One grid for all spans, so that no stripe moves when a span becomes shorter.
        for number in range(int(left / (2 * STRIPE_WIDTH)), int(right / (2 * STRIPE_WIDTH)) + 1):
            start, end = max(left, number * 2 * STRIPE_WIDTH), min(right, number * 2 * STRIPE_WIDTH + STRIPE_WIDTH)
            if end > start:
                p.fillRect(QRectF(start, item_rect.top(), end - start, item_rect.height()), stripe)
        return left

    def _draw_label(self, p: QPainter, view_rect: QRectF, item_rect: QRectF, left: float) -> None:
        p.setFont(ui_font(13, 500))
        metrics = p.fontMetrics()
        width = metrics.horizontalAdvance(self._label)
        x = max(view_rect.left() + LABEL_MARGIN, min(left + LABEL_MARGIN, view_rect.right() - width - LABEL_MARGIN))
        middle = item_rect.top() + self._first_lane_bottom / 2
        background = theme.colour(Colour.RAISED)
        background.setAlpha(235)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(background)
        p.drawRoundedRect(QRectF(x - 10, middle - 14, width + 20, 28), 14, 14)
        p.setPen(theme.colour(Colour.TEXT))
        p.drawText(QPointF(x, middle + metrics.capHeight() / 2), self._label)
