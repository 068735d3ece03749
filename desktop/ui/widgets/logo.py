"""App logo, a braid that separates into four strands, and its banner for the empty window."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.ui.theme.palette import Colour, theme

STRAND_COLOURS = (Colour.VOCALS, Colour.DRUMS, Colour.BASS, Colour.OTHER)
_LOGO_BENDS = ((4.0, 7.0), (9.0, 12.0), (15.0, 17.0), (20.0, 21.0))
_BANNER_BENDS = ((20.0, 30.0), (57.0, 60.0), (93.0, 90.0), (130.0, 120.0))
_BANNER_RECT = QRectF(0, 0, 560, 150)


class Logo(QWidget):
    """Logo beside the app's name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(22, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / 24, self.height() / 24)
        for colour, bend in zip(STRAND_COLOURS, _LOGO_BENDS, strict=True):
            painter.setPen(_create_pen(colour, 2.4))
            painter.drawPath(_logo_strand(*bend))


class LogoBanner(QWidget):
    """Large logo for the empty window: one song on the left, its four stems on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(_BANNER_RECT.size().toSize())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, bend in zip(STRAND_COLOURS, _BANNER_BENDS, strict=True):
            painter.setPen(_create_pen(colour, 5))
            painter.drawPath(_banner_strand(*bend))
        painter.setPen(_create_pen(Colour.TEXT, 9))
        painter.drawLine(QPointF(10, 75), QPointF(70, 75))


def _strand_path(
    start: QPointF, first_curve: tuple[QPointF, QPointF, QPointF], end: tuple[QPointF, QPointF]
) -> QPainterPath:
    path = QPainterPath(start)
    path.cubicTo(*first_curve)
    mirrored = first_curve[2] * 2 - first_curve[1]
    path.cubicTo(mirrored, *end)
    return path


def _logo_strand(crest: float, foot: float) -> QPainterPath:
    first_curve = (QPointF(7, 12), QPointF(8, crest), QPointF(12, crest))
    return _strand_path(QPointF(3, 12), first_curve, (QPointF(17, foot), QPointF(21, foot)))


def _banner_strand(crest: float, foot: float) -> QPainterPath:
    first_curve = (QPointF(160, 75), QPointF(210, crest), QPointF(330, crest))
    return _strand_path(QPointF(10, 75), first_curve, (QPointF(500, foot), QPointF(550, foot)))


def _create_pen(colour: Colour, width: float) -> QPen:
    return QPen(theme.colour(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
