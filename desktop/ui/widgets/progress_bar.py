"""Drawing of a progress bar: a thin rail at full width, and a thick bar over a fraction of it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

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
