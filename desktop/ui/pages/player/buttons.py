"""Buttons of the transport bar: play, return to start, and stop."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.text.message import tr
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PaintedButton


class PlayButton(PaintedButton):
    """Round play button: a triangle, or two bars during playback."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Play"), QSize(40, 40), parent)
        self._is_playing = False
        self.show_playing(False)

    def show_playing(self, is_playing: bool) -> None:
        """Show what the next click does: pause or play."""
        self._is_playing = is_playing
        self.setAccessibleName(tr("Pause") if is_playing else tr("Play"))
        self.setToolTip(ACTIONS[ActionId.PLAY_OR_PAUSE].tooltip(self.accessibleName()))
        self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(Colour.TEXT if self.isEnabled() else Colour.RAISED), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.BACKGROUND if self.isEnabled() else Colour.FAINT))
        if self._is_playing:
            for left in (13.5, 22.5):
                painter.drawRoundedRect(QRectF(left, 13, 4.5, 14), 1, 1)
        else:
            painter.drawPolygon(QPolygonF([QPointF(15, 12), QPointF(29, 20), QPointF(15, 28)]))


class IconButton(PaintedButton):
    """Small square button with a painted icon: return to start, or stop."""

    def __init__(self, icon_name: str, name: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(32, 32), parent)
        self._icon_name = icon_name
        self.setToolTip(tooltip)

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(Colour.RAISED), 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.TEXT if self.isEnabled() else Colour.FAINT))
        if self._icon_name == "start":
            painter.drawRoundedRect(QRectF(10, 10.5, 2.5, 11), 1, 1)
            painter.drawPolygon(QPolygonF([QPointF(22, 10.5), QPointF(13.5, 16), QPointF(22, 21.5)]))
        else:
            painter.drawRoundedRect(QRectF(11, 11, 10, 10), 1.5, 1.5)
