"""Parts of lane headers: panel, badge of a stem, lower edge that can be dragged, and button of the menu."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.theme import metrics
from desktop.ui.theme.icons import awesome_icon, draw_glyph
from desktop.ui.theme.palette import BADGE_OPACITY, Colour, theme
from desktop.ui.widgets.button import PaintedButton

HEADER_WIDTH = 272
TWO_ROW_HEIGHT = 60
"""Height of a lane in logical pixels below which its controls stand in one row."""


class StemBadge(QWidget):
    """Icon of a stem on a background tinted in its colour."""

    def __init__(self, icon_name: str, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._colour = colour
        self.setFixedSize(22, 22)

    def set_colour(self, colour: Colour) -> None:
        """Set the colour of icon and background."""
        self._colour = colour
        self.update()

    def set_icon(self, icon_name: str) -> None:
        """Set the icon by its name in QtAwesome."""
        self._icon_name = icon_name
        self.update()

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = theme.colour(self._colour)
        background.setAlphaF(BADGE_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(background)
        painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        awesome_icon(self._icon_name, self._colour).paint(painter, self.rect().adjusted(4, 4, -4, -4))


class LaneHeaderBase(QWidget):
    """Panel of a lane header, with the lane's colour at its left edge."""

    def __init__(self, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self._is_selected = False
        self.setFixedWidth(HEADER_WIDTH)

    def set_colour(self, colour: Colour) -> None:
        """Set the colour of the edge."""
        self._colour = colour
        self.update()

    def set_selected(self, is_selected: bool) -> None:
        """Show whether the lane is selected."""
        if is_selected != self._is_selected:
            self._is_selected = is_selected
            self.update()

    def set_compact(self, is_compact: bool) -> None:
        """Put the controls into one row, or into two. Does nothing in a header that has one layout for all heights."""

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.SELECTED if self._is_selected else Colour.PANEL))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour(Colour.LINE))
        painter.fillRect(0, 0, metrics.EDGE_WIDTH, self.height() - 1, theme.colour(self._colour))


class HeightHandle(QWidget):
    """Lower edge of a lane header: a drag changes the height of the lane, a double click makes it automatic.

    The menu of the lane does the same by keys.
    """

    height_dragged = Signal(int)
    """Height of the header in logical pixels that the pointer asks for; 0 for an automatic one."""

    def __init__(self, header: QWidget) -> None:
        super().__init__(header)
        self._header = header
        self._grab_offset = 0
        self.setCursor(Qt.CursorShape.SizeVerCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grab_offset = self._header.height() - self._y_in_header(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.height_dragged.emit(max(1, self._y_in_header(event) + self._grab_offset))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.height_dragged.emit(0)

    def _y_in_header(self, event: QMouseEvent) -> int:
        return self._header.mapFromGlobal(event.globalPosition().toPoint()).y()


class MenuButton(PaintedButton):
    """Button for the menu of a lane; it is drawn while the pointer or the focus is in its header."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", QSize(24, 24), parent)
        self._is_drawn = False
        self.setToolTip(ACTIONS[ActionId.SHOW_MENU].tooltip())

    def set_drawn(self, is_drawn: bool) -> None:
        """Draw the button, or nothing; a press works in both cases."""
        if is_drawn != self._is_drawn:
            self._is_drawn = is_drawn
            self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        if self._is_drawn or self.hasFocus():
            painter = QPainter(self)
            self.paint_background(painter, theme.colour(Colour.PANEL), 7)
            draw_glyph(painter, "dots", QRectF(self.rect()).adjusted(5, 5, -5, -5), Colour.DIM)
