"""Icons: QtAwesome's fonts in theme colours, the app icon, and glyphs that are drawn as paths."""

from collections.abc import Callable
from functools import cache
from math import cos, pi, sin

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPen, QPixmap, QTransform

from desktop.paths import resources
from desktop.ui.theme.palette import Colour, theme

GRID_SIZE = 16.0
"""Width and height of the grid on which glyphs are drawn."""
_SCALES = (1, 2, 3)
_FILLED_GLYPHS = {"play", "to_start", "stop"}
_TOOTH_OUTLINE = ((-0.28, 5.2), (-0.2, 7.0), (0.2, 7.0), (0.28, 5.2))
"""Corners of a tooth of the gear: angle from the middle of the tooth in radians, and radius on the glyph grid."""


def awesome_icon(name: str, colour: Colour = Colour.TEXT) -> QIcon:
    """Return the QtAwesome icon `name`, for example "mdi6.guitar-electric", sharp at every scale.

    It has the current value of `colour`; QtAwesome keeps its icons, so a paint event may ask each time.
    """
    # Imported at first use: the import takes 0.1 s, and the window's first paint needs none of these icons.
    import qtawesome

    return qtawesome.icon(name, color=theme.palette[colour], color_disabled=theme.palette[Colour.FAINT])


def app_icon() -> QIcon:
    """Return the app icon for title bars and task switchers."""
    icon_set = QIcon()
    for path in sorted((resources() / "icons").glob("unbraid-*.png")):
        icon_set.addFile(str(path))
    return icon_set


