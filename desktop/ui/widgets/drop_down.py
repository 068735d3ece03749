"""Drop-down list of values with labels."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QWidget

from desktop.text.message import Message
from desktop.ui.theme import metrics
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour

_MIN_WIDTH = 216


class LabelledValue(Protocol):
    """A value that can be chosen, and its label."""

    @property
    def value(self) -> str | float:
        """The value."""
        ...

    @property
    def text(self) -> Message:
        """The label."""
        ...


class DropDown(QComboBox):
    """Drop-down list that opens on Return and ignores the wheel."""

    value_selected = Signal(object)
    """The selected value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(metrics.CONTROL_HEIGHT)
        self.setMinimumWidth(_MIN_WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Without a delegate that the style sheet supports, Fusion draws the selected line dark on dark.
        self.setItemDelegate(QStyledItemDelegate(self))
        self.currentIndexChanged.connect(self._emit_selected)

    @property
    def value(self) -> str | float:
        """The selected value."""
        return self.currentData()

    def set_choices(self, choices: Sequence[LabelledValue], value: str | float, default: str | float) -> None:
        """Replace the choices and select `value`, or `default` if it is not a choice, without emitting signals."""
        blocked = self.blockSignals(True)
        items = [(str(choice.text), choice.value) for choice in choices]
        if items != [(self.itemText(row), self.itemData(row)) for row in range(self.count())]:
            self.clear()
            for text, data in items:
                self.addItem(text, data)
        values = [choice.value for choice in choices]
        self.setCurrentIndex(values.index(value if value in values else default))
        self.blockSignals(blocked)

    def _emit_selected(self) -> None:
        self.value_selected.emit(self.currentData())

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Open the list on Return, as on Space."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.showPopup()
        else:
            super().keyPressEvent(e)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Ignore the wheel: scrolling over the control must not change a setting."""
        e.ignore()

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the control and its arrow; the style sheet has no image for the arrow."""
        super().paintEvent(e)
        painter = QPainter(self)
        draw_glyph(painter, "down", QRectF(self.width() - 26, self.height() / 2 - 7, 14, 14), Colour.DIM)
