"""Group of the transport bar: a small heading above a row of controls."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.label import ElidedLabel

HEIGHT = 48
_WIDE_MARGIN, _NARROW_MARGIN = 13, 4
_HEADING_SIZE = 11


@accessible_role(QAccessible.Role.Grouping)
class TransportGroup(QWidget):
    """Heading, and the controls that are added to `row`. A line at the left separates it from the group before."""

    def __init__(self, name: str, has_line: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFixedHeight(HEIGHT)
        self._has_line = has_line
        self.heading = ElidedLabel(_HEADING_SIZE, 400, Colour.FAINT)
        self.heading.show_text(name)
        self.heading.setFixedHeight(14)
        self.row = QHBoxLayout()
        self.row.setSpacing(6)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(2)
        self._column.addWidget(self.heading)
        self._column.addLayout(self.row, 1)
        self._column.setContentsMargins(_WIDE_MARGIN, 0, _WIDE_MARGIN, 0)

    def add(self, *controls: QWidget) -> None:
        """Add controls from left to right."""
        for control in controls:
            self.row.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_narrow(self, is_narrow: bool) -> None:
        """Take less width, or all that the controls want."""
        margin = _NARROW_MARGIN if is_narrow else _WIDE_MARGIN
        self._column.setContentsMargins(margin, 0, margin, 0)

    def paintEvent(self, ev: QPaintEvent) -> None:
        if self._has_line:
            QPainter(self).fillRect(0, 0, 1, self.height(), theme.colour(Colour.LINE))
