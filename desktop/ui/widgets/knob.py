"""Knob: a small dial with a pointer, for a value around a centre, as pan is."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QDial, QWidget

from desktop.text.message import tr
from desktop.ui.theme.metrics import FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.text_escaping import escape_tooltip
from desktop.ui.widgets.wheel import WheelNotches

SIZE = 26
KEY_STEP, PAGE_STEP, WHEEL_STEP = 5, 25, 5
DEGREES_PER_UNIT = 1.3
"""Turn of the pointer: 130 degrees at each end."""
FINE_DRAG_FACTOR = 0.2
"""Speed of a drag while Shift is held."""
_POINTER_LENGTH = 9.0


class Knob(QDial):
    """Knob from −100 to 100: drag up or down, one unit a pixel; a double click resets it to 0."""

    value_entered = Signal(int)
    """The value that the user set."""

    def __init__(self, name: str, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        """`describe` returns a value in words, for tooltip and assistive technology."""
        super().__init__(parent)
        self._describe = describe
        self._dragged_from: tuple[float, float] | None = None
        self._wheel = WheelNotches()
        self.setRange(-100, 100)
        self.setSingleStep(KEY_STEP)
        self.setPageStep(PAGE_STEP)
        self.setFixedSize(SIZE, SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_name(name)
        self.valueChanged.connect(self._on_value_changed)
        self.show_value(0)

    def set_name(self, name: str) -> None:
        """Set the accessible name and the tooltip."""
        self.setAccessibleName(name)
        self.setToolTip(escape_tooltip(tr("{name}: drag up or down. Double-click to reset.", name=name)))

    def show_value(self, value: int) -> None:
        """Show a value without emitting it."""
        blocked = self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(blocked)
        self.setAccessibleDescription(self._describe(self.value()))

    def _on_value_changed(self, value: int) -> None:
        self.setAccessibleDescription(self._describe(value))
        self.value_entered.emit(value)

    def sizeHint(self) -> QSize:
        return QSize(SIZE, SIZE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, me: QMouseEvent) -> None:
        """Begin a drag."""
        if me.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = (me.globalPosition().y(), self.value())
        else:
            me.ignore()

    def mouseMoveEvent(self, me: QMouseEvent) -> None:
        """Turn the knob by the pixels since the last move, slowly while Shift is held."""
        if self._dragged_from is None:
            return
        y, value = self._dragged_from
        is_fine = me.modifiers() & Qt.KeyboardModifier.ShiftModifier
        value += (y - me.globalPosition().y()) * (FINE_DRAG_FACTOR if is_fine else 1.0)
        value = min(float(self.maximum()), max(float(self.minimum()), value))
        self._dragged_from = (me.globalPosition().y(), value)
        self.setValue(round(value))

    def mouseReleaseEvent(self, me: QMouseEvent) -> None:
        self._dragged_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Reset to 0."""
        self._dragged_from = None
        self.setValue(0)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Turn the knob by `WHEEL_STEP` per notch."""
        self.setValue(self.value() + self._wheel.take(e) * WHEEL_STEP)

    def paintEvent(self, pe: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setBrush(theme.colour(Colour.RAISED))
        ring_colour = Colour.ACCENT if self.hasFocus() else Colour.RAIL
        painter.setPen(QPen(theme.colour(ring_colour), FOCUS_RING_WIDTH))
        painter.drawEllipse(ring)
        painter.translate(QRectF(self.rect()).center())
        painter.rotate(self.value() * DEGREES_PER_UNIT)
        pen = QPen(theme.colour(Colour.TEXT if self.isEnabled() else Colour.FAINT), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        top = 1.0 - SIZE / 2
        painter.drawLine(QPointF(0, top + 1), QPointF(0, top + _POINTER_LENGTH))
