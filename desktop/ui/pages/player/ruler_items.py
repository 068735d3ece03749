"""Items of the ruler: what they have in common for mouse, keys and screen readers, and the scale of the ruler."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from desktop.text.message import tr
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.time_view import TimeViewBox

ITEM_HEIGHT, BAND_HEIGHT = 24, 18
"""Height of an item, which takes clicks, and of what is drawn of it, in logical pixels."""
MIN_HIT_WIDTH = 24
"""Least logical pixels that take clicks."""
_OFF_SCREEN = 64
"""Logical pixels that an item reaches out of the ruler at most: widgets have a largest width."""
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
        return self._view_box.x_of(second)

    def second_at(self, x: float) -> float:
        """Return the time at an x of the ruler, inside the track."""
        return self._view_box.second_at(x)

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
        self._top = 0
        self._grab_x, self._is_dragging = 0.0, False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAccessibleDescription(
            tr("Return chooses, F2 renames, Delete deletes, Left and Right go to the next, with Shift they move it.")
        )

    def set_top(self, top: int) -> None:
        """Set the y of the item's row in the ruler, in logical pixels."""
        self._top = top
        self.move(self.x(), top)

    def place(self, left: float, right: float) -> None:
        """Cover the ruler from `left` to `right`, in its logical pixels."""
        limit = self._ruler.width() + _OFF_SCREEN
        clipped_left, clipped_right = (max(-_OFF_SCREEN, min(limit, round(x))) for x in (left, right))
        self.setGeometry(clipped_left, self._top, max(1, clipped_right - clipped_left), ITEM_HEIGHT)

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

    def x_in_ruler(self, event: QMouseEvent) -> float:
        """Return the x of the pointer in logical pixels of the ruler."""
        return event.position().x() + self.x()

    def mousePressEvent(self, e: QMouseEvent) -> None:
        if e.button() == Qt.MouseButton.LeftButton:
            self._grab_x, self._is_dragging = self.x_in_ruler(e), False
            self.setDown(True)

    def mouseMoveEvent(self, e: QMouseEvent) -> None:
        if not self.isDown():
            self.update_cursor(self.x_in_ruler(e))
            return
        x = self.x_in_ruler(e)
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

    def update_cursor(self, x: float) -> None:
        """Show what a drag from `x` would do."""
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

    def draw_focus_ring(self, painter: QPainter) -> None:
        """Draw a ring if the item has the focus."""
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), metrics.FOCUS_RING_WIDTH))
            painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))
