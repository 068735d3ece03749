"""Items of the ruler: loops as bands and markers as flags, with mouse, keys and names for screen readers."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from desktop.playback.practice import Loop, Marker
from desktop.text.message import tr
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.time_view import TimeViewBox
from desktop.ui.widgets.text_escaping import escape_tooltip

ITEM_HEIGHT, BAND_HEIGHT = 24, 18
"""Height of an item, which takes clicks, and of what is drawn of it, in logical pixels."""
_EDGE_REACH = 8
"""Logical pixels from an end of a loop in which a drag moves this end."""
_MIN_HIT_WIDTH = 24
_OFF_SCREEN = 64
"""Logical pixels that an item reaches out of the ruler at most: widgets have a largest width."""
_CHOSEN_OPACITY, _OTHER_OPACITY = 0.30, 0.10
_ITEM_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_F2,
        Qt.Key.Key_Delete,
        Qt.Key.Key_Backspace,
    }
)


class RulerScale:
    """Relation of seconds and pixels of the ruler, and the snapping to beats."""

    def __init__(self, view_box: TimeViewBox, snap: Callable[[float], float]) -> None:
        self._view_box, self._snap = view_box, snap

    def x_of(self, second: float) -> float:
        """Return the x of a time, in logical pixels of the ruler."""
        start, end = self._view_box.visible_range()
        return self._view_box.scene_rect().width() * (second - start) / (end - start)

    def second_at(self, x: float) -> float:
        """Return the time at an x of the ruler, inside the track."""
        start, end = self._view_box.visible_range()
        second = start + (end - start) * x / max(1.0, self._view_box.scene_rect().width())
        return max(0.0, min(second, self._view_box.duration))

    def snapped(self, second: float, modifiers: Qt.KeyboardModifier) -> float:
        """Return the nearest beat, or with Shift the time itself."""
        return second if modifiers & Qt.KeyboardModifier.ShiftModifier else self._snap(second)


class RulerItem(QAbstractButton):
    """Item that can be chosen, renamed, deleted and moved."""

    focus_move_requested = Signal(int)
    """1 focuses the next item of the ruler, -1 the previous one."""
    nudge_requested = Signal(int)
    """1 moves the item later, -1 earlier."""
    rename_requested = Signal()
    delete_requested = Signal()
    focused = Signal()

    def __init__(self, scale: RulerScale, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale, self._ruler = scale, parent
        self._grab_x, self._is_dragging = 0.0, False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAccessibleDescription(
            tr("Return chooses, F2 renames, Delete deletes, Left and Right go to the next, with Shift they move it.")
        )

    def place(self, left: float, right: float) -> None:
        """Cover the ruler from `left` to `right`, in its logical pixels."""
        limit = self._ruler.width() + _OFF_SCREEN
        clipped_left, clipped_right = (max(-_OFF_SCREEN, min(limit, round(x))) for x in (left, right))
        self.setGeometry(clipped_left, 0, max(1, clipped_right - clipped_left), ITEM_HEIGHT)

    def menu_entries(self) -> list[tuple[str, Callable[[], object]]]:
        """Return text and function of each entry of the menu."""
        return [
            (tr("Rename…"), self.rename_requested.emit),
            (tr("Delete"), self.delete_requested.emit),
        ]

    def drag_to(self, second: float, grabbed: float, modifiers: Qt.KeyboardModifier) -> None:
        """Show the item where it was dragged to: `grabbed` and `second` are the times below the pointer."""
        raise NotImplementedError

    def end_drag(self) -> None:
        """Keep the item where it is shown."""
        raise NotImplementedError

    def cancel_drag(self) -> None:
        """Show the item where it was before the drag."""
        raise NotImplementedError

    def _x_in_ruler(self, event: QMouseEvent) -> float:
        return event.position().x() + self.x()

    def mousePressEvent(self, e: QMouseEvent) -> None:
        if e.button() == Qt.MouseButton.LeftButton:
            self._grab_x, self._is_dragging = self._x_in_ruler(e), False
            self.setDown(True)

    def mouseMoveEvent(self, e: QMouseEvent) -> None:
        if not self.isDown():
            self._update_cursor(self._x_in_ruler(e))
            return
        x = self._x_in_ruler(e)
        if not self._is_dragging and abs(x - self._grab_x) < QApplication.startDragDistance():
            return
        self._is_dragging = True
        self.drag_to(self._scale.second_at(x), self._scale.second_at(self._grab_x), e.modifiers())

    def mouseReleaseEvent(self, e: QMouseEvent) -> None:
        if not self.isDown() or e.button() != Qt.MouseButton.LeftButton:
            return
        self.setDown(False)
        if self._is_dragging:
            self._is_dragging = False
            self.end_drag()
        else:
            self.click()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename; the first click has chosen the item, or not, already."""
        self.rename_requested.emit()

    def _update_cursor(self, x: float) -> None:
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the item, by mouse or by the menu key."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, run in self.menu_entries():
            # Queued: the function may delete this item, and with it the menu that is being closed.
            menu.addAction(text).triggered.connect(run, Qt.ConnectionType.QueuedConnection)
        menu.popup(event.globalPos())

    def event(self, e: QEvent) -> bool:
        """Keep the keys of the item from the shortcuts of the window."""
        if e.type() is QEvent.Type.ShortcutOverride and isinstance(e, QKeyEvent):
            is_escape = self._is_dragging and e.key() == Qt.Key.Key_Escape
            plain = not e.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
            if is_escape or (plain and e.key() in _ITEM_KEYS):
                e.accept()
                return True
        return super().event(e)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        is_shift = bool(e.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match e.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                direction = 1 if e.key() == Qt.Key.Key_Right else -1
                (self.nudge_requested if is_shift else self.focus_move_requested).emit(direction)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.click()
            case Qt.Key.Key_F2:
                self.rename_requested.emit()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.delete_requested.emit()
            case Qt.Key.Key_Escape if self._is_dragging:
                self._is_dragging = False
                self.setDown(False)
                self.cancel_drag()
            case _:
                super().keyPressEvent(e)

    def focusInEvent(self, e: QFocusEvent) -> None:
        super().focusInEvent(e)
        self.focused.emit()

    def _draw_focus_ring(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), metrics.FOCUS_RING_WIDTH))
            painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))


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
        margin = max(0.0, (_MIN_HIT_WIDTH - (right - left)) / 2)
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

    def _update_cursor(self, x: float) -> None:
        is_middle = self._grip_at(x) == "middle"
        self.setCursor(Qt.CursorShape.OpenHandCursor if is_middle else Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, e: QMouseEvent) -> None:
        self._grip = self._grip_at(self._x_in_ruler(e))
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
        text = QFontMetrics(painter.font()).elidedText(
            self._shown.name, Qt.TextElideMode.ElideRight, int(text_box.width())
        )
        painter.drawText(text_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        self._draw_focus_ring(painter)


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
        self.place(left, left + max(float(_MIN_HIT_WIDTH), min(room, width)))
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
        self._draw_focus_ring(painter)
