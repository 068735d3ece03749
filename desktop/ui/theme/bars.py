"""How much there is of something: a thin rail from end to end, and a thick bar over a part of it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from desktop.ui.theme import tokens

RAIL_WIDTH = 2.0


def draw_bar(painter: QPainter, room: QRectF, part: float, colour: QColor | str) -> None:
    """Draw a horizontal bar over `part` of `room`, 0 to 1, on its rail.

    The two differ in thickness: no two colours have contrast to each other and both of them to the ground.
    """
    rail = QRectF(room.left(), room.center().y() - RAIL_WIDTH / 2, room.width(), RAIL_WIDTH)
    bar = QRectF(room.left(), room.top(), room.width() * min(1.0, max(0.0, part)), room.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for place, filled_with in ((rail, tokens.RAIL), (bar, colour)):
        painter.setBrush(QColor(filled_with))
        painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
    painter.restore()
