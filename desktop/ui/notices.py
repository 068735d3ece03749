"""Sentences for the user in a strip below the top bar: readable in place, in nobody's way, gone with one click."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.accessibility import accessible_role, announce
from desktop.ui.controls import ProgressBar, ShellButton, square
from desktop.ui.plain import menu_words
from desktop.ui.theme import tokens

MOST = 3
_BAR = 140


@dataclass(frozen=True)
class Notice:
    """One thing to be said."""

    sentence: str
    key: str = ""
    """A notice takes the place of the one with the same key."""
    tone: str = tokens.ACCENT
    """The colour of its edge; the words say it too."""
    action: str = ""
    """What the button says that does something about it; empty: no button."""
    act: Callable[[], None] | None = None
    more: tuple[str, Callable[[], None]] | None = None
    """A second button: what it says, and what it does."""
    lasts: float = 0.0
    """Seconds until it goes by itself; 0: it stays."""
    on_gone: Callable[[], None] | None = None
    """Called when it goes in any way but by one of its buttons."""
    on_dismissed: Callable[[], None] | None = None
    """Called when the user puts it away, and not when it goes by itself."""
    progress: float | None = None
    """0 to 1: of something that goes on, shown by a bar. Such a notice stays until it is cleared or acted on."""


class NoticeRow(QWidget):
    """One notice, with its action and a way to put it away."""

    acted = Signal(object)
    """What is to be done."""
    dismissed = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = notice
        self._label = QLabel(notice.sentence)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._bar = ProgressBar("Progress")
        self._bar.setFixedWidth(_BAR)
        self._bar.show_part(notice.progress or 0.0)
        row = QHBoxLayout(self)
        row.setContentsMargins(16 + tokens.EDGE, 6, 12, 7)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        if notice.progress is not None:
            row.addWidget(self._bar)
        if notice.action:
            row.addWidget(self._button(notice.action, notice.act))
        if notice.more:
            row.addWidget(self._button(*notice.more))
        if notice.progress is None:
            away = square("cross", "Dismiss")
            away.clicked.connect(self.dismissed)
            row.addWidget(away)

    def change(self, sentence: str, progress: float) -> None:
        """Show how far it is, 0 to 1, in other words."""
        self.notice = replace(self.notice, sentence=sentence, progress=progress)
        self._label.setText(sentence)
        self._bar.show_part(progress)

    def _button(self, words: str, act: Callable[[], None] | None) -> ShellButton:
        button = ShellButton(menu_words(words))
        button.setAccessibleName(words)
        button.clicked.connect(lambda: self.acted.emit(act))
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground, the edge, and the line below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PANEL))
        painter.fillRect(0, 0, tokens.EDGE, self.height(), QColor(self.notice.tone))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.LINE))


@accessible_role(QAccessible.Role.Grouping)
class NoticeStrip(QWidget):
    """The notices that stand, the newest last. It takes no room while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Notices")
        self._rows: list[NoticeRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setVisible(False)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is being said."""
        return tuple(row.notice for row in self._rows)

    def show_notice(self, notice: Notice) -> None:
        """Say something, in place of what was said under the same key; the oldest gives way when there are many."""
        for row in [row for row in self._rows if notice.key and row.notice.key == notice.key]:
            self._put_away(row)
        standing = [row for row in self._rows if row.notice.progress is None]
        for row in standing[: max(0, len(self._rows) - MOST + 1)]:
            self._put_away(row)
        self._add(notice)
        announce(self, notice.sentence)

    def say(self, sentence: str) -> None:
        """Say one sentence; the same one twice stands once."""
        self.show_notice(Notice(sentence, key=sentence))

    def change(self, key: str, sentence: str, progress: float) -> None:
        """Show how far the notice of `key` is, 0 to 1, without a word to screen readers: it comes many times."""
        for row in [row for row in self._rows if row.notice.key == key]:
            row.change(sentence, progress)

    def clear(self, key: str) -> None:
        """Put away what was said under `key`."""
        for row in [row for row in self._rows if row.notice.key == key]:
            self._put_away(row)

    def clear_all(self) -> None:
        """Put everything away."""
        for row in list(self._rows):
            self._put_away(row)

    def _add(self, notice: Notice) -> None:
        row = NoticeRow(notice)
        row.acted.connect(partial(self._act, row))
        row.dismissed.connect(lambda: self._dismiss(row))
        if notice.lasts:
            QTimer.singleShot(round(notice.lasts * 1000), row, lambda: self._put_away(row))
        self._rows.append(row)
        self._column.addWidget(row)
        self.setVisible(True)
        row.show()  # a layout does it later, where the strip is in view already

    def _act(self, row: NoticeRow, act: Callable[[], None] | None) -> None:
        if self._drop(row) and act:
            act()

    def _dismiss(self, row: NoticeRow) -> None:
        self._put_away(row)
        if row.notice.on_dismissed:
            row.notice.on_dismissed()

    def _put_away(self, row: NoticeRow) -> None:
        if self._drop(row) and row.notice.on_gone:
            row.notice.on_gone()

    def _drop(self, row: NoticeRow) -> bool:
        if row not in self._rows:
            return False
        self._rows.remove(row)
        row.hide()
        row.deleteLater()
        self.setVisible(bool(self._rows))
        return True
