"""Notices: messages in a strip below the top bar, dismissed with one click."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role, announce
from desktop.ui.widgets.button import PushButton, create_icon_button
from desktop.ui.widgets.progress_bar import ProgressBar
from desktop.ui.widgets.text_escaping import escape_menu_text

MAX_NOTICES = 3
_PROGRESS_BAR_WIDTH = 140


@dataclass(frozen=True)
class Notice:
    """Message for the user, with up to two actions."""

    text: str
    key: str = ""
    """A new notice replaces the one with the same key; empty: replaces none."""
    edge_colour: Colour = Colour.ACCENT
    """Colour of the left edge; the text must say the same, as colour alone is not accessible."""
    action_text: str = ""
    """Text of the action button; empty: no button."""
    on_action: Callable[[], None] | None = None
    second_action: tuple[str, Callable[[], None]] | None = None
    """Text and callback of a second button."""
    timeout_s: float = 0.0
    """Seconds until the notice is removed automatically; 0: it stays."""
    on_removed: Callable[[], None] | None = None
    """Called when the notice is removed other than by an action button."""
    on_dismissed: Callable[[], None] | None = None
    """Called when the user dismisses the notice, not when it is removed automatically."""
    progress: float | None = None
    """Progress of a running task, 0 to 1, shown as a bar; such a notice stays until removed or acted on."""


class NoticeRow(QWidget):
    """Widget of one notice, with its buttons."""

    action_triggered = Signal(object)
    """Callback of the clicked action button, or None."""
    dismissed = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = notice
        self._label = QLabel(notice.text)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._progress_bar = ProgressBar(tr("Progress"))
        self._progress_bar.setFixedWidth(_PROGRESS_BAR_WIDTH)
        self._progress_bar.set_fraction(notice.progress or 0.0)
        row = QHBoxLayout(self)
        row.setContentsMargins(16 + metrics.EDGE_WIDTH, 6, 12, 7)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        if notice.progress is not None:
            row.addWidget(self._progress_bar)
        if notice.action_text:
            row.addWidget(self._create_button(notice.action_text, notice.on_action))
        if notice.second_action:
            row.addWidget(self._create_button(*notice.second_action))
        if notice.progress is None:
            dismiss_button = create_icon_button("cross", tr("Dismiss"))
            dismiss_button.clicked.connect(self.dismissed)
            row.addWidget(dismiss_button)

    def set_progress(self, text: str, progress: float) -> None:
        """Show a new text and progress, 0 to 1."""
        self.notice = replace(self.notice, text=text, progress=progress)
        self._label.setText(text)
        self._progress_bar.set_fraction(progress)

    def _create_button(self, text: str, on_action: Callable[[], None] | None) -> PushButton:
        button = PushButton(escape_menu_text(text))
        button.setAccessibleName(text)
        button.clicked.connect(lambda: self.action_triggered.emit(on_action))
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.fillRect(0, 0, metrics.EDGE_WIDTH, self.height(), theme.colour(self.notice.edge_colour))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour(Colour.LINE))


@accessible_role(QAccessible.Role.Grouping)
class NoticeStrip(QWidget):
    """Strip of the current notices, newest last; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Notices"))
        self._rows: list[NoticeRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setVisible(False)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Current notices, oldest first."""
        return tuple(row.notice for row in self._rows)

    def show_notice(self, notice: Notice) -> None:
        """Show a notice and announce it to screen readers.

        It replaces the one with the same key. If there are too many, the oldest without progress are removed.
        """
        for row in [row for row in self._rows if notice.key and row.notice.key == notice.key]:
            self._remove_row(row)
        removable = [row for row in self._rows if row.notice.progress is None]
        for row in removable[: max(0, len(self._rows) - MAX_NOTICES + 1)]:
            self._remove_row(row)
        self._add_row(notice)
        announce(self, notice.text)

    def show_text(self, text: str) -> None:
        """Show a notice without actions; the same text is shown only once."""
        self.show_notice(Notice(text, key=text))

    def set_progress(self, key: str, text: str, progress: float) -> None:
        """Update the text and progress, 0 to 1, of the notice with `key`.

        Not announced to screen readers, because it happens often.
        """
        for row in [row for row in self._rows if row.notice.key == key]:
            row.set_progress(text, progress)

    def remove_notice(self, key: str) -> None:
        """Remove the notice with `key`, if there is one."""
        for row in [row for row in self._rows if row.notice.key == key]:
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
        row.show()  # the layout would show it later if the strip is already visible

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
