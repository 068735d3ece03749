"""The head of the one lane that a song has before its stems exist."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.accessibility import accessible_role
from desktop.ui.controls import ProgressBar
from desktop.ui.player.lane import HEAD_WIDTH, OTHER_SIGN, Badge, HeadGround
from desktop.ui.player.words import Line
from desktop.ui.theme import tokens


@accessible_role(QAccessible.Role.Grouping)
class WaitingHead(HeadGround):
    """The song as a whole: what is being done to it, and how far that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tokens.ACCENT, parent)
        self.setAccessibleName("The song before it is separated")
        name = Line(13, 600)
        name.say("Song")
        self._words = Line(12, 400, tokens.DIM)
        self._left = Line(12, 400, tokens.DIM)
        self._bar = ProgressBar("Song separated")
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(Badge(OTHER_SIGN, tokens.ACCENT))
        top.addWidget(name, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(19, 10, 16, 12)
        rows.setSpacing(8)
        rows.addLayout(top)
        rows.addWidget(self._words)
        rows.addWidget(self._bar)
        rows.addWidget(self._left)
        rows.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Its rows, tight."""
        return QSize(HEAD_WIDTH, 72)

    def show_progress(self, words: str, left: str, part: float, running: bool) -> None:
        """Show what is done, how long it takes yet, and how much is done; no bar before anything has run."""
        self._words.say(words)
        self._left.say(left)
        self._bar.show_part(part)
        self._bar.setVisible(running or part > 0)
