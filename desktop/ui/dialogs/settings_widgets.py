"""Widgets of the settings dialog: setting row, card, and scroll area."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.theme.fonts import BODY_SIZE, SECONDARY_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.check_box import RING_GAP, Switch
from desktop.ui.widgets.label import TextLabel

_SCROLL_MARGIN = 24
"""Pixels kept in view above and below the focused control."""
Control = TypeVar("Control", bound=QWidget)


class ControlScrollArea(QScrollArea):
    """Scroll area that keeps the focused control in view."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Not by a filter of events: Qt calls it also while the controls are deleted.
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._show_focused)

    def _show_focused(self, _: QWidget | None, focused: QWidget | None) -> None:
        content = self.widget()
        if content is not None and focused is not None and content.isAncestorOf(focused):
            self.ensureWidgetVisible(focused, 0, _SCROLL_MARGIN)


class SettingRow(QWidget, Generic[Control]):
    """Row with a control, and its name and explanation at the left."""

    def __init__(self, title: str, explanation: str, control: Control) -> None:
        super().__init__()
        name_label = _create_label(title, BODY_SIZE, 500, Colour.TEXT)
        name_label.setBuddy(control)
        if not control.accessibleName():
            control.setAccessibleName(title.replace("&", ""))
        self.control = control
        self.separator: QWidget | None = None
        """Line above the row."""
        self.explanation = explanation
        """The explanation that the row was created with."""
        self._explanation_label = _create_label(explanation, SECONDARY_SIZE, 400, Colour.DIM)
        grid = QGridLayout(self)
        # The switch includes the space for its focus ring.
        grid.setContentsMargins(16, 5, 16 - (RING_GAP if isinstance(control, Switch) else 0), 5)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(name_label, 0, 0)
        grid.addWidget(self._explanation_label, 1, 0)
        grid.addWidget(control, 0, 1, 2, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.set_explanation(explanation)

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide the row and the line above it."""
        self.setVisible(is_shown)
        if self.separator is not None:
            self.separator.setVisible(is_shown)
        parent = self.parentWidget()
        while parent is not None:  # otherwise the heights are those of before until the next turn of the event loop
            parent.updateGeometry()
            parent = parent.parentWidget()

    def set_explanation(self, text: str) -> None:
        """Set the explanation below the control's name."""
        self._explanation_label.setText(text)
        self.control.setAccessibleDescription(text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the switch on a click anywhere in the row."""
        if isinstance(self.control, Switch) and self.rect().contains(event.position().toPoint()):
            self.control.click()


def create_card(heading: str, rows: Sequence[SettingRow[Any]]) -> QWidget:
    """Return a card with `heading` above related `rows`."""
    frame = QFrame()
    frame.setObjectName("card")
    frame.setAccessibleName(heading)
    rows_layout = _without_margins(QVBoxLayout(frame), 0)
    for index, row in enumerate(rows):
        if index:
            row.separator = _create_separator()
            rows_layout.addWidget(row.separator)
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
