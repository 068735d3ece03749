"""Segmented control: one of several choices, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.metrics import CONTROL_HEIGHT, FOCUS_RING_WIDTH, RADIUS
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PaintedButton

_INSET = 2
_MIN_SEGMENT_WIDTH = 28
_SEGMENT_RADIUS = 6


@dataclass(frozen=True)
class Segment:
    """A choice: its value, its text, and its name for assistive technology if the text is not enough."""

    value: object
    text: str
    name: str = ""


class ChoiceButton(PaintedButton):
    """One of several choices. Arrow keys choose its neighbours, and Tab reaches only the chosen one."""

    def __init__(self, value: object, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(name, size, parent)
        self.value = value
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Leave Return to the dialog: the choice that has the focus is already chosen."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            e.ignore()
        else:
            super().keyPressEvent(e)


class ChoiceGroup(QWidget):
    """Row of choices, of which exactly one is chosen."""

    value_selected = Signal(object)
    """The value that the user chose."""

    def __init__(self, name: str, buttons: Sequence[ChoiceButton], parent: QWidget | None = None) -> None:
        """Choose the first of `buttons`."""
        super().__init__(parent)
        self.setAccessibleName(name)
        # A label focuses its buddy only if that accepts the focus. The proxy, the chosen button, is the one that gets it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.buttons = tuple(buttons)
        self._row = QHBoxLayout(self)
        for button in self.buttons:
            self._row.addWidget(button)
            button.toggled.connect(partial(self._on_toggled, button))
        self.show_value(self.buttons[0].value)

    @property
    def value(self) -> object:
        """The chosen value."""
        return next(button.value for button in self.buttons if button.isChecked())

    def show_value(self, value: object) -> None:
        """Choose a value without emitting it. Raises StopIteration if it is none of them."""
        chosen = next(button for button in self.buttons if button.value == value)
        blocked = self.blockSignals(True)
        chosen.setChecked(True)
        self.blockSignals(blocked)

    def _on_toggled(self, button: ChoiceButton, is_chosen: bool) -> None:
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_chosen else Qt.FocusPolicy.NoFocus)
        if is_chosen:
            had_focus = self.hasFocus()
            self.setFocusProxy(button)
            if had_focus:
                button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.value_selected.emit(button.value)


class SegmentButton(ChoiceButton):
    """Choice of a segmented control."""

    def __init__(self, segment: Segment, parent: QWidget | None = None) -> None:
        width = QFontMetrics(ui_font(weight=500)).horizontalAdvance(segment.text) + 16
        size = QSize(max(_MIN_SEGMENT_WIDTH, width), CONTROL_HEIGHT - 2 * _INSET)
        super().__init__(segment.value, segment.name or segment.text, size, parent)
        self.setText(segment.text)

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline, is_chosen = QRectF(self.rect()), self.isChecked()
        if is_chosen or self.hasFocus():
            width = FOCUS_RING_WIDTH if self.hasFocus() else 1
            painter.setPen(QPen(theme.colour(Colour.ACCENT if self.hasFocus() else Colour.RAIL), width))
            painter.setBrush(theme.colour(Colour.BACKGROUND))
            inset = width / 2
            painter.drawRoundedRect(outline.adjusted(inset, inset, -inset, -inset), _SEGMENT_RADIUS, _SEGMENT_RADIUS)
        elif self.underMouse() and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Colour.RAISED_HOVER))
            painter.drawRoundedRect(outline, _SEGMENT_RADIUS, _SEGMENT_RADIUS)
        painter.setFont(ui_font(weight=500))
        colour = Colour.FAINT if not self.isEnabled() else Colour.TEXT if is_chosen else Colour.DIM
        painter.setPen(theme.colour(colour))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


@accessible_role(QAccessible.Role.Grouping)
class SegmentedControl(ChoiceGroup):
    """Row of choices as short texts, without gaps."""

    def __init__(self, name: str, segments: Sequence[Segment], parent: QWidget | None = None) -> None:
        """Choose the first of `segments`."""
        super().__init__(name, [SegmentButton(segment) for segment in segments], parent)
        self.setFixedHeight(CONTROL_HEIGHT)
        self._row.setContentsMargins(_INSET, _INSET, _INSET, _INSET)
        self._row.setSpacing(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.RAISED))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
