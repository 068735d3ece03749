"""The player's buttons: mute and solo, play, and the small ones beside it."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.ui.plain import show_name_as_tip
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font

RING = 2


class Button(QAbstractButton):
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
        return show_name_as_tip(self, e) or super().event(e)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Return and Enter press it."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(e)

    def ground(self, painter: QPainter, colour: QColor, radius: float) -> None:
        """Fill the button, lighter and with an edge under the pointer, with the ring of focus."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        hovered = self.underMouse() and self.isEnabled()
        painter.setBrush(colour.lighter(85 if self.isDown() else 118) if hovered else colour)
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self.hasFocus() or hovered:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.ACCENT if self.hasFocus() else tokens.RAIL), RING))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius - 1, radius - 1)


class LetterButton(Button):
    """M or S: a letter that lights up in its colour while it is on."""

    def __init__(self, letter: str, name: str, colour: str, ink: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(28, 26), parent)
        self.setText(letter)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self._colour, self._ink = colour, ink

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the letter on its ground."""
        painter = QPainter(self)
        self.ground(painter, QColor(self._colour if self.isChecked() else tokens.RAISED), 7)
        painter.setFont(ui_font(12, 600))
        painter.setPen(QColor(self._ink if self.isChecked() else tokens.DIM))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class PlayButton(Button):
    """The round button of the transport: a triangle, or two bars while playing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Play", QSize(40, 40), parent)
        self._playing = False
        self.show_playing(False)

    def show_playing(self, playing: bool) -> None:
        """Show what pressing it does next."""
        self._playing = playing
        self.setAccessibleName("Pause" if playing else "Play")
        self.setToolTip("Pause (Space)" if playing else "Play (Space)")
        self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the sign on its disc."""
        painter = QPainter(self)
        self.ground(painter, QColor(tokens.TEXT if self.isEnabled() else tokens.RAISED), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.BACKGROUND if self.isEnabled() else tokens.FAINT))
        if self._playing:
            for left in (13.5, 22.5):
                painter.drawRoundedRect(QRectF(left, 13, 4.5, 14), 1, 1)
        else:
            painter.drawPolygon(QPolygonF([QPointF(15, 12), QPointF(29, 20), QPointF(15, 28)]))


class SignButton(Button):
    """A small square button with a drawn sign: to the start, or stop."""

    def __init__(self, sign: str, name: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(32, 32), parent)
        self._sign = sign
        self.setToolTip(hint)

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the sign."""
        painter = QPainter(self)
        self.ground(painter, QColor(tokens.RAISED), 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.TEXT if self.isEnabled() else tokens.FAINT))
        if self._sign == "start":
            painter.drawRoundedRect(QRectF(10, 10.5, 2.5, 11), 1, 1)
            painter.drawPolygon(QPolygonF([QPointF(22, 10.5), QPointF(13.5, 16), QPointF(22, 21.5)]))
        else:
            painter.drawRoundedRect(QRectF(11, 11, 10, 10), 1.5, 1.5)
