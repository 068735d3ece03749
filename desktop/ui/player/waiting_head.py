"""The head of the one lane that a song has before its stems exist."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.player.lane import HEAD_WIDTH, OTHER_SIGN, Badge, HeadGround
from desktop.ui.player.words import Line
from desktop.ui.theme import tokens


class ProgressLine(QWidget):
    """How much is done, 4 pixels high."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = 0.0
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Progress")

    def show_part(self, part: float) -> None:
        """Show a part, 0 to 1."""
        if part != self._part:
            self._part = min(1.0, max(0.0, part))
            self.setAccessibleDescription(f"{int(self._part * 100)} %")
            self.update()

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw the groove and the part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.LINE))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        if self._part > 0:
            painter.setBrush(QColor(tokens.ACCENT))
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * self._part), 4), 2, 2)


class WaitingHead(HeadGround):
    """The song as a whole: what is being done to it, and how far that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tokens.ACCENT, parent)
        self.setAccessibleName("The song before it is separated")
        name = Line(13, 600)
        name.say("Song")
        self._words = Line(12, 400, tokens.DIM)
        self._left = Line(12, 400, tokens.DIM)
        self._line = ProgressLine()
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(Badge(OTHER_SIGN, tokens.ACCENT))
        top.addWidget(name, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(19, 10, 16, 12)
        rows.setSpacing(8)
        rows.addLayout(top)
        rows.addWidget(self._words)
        rows.addWidget(self._line)
        rows.addWidget(self._left)
        rows.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Its rows, tight."""
        return QSize(HEAD_WIDTH, 72)

    def show_progress(self, words: str, left: str, part: float, running: bool) -> None:
        """Show what is done, how long it takes yet, and how much is done; no bar before anything has run."""
        self._words.say(words)
        self._left.say(left)
        self._line.show_part(part)
        self._line.setVisible(running or part > 0)
