"""How much there is of something: a thin rail from end to end, and a thick bar over a part of it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from desktop.ui.theme import tokens

RAIL_WIDTH = 2.0


def draw_progress_bar(painter: QPainter, rect: QRectF, fraction: float, colour: QColor | str) -> None:
    """Draw a horizontal bar over `part` of `room`, 0 to 1, on its rail.

    The two differ in thickness: no two colours have contrast to each other and both of them to the ground.
    """
    rail = QRectF(rect.left(), rect.center().y() - RAIL_WIDTH / 2, rect.width(), RAIL_WIDTH)
    bar = QRectF(rect.left(), rect.top(), rect.width() * min(1.0, max(0.0, fraction)), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for bar_rect, fill_colour in ((rail, tokens.RAIL), (bar, colour)):
        painter.setBrush(QColor(fill_colour))
        painter.drawRoundedRect(bar_rect, bar_rect.height() / 2, bar_rect.height() / 2)
    painter.restore()
