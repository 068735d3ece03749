"""How much of something is done, as a thin bar."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.ui.theme import tokens

_STEPS = 1000
_HEIGHT = 4


class ThinBar(QProgressBar):
    """A bar without words."""

    def __init__(self, name: str, width: int, parent: QWidget | None = None) -> None:
        """`name` is for screen readers; `width` in pixels."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextVisible(False)
        self.setRange(0, _STEPS)
        self.setFixedSize(width, _HEIGHT)

    def show_progress(self, progress: float) -> None:
        """Fill the bar, 0 to 1."""
        self.setValue(round(progress * _STEPS))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the track and the part that is done."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, part in ((tokens.LINE, 1.0), (tokens.ACCENT, self.value() / _STEPS)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(0, 0, round(self.width() * part), self.height(), 2, 2)
