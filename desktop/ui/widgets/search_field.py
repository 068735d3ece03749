"""Search field: typing filters the table after a short delay; Down or Return moves to the results."""

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolButton, QWidget

from desktop.text.message import tr
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour

_DELAY_MS = 120
_ICON_SIZE, _ICON_LEFT, _TEXT_MARGIN = 16, 10, 22
"""Pixels: the icon's size, its distance from the edge, and the text's left margin."""


class SearchField(QLineEdit):
    """Search text field with a magnifying glass icon."""

    search_requested = Signal(str)
    """The text to search for, emitted when the user pauses typing."""
    focus_results_requested = Signal()
    """Emitted when the focus should move to the results."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name = tr("Search songs, artists, status")
        self.setPlaceholderText(name)
        self.setAccessibleName(name)
        self.setClearButtonEnabled(True)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(tr("Clear the search"))
        self.setTextMargins(_TEXT_MARGIN, 0, 0, 0)
        self.setAcceptDrops(False)
        self.setMinimumWidth(128)
        self.setMaximumWidth(300)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._delay = QTimer(self, interval=_DELAY_MS, singleShot=True)
        self._delay.timeout.connect(self.search_now)
        self.textChanged.connect(self._delay.start)

    def start_search(self) -> None:
        """Take the focus and select the text."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def search_now(self) -> None:
        """Emit the search text at once, without waiting for a pause."""
        self._delay.stop()
        self.search_requested.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Search and move to the results on Down, Return and Enter."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.search_now()
            self.focus_results_requested.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon above the field."""
        super().paintEvent(event)
        rect = QRectF(_ICON_LEFT, (self.height() - _ICON_SIZE) / 2, _ICON_SIZE, _ICON_SIZE)
        draw_glyph(QPainter(self), "search", rect, Colour.DIM, 1.5)
