"""Loop in the ruler, as a band."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.playback.practice import Loop
from desktop.ui.pages.player.ruler_items import BAND_HEIGHT, MIN_HIT_WIDTH, RulerItem, RulerScale
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.text_escaping import escape_tooltip

_EDGE_REACH = 8
"""Logical pixels from an end of a loop in which a drag moves this end."""
_MIN_NAME_WIDTH = 24
"""Logical pixels below which a name would be nothing but dots."""
_CHOSEN_OPACITY, _OTHER_OPACITY = 0.30, 0.10


class LoopBand(RulerItem):
    """Band of a loop: its ends and its middle can be dragged, a click chooses it or chooses none."""

    changed = Signal(object)
    """The Loop after a drag."""
    previewed = Signal(object)
    """The Loop while it is dragged; None after the drag."""

    def __init__(self, scale: RulerScale, moved: Callable[[Loop, float], Loop], parent: QWidget) -> None:
        """Create a band; `moved` returns a loop later by some seconds, inside the track."""
        super().__init__(scale, parent)
        self.setCheckable(True)
        self._moved = moved
        self._loop = self._shown = Loop(0.0, 1.0)
        self._is_repeated = False
        self._grip = "middle"

    def show_loop(self, loop: Loop, name: str, is_chosen: bool, is_repeated: bool) -> None:
        """Show a loop; `name` is how it is spoken."""
        self._loop = self._shown = loop
        self._is_repeated = is_repeated
        self.setChecked(is_chosen)
        self.setAccessibleName(name)
        self.setToolTip(escape_tooltip(name))
        self.update_place()

    def update_place(self) -> None:
        """Move to where the loop is in view."""
        left, right = self._scale.x_of(self._shown.start_s), self._scale.x_of(self._shown.end_s)
        margin = max(0.0, (MIN_HIT_WIDTH - (right - left)) / 2)
        self.place(left - margin, right + margin)
        self.update()

    def nextCheckState(self) -> None:  # noqa: N802
        """Do nothing: the state of the song decides whether the loop is chosen."""

    def _grip_at(self, x: float) -> str:
        left, right = self._scale.x_of(self._shown.start_s), self._scale.x_of(self._shown.end_s)
        reach = max(2.0, min(_EDGE_REACH, (right - left) / 4))
        if x - left < reach:
            return "start"
        return "end" if right - x < reach else "middle"

    def update_cursor(self, x: float) -> None:
        is_middle = self._grip_at(x) == "middle"
        self.setCursor(Qt.CursorShape.OpenHandCursor if is_middle else Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, e: QMouseEvent) -> None:
        self._grip = self._grip_at(self.x_in_ruler(e))
        super().mousePressEvent(e)

    def drag_to(self, second: float, grabbed: float, modifiers: Qt.KeyboardModifier) -> None:
        """Move an end, or the whole loop, whose start then snaps."""
        loop, snapped = self._loop, self._scale.snapped
        match self._grip:
            case "start":
                start = snapped(second, modifiers)
                self._shown = replace(loop, start_s=min(start, loop.end_s), end_s=max(start, loop.end_s))
            case "end":
                end = snapped(second, modifiers)
                self._shown = replace(loop, start_s=min(end, loop.start_s), end_s=max(end, loop.start_s))
            case _:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                start = snapped(loop.start_s + second - grabbed, modifiers)
                self._shown = self._moved(loop, start - loop.start_s)
        self.previewed.emit(self._shown)
        self.update_place()

    def end_drag(self) -> None:
        loop = self._shown
        self.previewed.emit(None)
        if loop != self._loop:
            self.changed.emit(loop)

    def cancel_drag(self) -> None:
        self._shown = self._loop
        self.previewed.emit(None)
        self.update_place()

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        is_chosen = self.isChecked()
        left = self._scale.x_of(self._shown.start_s) - self.x()
        right = self._scale.x_of(self._shown.end_s) - self.x()
        band = QRectF(left, 0, max(2.0, right - left), BAND_HEIGHT)
        fill, edge = theme.colour(Colour.ACCENT), theme.colour(Colour.ACCENT)
        fill.setAlphaF(_CHOSEN_OPACITY if is_chosen and self._is_repeated else _OTHER_OPACITY)
        if not is_chosen:
            edge = theme.colour(Colour.RAIL)
        painter.fillRect(band, fill)
        painter.fillRect(QRectF(left, 0, 2, BAND_HEIGHT), edge)
        painter.fillRect(QRectF(right - 2, 0, 2, BAND_HEIGHT), edge)
        painter.setFont(ui_font(11, 500 if is_chosen else 400))
        painter.setPen(theme.colour(Colour.TEXT if is_chosen else Colour.DIM))
        text_left = max(left, float(-self.x())) + 10
        text_box = QRectF(text_left, 0, max(0.0, right - 6 - text_left), BAND_HEIGHT)
        if text_box.width() >= _MIN_NAME_WIDTH:
            text = QFontMetrics(painter.font()).elidedText(
                self._shown.name, Qt.TextElideMode.ElideRight, int(text_box.width())
            )
            painter.drawText(text_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        self.draw_focus_ring(painter)
