"""Marker in the ruler, as a flag with the name of its section."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.playback.practice import Marker
from desktop.text.message import tr
from desktop.ui.pages.player.ruler_items import BAND_HEIGHT, MIN_HIT_WIDTH, RulerItem, RulerScale
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.text_escaping import escape_tooltip


class MarkerFlag(RulerItem):
    """Flag of a marker with the name of its section: a drag moves it, a click moves the playhead there."""

    changed = Signal(object)
    """The Marker after a drag."""
    section_loop_requested = Signal()

    def __init__(self, scale: RulerScale, parent: QWidget) -> None:
        super().__init__(scale, parent)
        self._marker = self._shown = Marker(0.0, "")
        self._next_second = 0.0

    def show_marker(self, marker: Marker, name: str, next_second: float) -> None:
        """Show a marker, `name` as it is spoken, with its text up to the next marker at `next_second`."""
        self._marker = self._shown = marker
        self._next_second = next_second
        self.setAccessibleName(name)
        self.setToolTip(escape_tooltip(name))
        self.update_place()

    def update_place(self) -> None:
        """Move to where the marker is in view."""
        left = self._scale.x_of(self._shown.time_s)
        room = max(1.0, self._scale.x_of(self._next_second) - left)
        width = QFontMetrics(ui_font(11)).horizontalAdvance(self._shown.name) + 20
        self.place(left, left + max(float(MIN_HIT_WIDTH), min(room, width)))
        self.update()

    def menu_entries(self) -> list[tuple[str, Callable[[], object]]]:
        return [(tr("Loop this section"), self.section_loop_requested.emit), *super().menu_entries()]

    def drag_to(self, second: float, grabbed: float, modifiers: Qt.KeyboardModifier) -> None:
        """Move the marker, which snaps."""
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        time_s = self._scale.snapped(max(0.0, self._marker.time_s + second - grabbed), modifiers)
        self._shown = replace(self._marker, time_s=time_s)
        self.update_place()

    def end_drag(self) -> None:
        if self._shown != self._marker:
            self.changed.emit(self._shown)

    def cancel_drag(self) -> None:
        self._shown = self._marker
        self.update_place()

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.TEXT))
        painter.drawPolygon(QPolygonF([QPointF(0, 3), QPointF(9, 7), QPointF(0, 11)]))
        painter.fillRect(QRectF(0, 3, 1.5, BAND_HEIGHT - 3), theme.colour(Colour.TEXT))
        painter.setFont(ui_font(11))
        painter.setPen(theme.colour(Colour.DIM))
        text_box = QRectF(13, 0, max(0, self.width() - 14), BAND_HEIGHT)
        text = QFontMetrics(painter.font()).elidedText(
            self._shown.name, Qt.TextElideMode.ElideRight, int(text_box.width())
        )
        painter.drawText(text_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        self.draw_focus_ring(painter)
