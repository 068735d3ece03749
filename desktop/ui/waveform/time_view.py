"""View box of the visible time range: zoom at the pointer, pan, fit, and click to seek."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from desktop.ui.widgets.wheel import WHEEL_NOTCH

ZOOM_PER_NOTCH = 1.25
PAN_PER_NOTCH = 0.1
MIN_VISIBLE_S = 0.0005
"""Shortest visible range in seconds: some twenty samples at 44.1 kHz."""
_MAX_X = float(1 << 20)
"""Farthest x in logical pixels: painters count in 32 bits, and of an hour at the closest zoom most is farther away."""


class TimeViewBox(pg.ViewBox):
    """A pyqtgraph view box with x in seconds, and y in logical pixels from the top of the first lane."""

    clicked = Signal(float)
    """Time in seconds at which the left button was clicked."""
    double_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0, invertY=True)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self._duration = 1.0

    @property
    def duration(self) -> float:
        """Length of the track in seconds."""
        return self._duration

    def set_duration(self, duration: float) -> None:
        """Set the length of the track in seconds, and show the whole track."""
        self._duration = max(duration, 1e-3)
        self.setLimits(xMin=0.0, xMax=self._duration, minXRange=min(MIN_VISIBLE_S, self._duration))
        self.fit()

    def visible_range(self) -> tuple[float, float]:
        """Return first and last visible second."""
        start, end = self.viewRange()[0]
        return float(start), float(end)

    def scene_rect(self) -> QRectF:
        """Return the view's rectangle in logical pixels of the widget (`boundingRect` is half a pixel larger)."""
        return self.mapRectToScene(self.rect())

    def x_of(self, second: float) -> float:
        """Return the x of a time, in logical pixels of the widget; one that is far out of view may be nearer than it is."""
        (start, end), rect = self.visible_range(), self.scene_rect()
        return max(-_MAX_X, min(_MAX_X, rect.left() + rect.width() * (second - start) / (end - start)))

    def second_at(self, x: float) -> float:
        """Return the time at an x in logical pixels of the widget, inside the track."""
        (start, end), rect = self.visible_range(), self.scene_rect()
        second = start + (end - start) * (x - rect.left()) / max(1.0, rect.width())
        return max(0.0, min(second, self._duration))

    def fit(self) -> None:
        """Show the whole track."""
        self.setXRange(0.0, self._duration, padding=0)

    def show_range(self, start: float, end: float) -> None:
        """Show the range between two seconds, clamped to the track."""
        self._show_span(start, min(end - start, self._duration))

    def shows_whole_song(self) -> bool:
        """Return True if the whole track is in view."""
        start, end = self.visible_range()
        return end - start > self._duration * 0.999

    def zoom(self, factor: float, anchor: float) -> None:
        """Divide the visible range by `factor`, and keep second `anchor` where it is on the screen."""
        start, end = self.visible_range()
        span = min(self._duration, max(min(MIN_VISIBLE_S, self._duration), (end - start) / factor))
        self._show_span(anchor - (anchor - start) * span / (end - start), span)

    def pan(self, spans: float) -> None:
        """Move the view by `spans` times its visible range."""
        start, end = self.visible_range()
        self._show_span(start + spans * (end - start), end - start)

    def page_to(self, second: float) -> None:
        """Move the view to start at `second`, if `second` is out of view."""
        start, end = self.visible_range()
        if not start <= second <= end:
            self._show_span(second, end - start)

    def reveal(self, start: float, end: float) -> None:
        """Move the view, without a zoom, so that a passage between two seconds begins in its first quarter if out of view."""
        first, last = self.visible_range()
        if start < first or end > last:
            self._show_span(start - (last - first) / 4, last - first)

    def _show_span(self, start: float, span: float) -> None:
        start = min(max(0.0, start), self._duration - span)
        self.setXRange(start, start + span, padding=0)

    def wheelEvent(self, ev: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        """Zoom at the pointer; pan with Shift or with a horizontal wheel."""
        is_horizontal = ev.orientation() == Qt.Orientation.Horizontal
        is_pan = is_horizontal or bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.turn_wheel(ev.delta() / WHEEL_NOTCH, is_pan, float(self.mapSceneToView(ev.scenePos()).x()))
        ev.accept()

    def turn_wheel(self, notches: float, is_pan: bool, anchor: float) -> None:
        """Pan by `notches` of the wheel, or zoom and keep second `anchor` where it is on the screen."""
        if is_pan:
            self.pan(-notches * PAN_PER_NOTCH)
        else:
            self.zoom(ZOOM_PER_NOTCH**notches, anchor)

    def mouseClickEvent(self, ev: Any) -> None:
        """Emit `clicked` or `double_clicked` for the left button."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        ev.accept()
        if ev.double():
            self.double_clicked.emit()
        else:
            self.clicked.emit(min(max(0.0, float(self.mapSceneToView(ev.scenePos()).x())), self._duration))

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Pan the view with the pointer."""
        ev.accept()
        start, end = self.visible_range()
        moved = (ev.scenePos().x() - ev.lastScenePos().x()) / max(1.0, self.width())
        self._show_span(start - moved * (end - start), end - start)