def draw_glyph(painter: QPainter, name: str, rect: QRectF, colour: Colour, stroke_width: float = 1.6) -> None:
    """Draw the glyph `name` into the square `rect`.

    `stroke_width` is in units of the glyph grid, which is 16 wide. Raises KeyError if there is no such glyph.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / GRID_SIZE, rect.height() / GRID_SIZE)
    pen = QPen(theme.colour(colour), 2.4 if name == "dots" else stroke_width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if name in _FILLED_GLYPHS:
        painter.setBrush(theme.colour(colour))
    painter.drawPath(_glyph_path(name))
    painter.restore()


def create_glyph_icon(name: str, colour: Colour, stroke_width: float = 1.6) -> QIcon:
    """Return the glyph `name` as a button icon of 16 pixels, for scale factors 1, 2 and 3, in the current value of `colour`.

    A disabled button shows it fainter. Raises KeyError if there is no such glyph.
    """
    _glyph_path(name)  # an error must not be raised while a painter is active
    icon_image = QIcon()
    for mode, mode_colour in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, Colour.FAINT)):
        for scale in _SCALES:
            icon_image.addPixmap(_glyph_pixmap(name, mode_colour, stroke_width, scale), mode)
    return icon_image


def _glyph_pixmap(name: str, colour: Colour, stroke_width: float, scale: int) -> QPixmap:
    side = round(GRID_SIZE) * scale
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_glyph(painter, name, QRectF(0, 0, side, side), colour, stroke_width)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _glyph_path(name: str) -> QPainterPath:
    return _GLYPHS[name]()


def _polylines(*strokes: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for first, *rest in strokes:
        path.moveTo(*first)
        for point in rest:
            path.lineTo(*point)
    return path


def _search() -> QPainterPath:
    path = _polylines(((10.4, 10.4), (14.0, 14.0)))
    path.addEllipse(QRectF(2.2, 2.2, 9.2, 9.2))
    return path


def _alert() -> QPainterPath:
    path = _polylines(((8, 4.8), (8, 8.6)), ((8, 11.1), (8, 11.2)))
    path.addEllipse(QRectF(1.6, 1.6, 12.8, 12.8))
    return path


def _repeat() -> QPainterPath:
    path = _polylines(((13.4, 2.4), (13.4, 5.9), (9.9, 5.9)))
    path.arcMoveTo(QRectF(2.6, 2.6, 10.8, 10.8), 35)
    path.arcTo(QRectF(2.6, 2.6, 10.8, 10.8), 35, 300)
    return path


def _undo() -> QPainterPath:
    path = _polylines(((5.2, 3.0), (2.4, 5.8), (5.2, 8.6)), ((2.4, 5.8), (9.4, 5.8)))
    path.arcTo(QRectF(5.8, 5.8, 7.4, 7.4), 90, -180)
    path.lineTo(6.4, 13.2)
    return path


def _redo() -> QPainterPath:
    return QTransform(-1, 0, 0, 1, GRID_SIZE, 0).map(_undo())


def _speaker() -> QPainterPath:
    path = _polylines(((2.2, 6.2), (4.6, 6.2), (8, 3.2), (8, 12.8), (4.6, 9.8), (2.2, 9.8), (2.2, 6.2)))
    path.arcMoveTo(QRectF(6.2, 4.4, 7.2, 7.2), 45)
    path.arcTo(QRectF(6.2, 4.4, 7.2, 7.2), 45, -90)
    return path


def _dots() -> QPainterPath:
    return _polylines(*(((x, 8.0), (x + 0.1, 8.0)) for x in (3.2, 8.0, 12.8)))


def _gear() -> QPainterPath:
    """Return a gear with eight teeth; `_TOOTH_OUTLINE` has the two base points and two tip points of each."""
    teeth = [(index * pi / 4 + offset, radius) for index in range(8) for offset, radius in _TOOTH_OUTLINE]
    outline = [(8 + radius * sin(angle), 8 - radius * cos(angle)) for angle, radius in teeth]
    path = _polylines((*outline, outline[0]))
    path.addEllipse(QRectF(5.7, 5.7, 4.6, 4.6))
    return path


_GLYPHS: dict[str, Callable[[], QPainterPath]] = {
    "plus": lambda: _polylines(((8, 2.8), (8, 13.2)), ((2.8, 8), (13.2, 8))),
    "cross": lambda: _polylines(((3.8, 3.8), (12.2, 12.2)), ((12.2, 3.8), (3.8, 12.2))),
    "check": lambda: _polylines(((2.8, 8.6), (6.4, 12.2), (13.2, 4.4))),
    "down": lambda: _polylines(((4.4, 6.4), (8, 10), (11.6, 6.4))),
    "folder": lambda: _polylines(((2, 12.8), (2, 3.6), (6.2, 3.6), (7.8, 5.6), (14, 5.6), (14, 12.8), (2, 12.8))),
    "stems": lambda: _polylines(
        ((2, 3.6), (10, 3.6)), ((5.4, 8), (14, 8)), ((2, 12.4), (8, 12.4)), ((11, 12.4), (14, 12.4))
    ),
    "play": lambda: _polylines(((4.6, 3), (12.8, 8), (4.6, 13), (4.6, 3))),
    "pause": lambda: _polylines(((5.4, 3.4), (5.4, 12.6)), ((10.6, 3.4), (10.6, 12.6))),
    "search": _search,
    "undo": _undo,
    "redo": _redo,
    "speaker": _speaker,
    "steps": lambda: _polylines(
        ((2.2, 12.8), (5.6, 12.8), (5.6, 9.6), (9, 9.6), (9, 6.4), (12.4, 6.4), (12.4, 3.2), (14, 3.2))
    ),
    "to_start": lambda: _polylines(((3.2, 3.2), (3.2, 12.8)), ((13.2, 3.2), (6.4, 8), (13.2, 12.8), (13.2, 3.2))),
    "stop": lambda: _polylines(((3.8, 3.8), (12.2, 3.8), (12.2, 12.2), (3.8, 12.2), (3.8, 3.8))),
    "lyrics": lambda: _polylines(
        ((2.4, 3.4), (13.6, 3.4)), ((2.4, 6.6), (10.2, 6.6)), ((2.4, 9.8), (12.4, 9.8)), ((2.4, 13), (8.2, 13))
    ),
    "alert": _alert,
    "repeat": _repeat,
    "dots": _dots,
    "gear": _gear,
}
