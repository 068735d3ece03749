"""The bin: removed songs, how long they are kept, how much room they take; to be restored or deleted for good."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.audio.names import shown
from desktop.jobs.model import KEPT_DAYS, RemovedJob
from desktop.jobs.sentences import named
from desktop.sizes import in_words
from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.question import lay_out
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.days import said
from desktop.ui.jobs.removals import Removals
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font

_SIZE = (760, 480)
_SMALLEST = (600, 340)
_KEPT = (
    f"A removed song stays here with its stems for {KEPT_DAYS} days, and is then deleted. "
    "Your original song files are not touched."
)
_HEADINGS = ("Song", "Removed", "Kept until", "Size")
_NUMBER_WIDTH = 120
_TABLE = f"""
QTableWidget {{ border: 2px solid {tokens.LINE}; border-radius: {tokens.RADIUS}px; }}
QTableWidget:focus {{ border-color: {tokens.ACCENT}; }}
QTableWidget::item {{ padding: 0 12px; }}
QTableWidget::item:selected {{ background: {tokens.ACCENT}; color: {tokens.ON_ACCENT}; }}
"""
# Many songs that are restored or deleted together are listed again once (milliseconds).
_TOGETHER_MS = 200
_SELECT = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


class RemovedSongs(QDialog):
    """Lists the bin as it is now. It blocks nothing."""

    def __init__(self, removals: Removals, feed: JobFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Removed songs")
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_SIZE)
        self._removals = removals
        self._entries: Sequence[RemovedJob] = ()
        self.question: DeleteQuestion | None = None
        self.table = QTableWidget(0, len(_HEADINGS))
        self.total = QLabel()
        self.restore = _button("Restore", "primary")
        self.delete = _button("Delete now…")
        self.empty = _button("Empty…")
        self.close_button = _button("Close")
        self._dress_table()
        self._arrange()
        self._soon = QTimer(self, interval=_TOGETHER_MS, singleShot=True)
        self._soon.timeout.connect(self._load)
        removals.listed.connect(self._show)
        feed.changed.connect(lambda: self._soon.start())
        feed.gap.connect(self._soon.start)
        self.table.itemSelectionChanged.connect(self._offer)
        self.table.itemDoubleClicked.connect(self._restore_chosen)
        self.restore.clicked.connect(self._restore_chosen)
        self.delete.clicked.connect(lambda: self._ask(self.chosen()))
        self.empty.clicked.connect(lambda: self._ask(self._entries))
        self.close_button.clicked.connect(self.close)
        self._show([])

    def come_forward(self) -> None:
        """Open, or come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.table.setFocus()
        self._load()

    def chosen(self) -> list[RemovedJob]:
        """Return the selected songs, from top to bottom."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self._entries[row] for row in rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete asks whether the selected songs are to be deleted."""
        if event.key() == Qt.Key.Key_Delete and self.chosen():
            self._ask(self.chosen())
        else:
            super().keyPressEvent(event)

    def _dress_table(self) -> None:
        self.table.setAccessibleName("Removed songs")
        self.table.setStyleSheet(_TABLE)
        self.table.setHorizontalHeaderLabels(_HEADINGS)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for column in range(1, len(_HEADINGS)):
            header.resizeSection(column, _NUMBER_WIDTH)

    def _arrange(self) -> None:
        kept = QLabel(_KEPT)
        kept.setWordWrap(True)
        for label in (kept, self.total):
            label.setStyleSheet(f"color: {tokens.DIM};")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.restore, self.delete, self.empty):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for widget in (kept, self.table, self.total):
            column.addWidget(widget)
        column.addLayout(buttons)

    def _load(self) -> None:
        if self.isVisible():
            self._removals.load()

    def _show(self, entries: Sequence[RemovedJob]) -> None:
        """List the songs; those that were selected stay so, or the first one is."""
        before = {entry.job.id for entry in self.chosen()}
        self._entries = entries
        self.table.clearSelection()
        self.table.setRowCount(len(entries))
        now = datetime.now().astimezone()
        for row, entry in enumerate(entries):
            until = entry.kept_until.astimezone()
            words = (_title(entry), said(entry.removed, now), f"{until:%Y-%m-%d}", in_words(entry.bytes))
            for column, text in enumerate(words):
                self.table.setItem(row, column, QTableWidgetItem(text))
        keep = [row for row, entry in enumerate(entries) if entry.job.id in before] or [0]
        for row in keep[: len(entries)]:
            self.table.selectionModel().select(self.table.model().index(row, 0), _SELECT)
        size = in_words(sum(entry.bytes for entry in entries))
        self.total.setText(f"{_count(entries)} · {size}" if entries else "There are no removed songs.")
        self._offer()

    def _offer(self) -> None:
        chosen = bool(self.chosen())
        self.restore.setEnabled(chosen)
        self.delete.setEnabled(chosen)
        self.empty.setEnabled(bool(self._entries))

    def _restore_chosen(self) -> None:
        self._removals.restore([entry.job.id for entry in self.chosen()])

    def _ask(self, entries: Sequence[RemovedJob]) -> None:
        self.question = DeleteQuestion(entries, self)
        self.question.accepted.connect(lambda: self._removals.delete([entry.job.id for entry in entries]))
        self.question.finished.connect(self._forget_question)
        self.question.open()

    def _forget_question(self) -> None:
        self.question = None


class DeleteQuestion(QDialog):
    """Asks before songs are deleted for good. Escape keeps them."""

    def __init__(self, entries: Sequence[RemovedJob], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle("Delete songs")
        self.keep = _button("Keep")
        self.delete = _button("Delete")
        self.keep.clicked.connect(self.reject)
        self.delete.clicked.connect(self.accept)
        size = in_words(sum(entry.bytes for entry in entries))
        songs = named([entry.job for entry in entries])
        head = QLabel(f"Delete {songs} and {'its' if len(entries) == 1 else 'their'} stems?")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        head.setFont(ui_font(TITLE, 600))
        what = QLabel(f"This frees {size} and cannot be undone. Your original files are not touched.")
        what.setStyleSheet(f"color: {tokens.DIM};")
        column = lay_out(self, 520, (head, what), self.keep, (self.delete,))
        self.setFixedHeight(column.heightForWidth(520))
        self.keep.setFocus()


def _title(entry: RemovedJob) -> str:
    artist = f" · {shown(entry.job.artist)}" if entry.job.artist.strip() else ""
    return f"{shown(entry.job.title)}{artist}"


def _count(entries: Sequence[RemovedJob]) -> str:
    return "1 song" if len(entries) == 1 else f"{len(entries)} songs"


def _button(words: str, kind: str = "plain") -> ShellButton:
    button = ShellButton(words, kind)
    # Return belongs to the control that has the focus.
    button.setAutoDefault(False)
    return button
