"""Progress bar: a thin rail at full width, and a thick bar over a fraction of it; as a widget, and for other painters."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from desktop.ui.theme.palette import Colour, theme

RAIL_WIDTH = 2.0


def draw_progress_bar(painter: QPainter, rect: QRectF, fraction: float, colour: Colour) -> None:
    """Draw a horizontal bar over `fraction` (0 to 1) of `rect`, on its rail.

    Rail and bar differ in thickness, because no two colours contrast with each other and both with the background.
    """
    rail = QRectF(rect.left(), rect.center().y() - RAIL_WIDTH / 2, rect.width(), RAIL_WIDTH)
    bar = QRectF(rect.left(), rect.top(), rect.width() * min(1.0, max(0.0, fraction)), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for bar_rect, fill_colour in ((rail, Colour.RAIL), (bar, colour)):
        painter.setBrush(theme.colour(fill_colour))
        painter.drawRoundedRect(bar_rect, bar_rect.height() / 2, bar_rect.height() / 2)
    painter.restore()


class ProgressBar(QProgressBar):
    """Progress bar without text."""

    def __init__(self, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self.setRange(0, 100)
        self.setAccessibleName(accessible_name)
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float) -> None:
        """Set the progress, 0 to 1.

        The bar is drawn in steps of half a pixel; assistive technology reads whole percents.
        """
        previous, self._fraction = self._fraction, min(1.0, max(0.0, fraction))
        if round(previous * self.width() * 2) != round(self._fraction * self.width() * 2):
            self.update()
        percent = int(self._fraction * 100)
        if percent != self.value():
            # QProgressBar repaints at once, and with it everything in the window that waits to be painted.
            self.setUpdatesEnabled(False)
            self.setValue(percent)
            self.setUpdatesEnabled(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_progress_bar(QPainter(self), QRectF(self.rect()), self._fraction, Colour.ACCENT)
