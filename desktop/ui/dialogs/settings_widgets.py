"""Widgets of the settings dialog: switch, drop-down, setting row, and card."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.dialogs.settings_choices import Choice, index_of
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import BODY_SIZE, SECONDARY_SIZE
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.label import TextLabel

_SWITCH_SIZE = QSize(36, 20)
_RING_GAP = 4
"""Pixels from the switch to the outer edge of its focus ring."""
_CONTROL_WIDTH = 216
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Switch(QCheckBox):
    """Check box drawn as a switch: it takes effect at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(self.sizeHint())
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return the size of the switch with its focus ring."""
        return _SWITCH_SIZE + QSize(2 * _RING_GAP, 2 * _RING_GAP)

    def hitButton(self, pos: object) -> bool:  # noqa: N802
        """Return True: every point of the switch is clickable."""
        return True

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Toggle the switch on Return; no other control of the dialog handles that key."""
        if e.key() in _ENTER_KEYS:
            self.click()
        else:
            super().keyPressEvent(e)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(_RING_GAP, _RING_GAP, _SWITCH_SIZE.width(), _SWITCH_SIZE.height())
        if self.hasFocus():
            _draw_pill(painter, pill.adjusted(-3, -3, 3, 3), Colour.ACCENT, None, metrics.FOCUS_RING_WIDTH)
        is_on = self.isChecked()
        edge = Colour.ACCENT if is_on else Colour.DIM if self.underMouse() else Colour.FAINT
        _draw_pill(
            painter, pill.adjusted(0.75, 0.75, -0.75, -0.75), edge, Colour.ACCENT if is_on else Colour.RAISED, 1.5
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.ON_ACCENT if is_on else Colour.DIM))
        painter.drawEllipse(QRectF(pill.right() - 16 if is_on else pill.left() + 4, pill.top() + 4, 12, 12))


class DropDown(QComboBox):
    """Drop-down list of setting choices."""

    value_selected = Signal(object)
    """The selected value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(metrics.CONTROL_HEIGHT)
        self.setMinimumWidth(_CONTROL_WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Without a delegate that the style sheet supports, Fusion draws the selected line dark on dark.
        self.setItemDelegate(QStyledItemDelegate(self))
        self.currentIndexChanged.connect(self._emit_selected)

    def set_choices(self, choices: Sequence[Choice], value: str | float, default: str | float) -> None:
        """Replace the choices and select `value`, or `default` if it is not a choice, without emitting signals."""
        blocked = self.blockSignals(True)
        self.clear()
        for choice in choices:
            self.addItem(choice.text, choice.value)
        self.setCurrentIndex(index_of(value, choices, default))
        self.blockSignals(blocked)

    def _emit_selected(self) -> None:
        self.value_selected.emit(self.currentData())

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Open the list on Return, as on Space."""
        if e.key() in _ENTER_KEYS:
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


class SettingRow(QWidget):
    """Row with a control, and its name and explanation at the left."""

    def __init__(self, title: str, explanation: str, control: Switch | DropDown) -> None:
        super().__init__()
        name_label = _create_label(title, BODY_SIZE, 500, Colour.TEXT)
        name_label.setBuddy(control)
        control.setAccessibleName(title.replace("&", ""))
        self._control = control
        self._explanation = _create_label(explanation, SECONDARY_SIZE, 400, Colour.DIM)
        grid = QGridLayout(self)
        # The switch includes the space for its focus ring.
        grid.setContentsMargins(16, 5, 16 - (_RING_GAP if isinstance(control, Switch) else 0), 5)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(name_label, 0, 0)
        grid.addWidget(self._explanation, 1, 0)
        grid.addWidget(control, 0, 1, 2, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.set_explanation(explanation)

    def set_explanation(self, text: str) -> None:
        """Set the explanation below the control's name."""
        self._explanation.setText(text)
        self._control.setAccessibleDescription(text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the switch on a click anywhere in the row."""
        if isinstance(self._control, Switch) and self.rect().contains(event.position().toPoint()):
            self._control.click()


def create_card(heading: str, rows: Sequence[SettingRow]) -> QWidget:
    """Return a card with `heading` above related `rows`."""
    frame = QFrame()
    frame.setObjectName("card")
    frame.setAccessibleName(heading)
    rows_layout = _without_margins(QVBoxLayout(frame), 0)
    for index, row in enumerate(rows):
        if index:
            rows_layout.addWidget(_create_separator())
        rows_layout.addWidget(row)
    section = QWidget()
    column = _without_margins(QVBoxLayout(section), 6)
    column.addWidget(_create_label(heading, SECONDARY_SIZE, 500, Colour.DIM))
    column.addWidget(frame)
    return section


def _create_separator() -> QWidget:
    line = QWidget()
    line.setFixedHeight(1)
    line.setObjectName("separator")
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return line


def _without_margins(column: QVBoxLayout, spacing: int) -> QVBoxLayout:
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column


def _create_label(text: str, size: int, weight: int, colour: Colour) -> TextLabel:
    label = TextLabel(text, size, weight, colour)
    label.setWordWrap(True)
    return label


def _draw_pill(painter: QPainter, rect: QRectF, border: Colour, fill: Colour | None, width: float) -> None:
    painter.setPen(QPen(theme.colour(border), width))
    painter.setBrush(theme.colour(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
