"""Painted buttons of the player: mute and solo, play, and small icon buttons."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.text_escaping import show_name_tooltip

FOCUS_RING_WIDTH = 2


class PaintedButton(QAbstractButton):
    """Button that paints itself and its focus ring; Space and Return press it."""

    def __init__(self, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setAccessibleName(name)
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return self._size

    def event(self, e: QEvent) -> bool:
        """Show the accessible name as a tooltip if the button has no other tooltip."""
        return show_name_tooltip(self, e) or super().event(e)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Click the button on Return or Enter."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(e)

    def paint_background(self, painter: QPainter, colour: QColor, radius: float) -> None:
        """Fill the button with `colour`; add a highlight and a border while hovered, and the focus ring."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_hovered = self.underMouse() and self.isEnabled()
        painter.setBrush(colour.lighter(85 if self.isDown() else 118) if is_hovered else colour)
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self.hasFocus() or is_hovered:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Colour.ACCENT if self.hasFocus() else Colour.RAIL), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius - 1, radius - 1)


class LetterButton(PaintedButton):
    """Checkable button with a letter, M or S, filled with its colour while checked."""

    def __init__(
        self, letter: str, name: str, colour: Colour, text_colour: Colour, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, QSize(28, 26), parent)
        self.setText(letter)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self._colour, self._text_colour = colour, text_colour

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(self._colour if self.isChecked() else Colour.RAISED), 7)
        painter.setFont(ui_font(12, 600))
        painter.setPen(theme.colour(self._text_colour if self.isChecked() else Colour.DIM))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class PlayButton(PaintedButton):
    """Round play button: a triangle, or two bars during playback."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Play", QSize(40, 40), parent)
        self._is_playing = False
        self.show_playing(False)

    def show_playing(self, is_playing: bool) -> None:
        """Show what the next click does: pause or play."""
        self._is_playing = is_playing
        self.setAccessibleName("Pause" if is_playing else "Play")
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
