"""The player's room when there are no lanes to show: one sentence, readable in place."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font

WIDEST = 640
GAP = 8


class Message(QLabel):
    """A heading and a sentence in the middle of the room, wrapped, never cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = ""
        self._sentence = ""
        self._colour = tokens.TEXT
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

    def say(self, heading: str, sentence: str, bad: bool = False) -> None:
        """Show a heading, in the colour of trouble when it is trouble, and a sentence."""
        self._heading, self._sentence = heading, sentence
        self._colour = tokens.BAD if bad else tokens.TEXT
        self.setAccessibleName(f"{heading.rstrip('.')}. {sentence}")
        self.update()

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Write both, the block centred."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.BACKGROUND))
        width = min(WIDEST, self.width() - 64)
        head, body = ui_font(15, 600), ui_font(13)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        room = QRect(0, 0, width, 10_000)
        tall = QFontMetrics(head).boundingRect(room, flags, self._heading).height()
        below = QFontMetrics(body).boundingRect(room, flags, self._sentence).height()
        left, top = (self.width() - width) // 2, max(8, (self.height() - tall - GAP - below) // 2)
        painter.setFont(head)
        painter.setPen(QColor(self._colour))
        painter.drawText(QRect(left, top, width, tall), flags, self._heading)
        painter.setFont(body)
        painter.setPen(QColor(tokens.DIM))
        painter.drawText(QRect(left, top + tall + GAP, width, below), flags, self._sentence)
