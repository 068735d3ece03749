"""The shell's few signs, drawn as strokes on a square of 16: they cost nothing at the start of the window."""

from collections.abc import Callable
from functools import cache
from math import cos, pi, sin

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

GRID = 16.0
_SCALES = (1, 2, 3)


def _lines(*strokes: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for first, *rest in strokes:
        path.moveTo(*first)
        for point in rest:
            path.lineTo(*point)
    return path


def _search() -> QPainterPath:
    path = _lines(((10.4, 10.4), (14.0, 14.0)))
    path.addEllipse(QRectF(2.2, 2.2, 9.2, 9.2))
    return path


def _note() -> QPainterPath:
    path = _lines(((8, 4.8), (8, 8.6)), ((8, 11.1), (8, 11.2)))
    path.addEllipse(QRectF(1.6, 1.6, 12.8, 12.8))
    return path


def _retry() -> QPainterPath:
    path = _lines(((13.4, 2.4), (13.4, 5.9), (9.9, 5.9)))
    path.arcMoveTo(QRectF(2.6, 2.6, 10.8, 10.8), 35)
    path.arcTo(QRectF(2.6, 2.6, 10.8, 10.8), 35, 300)
    return path


def _dots() -> QPainterPath:
    return _lines(*(((x, 8.0), (x + 0.1, 8.0)) for x in (3.2, 8.0, 12.8)))


def _gear() -> QPainterPath:
    """A wheel with eight teeth: of each, the two feet and the two corners of its head."""
    teeth = [(tooth * pi / 4 + turn, radius) for tooth in range(8) for turn, radius in _TOOTH]
    outline = [(8 + radius * sin(angle), 8 - radius * cos(angle)) for angle, radius in teeth]
    path = _lines((*outline, outline[0]))
    path.addEllipse(QRectF(5.7, 5.7, 4.6, 4.6))
    return path


_TOOTH = ((-0.28, 5.2), (-0.2, 7.0), (0.2, 7.0), (0.28, 5.2))
"""Angles from the middle of a tooth, and radii."""
_DRAWN: dict[str, Callable[[], QPainterPath]] = {
    "plus": lambda: _lines(((8, 2.8), (8, 13.2)), ((2.8, 8), (13.2, 8))),
    "cross": lambda: _lines(((3.8, 3.8), (12.2, 12.2)), ((12.2, 3.8), (3.8, 12.2))),
    "check": lambda: _lines(((2.8, 8.6), (6.4, 12.2), (13.2, 4.4))),
    "down": lambda: _lines(((4.4, 6.4), (8, 10), (11.6, 6.4))),
    "folder": lambda: _lines(((2, 12.8), (2, 3.6), (6.2, 3.6), (7.8, 5.6), (14, 5.6), (14, 12.8), (2, 12.8))),
    "play": lambda: _lines(((4.6, 3), (12.8, 8), (4.6, 13), (4.6, 3))),
    "pause": lambda: _lines(((5.4, 3.4), (5.4, 12.6)), ((10.6, 3.4), (10.6, 12.6))),
    "search": _search,
    "note": _note,
    "retry": _retry,
    "dots": _dots,
    "gear": _gear,
}
_FILLED = {"play"}


@cache
def _path(name: str) -> QPainterPath:
    return _DRAWN[name]()


def draw_glyph(painter: QPainter, name: str, room: QRectF, colour: QColor | str, weight: float = 1.6) -> None:
    """Draw the sign `name` into `room`, which is square; `weight` is the stroke's width on the grid of 16."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(room.topLeft())
    painter.scale(room.width() / GRID, room.height() / GRID)
    pen = QPen(QColor(colour), 2.4 if name == "dots" else weight)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if name in _FILLED:
        painter.setBrush(QColor(colour))
    painter.drawPath(_path(name))
    painter.restore()


def glyph_icon(name: str, colour: str, weight: float = 1.6) -> QIcon:
    """The sign `name` for a button."""
    made = QIcon()
    for scale in _SCALES:
        side = round(GRID) * scale
        picture = QPixmap(QSize(side, side))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        draw_glyph(painter, name, QRectF(0, 0, side, side), colour, weight)
        painter.end()
        picture.setDevicePixelRatio(scale)
        made.addPixmap(picture)
    return made
