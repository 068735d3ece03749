"""The pieces of the settings: a switch, a drop-down, the row that explains one of them, and the card round rows."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.dialogs.settings_choices import Choice, index_of
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import BODY_SIZE, SECONDARY_SIZE, ui_font
from desktop.ui.theme.icons import draw_glyph

_SWITCH_SIZE = QSize(36, 20)
_RING_GAP = 4
"""From the switch to the outer edge of its focus ring."""
_CONTROL_WIDTH = 216
_LIST_STYLE = f"""
QAbstractItemView {{ background: {tokens.RAISED}; border: 1px solid {tokens.LINE}; padding: 4px; outline: none; }}
QAbstractItemView::item {{ min-height: 28px; padding: 0 8px; border-radius: 6px; color: {tokens.TEXT}; }}
QAbstractItemView::item:selected {{ background: {tokens.ACCENT}; color: {tokens.ON_ACCENT}; }}
"""
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Switch(QCheckBox):
    """A check box that looks like what takes effect at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(self.sizeHint())
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """The switch with its ring."""
        return _SWITCH_SIZE + QSize(2 * _RING_GAP, 2 * _RING_GAP)

    def hitButton(self, pos: object) -> bool:  # noqa: N802
        """All of it can be clicked."""
        return True

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Return turns it too; nothing else in the dialog waits for that key."""
        if e.key() in _ENTER_KEYS:
            self.click()
        else:
            super().keyPressEvent(e)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the switch: filled, the knob at the right, when it is on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(_RING_GAP, _RING_GAP, _SWITCH_SIZE.width(), _SWITCH_SIZE.height())
        if self.hasFocus():
            _draw_pill(painter, pill.adjusted(-3, -3, 3, 3), tokens.ACCENT, "", tokens.FOCUS_RING_WIDTH)
        is_on = self.isChecked()
        edge = tokens.ACCENT if is_on else tokens.DIM if self.underMouse() else tokens.FAINT
        _draw_pill(
            painter, pill.adjusted(0.75, 0.75, -0.75, -0.75), edge, tokens.ACCENT if is_on else tokens.RAISED, 1.5
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.ON_ACCENT if is_on else tokens.DIM))
        painter.drawEllipse(QRectF(pill.right() - 16 if is_on else pill.left() + 4, pill.top() + 4, 12, 12))


def _draw_pill(painter: QPainter, rect: QRectF, border: str, fill: str, width: float) -> None:
    painter.setPen(QPen(QColor(border), width))
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)


class DropDown(QComboBox):
    """A list that opens, of values with words."""

    value_selected = Signal(object)
    """The value that was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(tokens.CONTROL_HEIGHT)
        self.setMinimumWidth(_CONTROL_WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Without a delegate that the style sheet knows, Fusion writes the chosen line dark on dark.
        self.setItemDelegate(QStyledItemDelegate(self))
        self.view().setStyleSheet(_LIST_STYLE)
        self.currentIndexChanged.connect(self._emit_selected)

    def set_choices(self, choices: Sequence[Choice], value: str | float, default: str | float) -> None:
        """List `choices` and show `value`, without telling anybody."""
        blocked = self.blockSignals(True)
        self.clear()
        for choice in choices:
            self.addItem(choice.text, choice.value)
        self.setCurrentIndex(index_of(value, choices, default))
        self.blockSignals(blocked)

    def _emit_selected(self) -> None:
        self.value_selected.emit(self.currentData())

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Return opens the list, as Space does."""
        if e.key() in _ENTER_KEYS:
            self.showPopup()
        else:
            super().keyPressEvent(e)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Leave the wheel alone: nobody shall change a setting by passing over it."""
        e.ignore()

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the arrow, for which the style sheet has no picture."""
        super().paintEvent(e)
        painter = QPainter(self)
        draw_glyph(painter, "down", QRectF(self.width() - 26, self.height() / 2 - 7, 14, 14), tokens.DIM)


class SettingRow(QWidget):
    """A control, with its name and one line of explanation at the left."""

    def __init__(self, title: str, explanation: str, control: Switch | DropDown) -> None:
        super().__init__()
        name = _create_label(title, BODY_SIZE, 500, tokens.TEXT)
        name.setBuddy(control)
        control.setAccessibleName(title.replace("&", ""))
        self._control = control
        self._explanation = _create_label(explanation, SECONDARY_SIZE, 400, tokens.DIM)
        grid = QGridLayout(self)
        # The switch has the room for its ring within itself.
        grid.setContentsMargins(16, 5, 16 - (_RING_GAP if isinstance(control, Switch) else 0), 5)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(name, 0, 0)
        grid.addWidget(self._explanation, 1, 0)
        grid.addWidget(control, 0, 1, 2, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.set_explanation(explanation)

    def set_explanation(self, text: str) -> None:
        """Explain the control in other words."""
        self._explanation.setText(text)
        self._control.setAccessibleDescription(text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the words turns the switch."""
        if isinstance(self._control, Switch) and self.rect().contains(event.position().toPoint()):
            self._control.click()


def create_card(heading: str, rows: Sequence[SettingRow]) -> QWidget:
    """Rows that belong together, under a heading."""
    frame = QFrame()
    frame.setObjectName("card")
    frame.setAccessibleName(heading)
    frame.setStyleSheet(
        f"#card {{ background: {tokens.PANEL}; border: 1px solid {tokens.LINE}; border-radius: {tokens.RADIUS}px; }}"
    )
    rows_layout = _without_margins(QVBoxLayout(frame), 0)
    for number, row in enumerate(rows):
        if number:
            rows_layout.addWidget(_create_separator())
        rows_layout.addWidget(row)
    section = QWidget()
    column = _without_margins(QVBoxLayout(section), 6)
    column.addWidget(_create_label(heading, SECONDARY_SIZE, 500, tokens.DIM))
    column.addWidget(frame)
    return section


def _create_separator() -> QWidget:
    line = QWidget()
    line.setFixedHeight(1)
    line.setStyleSheet(f"background: {tokens.LINE}; margin: 0 16px;")
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return line


def _without_margins(column: QVBoxLayout, spacing: int) -> QVBoxLayout:
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column


def _create_label(text: str, size: int, weight: int, colour: str) -> QLabel:
    label = QLabel(text)
    label.setFont(ui_font(size, weight))
    label.setStyleSheet(f"color: {colour};")
    label.setWordWrap(True)
    return label
