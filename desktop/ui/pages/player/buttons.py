"""The player's buttons: mute and solo, play, and the small ones beside it."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.widgets.text_escaping import show_name_tooltip

FOCUS_RING_WIDTH = 2


class PaintedButton(QAbstractButton):
    """A button that draws itself and its focus ring. Space and Return press it."""

    def __init__(self, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setAccessibleName(name)
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """Its fixed size."""
        return self._size

    def event(self, e: QEvent) -> bool:
        """Show the name, where no tooltip says more."""
        return show_name_tooltip(self, e) or super().event(e)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Return and Enter press it."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(e)

    def paint_background(self, painter: QPainter, colour: QColor, radius: float) -> None:
        """Fill the button, lighter and with an edge under the pointer, with the ring of focus."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_hovered = self.underMouse() and self.isEnabled()
        painter.setBrush(colour.lighter(85 if self.isDown() else 118) if is_hovered else colour)
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self.hasFocus() or is_hovered:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.ACCENT if self.hasFocus() else tokens.RAIL), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius - 1, radius - 1)


class LetterButton(PaintedButton):
    """M or S: a letter that lights up in its colour while it is on."""

    def __init__(self, letter: str, name: str, colour: str, text_colour: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(28, 26), parent)
        self.setText(letter)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self._colour, self._text_colour = colour, text_colour

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the letter on its ground."""
        painter = QPainter(self)
        self.paint_background(painter, QColor(self._colour if self.isChecked() else tokens.RAISED), 7)
        painter.setFont(ui_font(12, 600))
        painter.setPen(QColor(self._text_colour if self.isChecked() else tokens.DIM))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class PlayButton(PaintedButton):
    """The round button of the transport: a triangle, or two bars while playing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Play", QSize(40, 40), parent)
        self._is_playing = False
        self.show_playing(False)

    def show_playing(self, is_playing: bool) -> None:
        """Show what pressing it does next."""
        self._is_playing = is_playing
        self.setAccessibleName("Pause" if is_playing else "Play")
        self.setToolTip("Pause (Space)" if is_playing else "Play (Space)")
        self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the sign on its disc."""
        painter = QPainter(self)
        self.paint_background(painter, QColor(tokens.TEXT if self.isEnabled() else tokens.RAISED), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.BACKGROUND if self.isEnabled() else tokens.FAINT))
        if self._is_playing:
            for left in (13.5, 22.5):
                painter.drawRoundedRect(QRectF(left, 13, 4.5, 14), 1, 1)
        else:
            painter.drawPolygon(QPolygonF([QPointF(15, 12), QPointF(29, 20), QPointF(15, 28)]))


class IconButton(PaintedButton):
    """A small square button with a drawn sign: to the start, or stop."""

    def __init__(self, icon_name: str, name: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(32, 32), parent)
        self._icon_name = icon_name
        self.setToolTip(tooltip)

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the sign."""
        painter = QPainter(self)
        self.paint_background(painter, QColor(tokens.RAISED), 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.TEXT if self.isEnabled() else tokens.FAINT))
        if self._icon_name == "start":
            painter.drawRoundedRect(QRectF(10, 10.5, 2.5, 11), 1, 1)
            painter.drawPolygon(QPolygonF([QPointF(22, 10.5), QPointF(13.5, 16), QPointF(22, 21.5)]))
        else:
            painter.drawRoundedRect(QRectF(11, 11, 10, 10), 1.5, 1.5)
