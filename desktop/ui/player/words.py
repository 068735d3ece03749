"""A line of text and a chip that keep their own type and colour, and cut what has no room with "…"."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from desktop.ui.plain import tip
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font

CHIP_HEIGHT = 22
CHIP_PADDING = 10
NOTE_WIDTH = 200


class Line(QLabel):
    """One line of text: elided, never wrapped, the whole of it in the tooltip when it was cut."""

    def __init__(
        self, size: int = 13, weight: int = 400, colour: str = tokens.TEXT, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._font = ui_font(size, weight)
        self._colour = colour
        self._align = Qt.AlignmentFlag.AlignLeft
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def to_the_right(self) -> "Line":
        """Write up to the right edge."""
        self._align = Qt.AlignmentFlag.AlignRight
        return self

    def say(self, text: str, hint: str = "") -> None:
        """Show `text`; `hint` is the tooltip when nothing is cut, and the description for assistive technology."""
        self.setToolTip(tip(hint))
        self.setAccessibleDescription(hint)
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def paint_in(self, colour: str) -> None:
        """Take another colour."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def sizeHint(self) -> QSize:
        """All of the text."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self.text()) + 2, max(16, metrics.height()))

    def minimumSizeHint(self) -> QSize:
        """Room for the first letters."""
        return QSize(min(self.sizeHint().width(), 36), self.sizeHint().height())

    def event(self, ev: QEvent) -> bool:
        """Show the whole text as the tooltip when it does not fit.

        It is not the widget's own tooltip, which Qt gives as the description: the text would be spoken twice.
        """
        if ev.type() is QEvent.Type.ToolTip and isinstance(ev, QHelpEvent) and self.is_cut:
            QToolTip.showText(ev.globalPos(), tip(self.text()), self)
            return True
        return super().event(ev)

    @property
    def is_cut(self) -> bool:
        """True when the text does not fit."""
        return self.sizeHint().width() > self.width() + 2

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Write the text on one line."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(QColor(self._colour))
        cut = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self._align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)


class Chip(Line):
    """A line of text on a round ground."""

    def __init__(self, colour: str = tokens.DIM, parent: QWidget | None = None) -> None:
        super().__init__(12, 400, colour, parent)

    def sizeHint(self) -> QSize:
        """The text with its ground."""
        return QSize(super().sizeHint().width() + 2 * CHIP_PADDING, CHIP_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """A chip is read whole: the lines beside it shrink first."""
        return self.sizeHint()

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw the ground, then the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.RAISED))
        painter.drawRoundedRect(QRectF(self.rect()), CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
        painter.setFont(self._font)
        painter.setPen(QColor(self._colour))
        room = self.rect().adjusted(CHIP_PADDING, 0, -CHIP_PADDING + 2, 0)
        cut = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)


class Note(Line):
    """Up to two lines of small text, for a sentence in a row that is 48 pixels high."""

    def sizeHint(self) -> QSize:
        """Two lines high."""
        return QSize(super().sizeHint().width(), 2 * QFontMetrics(self._font).lineSpacing())

    def minimumSizeHint(self) -> QSize:
        """It takes the room that is left, and some in any case when there is something to say."""
        return QSize(NOTE_WIDTH if self.text() else 0, self.sizeHint().height())

    def lines(self, width: int) -> list[str]:
        """Return the text on one line, or on two with the second one cut."""
        metrics = QFontMetrics(self._font)
        if metrics.horizontalAdvance(self.text()) <= width:
            return [self.text()]
        words = self.text().split(" ")
        fits = [n for n in range(1, len(words)) if metrics.horizontalAdvance(" ".join(words[:n])) <= width]
        split = fits[-1] if fits else 1
        first, rest = (" ".join(part) for part in (words[:split], words[split:]))
        return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in (first, rest) if line]

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Write the lines, centred in the height."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(QColor(self._colour))
        text = "\n".join(self.lines(self.width()))
        painter.drawText(self.rect(), self._align | Qt.AlignmentFlag.AlignVCenter, text)
