"""How loud a lane is now."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.accessibility import accessible_role
from desktop.ui.player.levels import height_of
from desktop.ui.theme import tokens
from desktop.ui.theme.bars import RAIL_WIDTH

WIDTH = 6
TALLEST = 34
FALL = 0.05
"""Part of its height that the meter falls at most from one showing to the next."""


@accessible_role(QAccessible.Role.Graphic)
class Meter(QWidget):
    """An upright bar over 60 dB that rises at once and falls slowly.

    For assistive technology it is a picture without a value: a screen reader would talk into the music.
    """

    def __init__(self, name: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._colour = colour
        self._part = 0.0
        self.setFixedWidth(WIDTH)
        self.setMaximumHeight(TALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """As tall as its place allows."""
        return QSize(WIDTH, TALLEST)

    def show_peak(self, peak: float) -> None:
        """Show a linear peak."""
        self._set(max(height_of(peak), self._part - FALL))

    def rest(self) -> None:
        """Show silence."""
        self._set(0.0)

    def _set(self, part: float) -> None:
        if round(part * TALLEST) != round(self._part * TALLEST):
            self.update()
        self._part = part

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Fill the bar from below."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), WIDTH / 2, WIDTH / 2)
        painter.fillRect(QRectF((WIDTH - RAIL_WIDTH) / 2, 0, RAIL_WIDTH, self.height()), QColor(tokens.RAIL))
        painter.setClipPath(shape)
        height = round(self._part * self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(0, self.height() - height, WIDTH, height, QColor(self._colour))
