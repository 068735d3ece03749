"""Sentences for the user in a strip below the top bar: readable in place, in nobody's way, gone with one click."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.theme import tokens
from desktop.ui.widgets.accessibility import accessible_role, announce
from desktop.ui.widgets.button import ProgressBar, PushButton, create_icon_button
from desktop.ui.widgets.text_escaping import escape_menu_text

MAX_NOTICES = 3
_PROGRESS_BAR_WIDTH = 140


@dataclass(frozen=True)
class Notice:
    """One thing to be said."""

    text: str
    key: str = ""
    """A notice takes the place of the one with the same key."""
    edge_colour: str = tokens.ACCENT
    """The colour of its edge; the words say it too."""
    action_text: str = ""
    """What the button says that does something about it; empty: no button."""
    on_action: Callable[[], None] | None = None
    second_action: tuple[str, Callable[[], None]] | None = None
    """A second button: what it says, and what it does."""
    timeout_s: float = 0.0
    """Seconds until it goes by itself; 0: it stays."""
    on_removed: Callable[[], None] | None = None
    """Called when it goes in any way but by one of its buttons."""
    on_dismissed: Callable[[], None] | None = None
    """Called when the user puts it away, and not when it goes by itself."""
    progress: float | None = None
    """0 to 1: of something that goes on, shown by a bar. Such a notice stays until it is cleared or acted on."""


class NoticeRow(QWidget):
    """One notice, with its action and a way to put it away."""

    action_triggered = Signal(object)
    """What is to be done."""
    dismissed = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = notice
        self._label = QLabel(notice.text)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._progress_bar = ProgressBar("Progress")
        self._progress_bar.setFixedWidth(_PROGRESS_BAR_WIDTH)
        self._progress_bar.set_fraction(notice.progress or 0.0)
        row = QHBoxLayout(self)
        row.setContentsMargins(16 + tokens.EDGE_WIDTH, 6, 12, 7)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        if notice.progress is not None:
            row.addWidget(self._progress_bar)
        if notice.action_text:
            row.addWidget(self._create_button(notice.action_text, notice.on_action))
        if notice.second_action:
            row.addWidget(self._create_button(*notice.second_action))
        if notice.progress is None:
            dismiss_button = create_icon_button("cross", "Dismiss")
            dismiss_button.clicked.connect(self.dismissed)
            row.addWidget(dismiss_button)

    def set_progress(self, text: str, progress: float) -> None:
        """Show how far it is, 0 to 1, in other words."""
        self.notice = replace(self.notice, text=text, progress=progress)
        self._label.setText(text)
        self._progress_bar.set_fraction(progress)

    def _create_button(self, text: str, on_action: Callable[[], None] | None) -> PushButton:
        button = PushButton(escape_menu_text(text))
        button.setAccessibleName(text)
        button.clicked.connect(lambda: self.action_triggered.emit(on_action))
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground, the edge, and the line below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PANEL))
        painter.fillRect(0, 0, tokens.EDGE_WIDTH, self.height(), QColor(self.notice.edge_colour))
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
            self._remove_row(row)
        removable = [row for row in self._rows if row.notice.progress is None]
        for row in removable[: max(0, len(self._rows) - MAX_NOTICES + 1)]:
            self._remove_row(row)
        self._add_row(notice)
        announce(self, notice.text)

    def show_text(self, text: str) -> None:
        """Say one sentence; the same one twice stands once."""
        self.show_notice(Notice(text, key=text))

    def set_progress(self, key: str, text: str, progress: float) -> None:
        """Show how far the notice of `key` is, 0 to 1, without a word to screen readers: it comes many times."""
        for row in [row for row in self._rows if row.notice.key == key]:
            row.set_progress(text, progress)

    def remove_notice(self, key: str) -> None:
        """Put away what was said under `key`."""
        for row in [row for row in self._rows if row.notice.key == key]:
            self._remove_row(row)

    def clear_all(self) -> None:
        """Put everything away."""
        for row in list(self._rows):
            self._remove_row(row)

    def _add_row(self, notice: Notice) -> None:
        row = NoticeRow(notice)
        row.action_triggered.connect(partial(self._run_action, row))
        row.dismissed.connect(lambda: self._dismiss_row(row))
        if notice.timeout_s:
            QTimer.singleShot(round(notice.timeout_s * 1000), row, lambda: self._remove_row(row))
        self._rows.append(row)
        self._column.addWidget(row)
        self.setVisible(True)
        row.show()  # a layout does it later, where the strip is in view already

    def _run_action(self, row: NoticeRow, on_action: Callable[[], None] | None) -> None:
        if self._detach_row(row) and on_action:
            on_action()

    def _dismiss_row(self, row: NoticeRow) -> None:
        self._remove_row(row)
        if row.notice.on_dismissed:
            row.notice.on_dismissed()

    def _remove_row(self, row: NoticeRow) -> None:
        if self._detach_row(row) and row.notice.on_removed:
            row.notice.on_removed()

    def _detach_row(self, row: NoticeRow) -> bool:
        if row not in self._rows:
            return False
        self._rows.remove(row)
        row.hide()
        row.deleteLater()
        self.setVisible(bool(self._rows))
        return True
