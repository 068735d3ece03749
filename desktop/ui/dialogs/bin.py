"""Bin dialog: removed jobs with their sizes and expiry dates, to restore or delete."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.audio.names import printable
from desktop.jobs.model import BIN_RETENTION_DAYS, RemovedJob
from desktop.text.message import Message, tr, tr_count
from desktop.text.sizes import format_size
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.pages.library.bin_commands import BinCommands
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.row_table import set_up_row_table

_SIZE = (760, 480)
_MIN_SIZE = (600, 340)
_EXPLANATION = Message(
    "A removed song stays here with its stems for {days} days, and is then deleted. "
    "Your original song files are not touched.",
    days=BIN_RETENTION_DAYS,
)
_HEADINGS = (Message("Song"), Message("Removed"), Message("Kept until"), Message("Size"))
_COLUMN_WIDTH = 120
# Characters of a title in a question.
_MAX_TITLE_LENGTH = 60
# Restoring or deleting many jobs emits many events; the table reloads once after them.
_DEBOUNCE_MS = 200
_SELECT_ROW = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


class BinDialog(QDialog):
    """Non-modal dialog that lists the current content of the bin."""

    def __init__(self, removals: BinCommands, feed: JobFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Removed songs"))
        self.setMinimumSize(*_MIN_SIZE)
        self.resize(*_SIZE)
        self._removals = removals
        self._entries: Sequence[RemovedJob] = ()
        self.delete_dialog: DeleteDialog | None = None
        self.table = QTableWidget(0, len(_HEADINGS))
        self.total_label = TextLabel(colour=Colour.DIM)
        self.restore_button = PushButton(tr("Restore"), "primary")
        self.delete_button = PushButton(tr("Delete now…"))
        self.empty_button = PushButton(tr("Empty…"))
        self.close_button = PushButton(tr("Close"))
        self._set_up_table()
        self._build_layout()
        self._reload_timer = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._reload_timer.timeout.connect(self._reload)
        removals.bin_loaded.connect(self._show_entries)
        feed.job_changed.connect(lambda: self._reload_timer.start())
        feed.events_missed.connect(self._reload_timer.start)
        self.table.itemSelectionChanged.connect(self._update_buttons)
        self.table.itemDoubleClicked.connect(self._restore_selected)
        self.restore_button.clicked.connect(self._restore_selected)
        self.delete_button.clicked.connect(lambda: self._confirm_delete(self.selected_entries()))
        self.empty_button.clicked.connect(lambda: self._confirm_delete(self._entries))
        self.close_button.clicked.connect(self.close)
        self._show_entries([])

    def show_on_top(self) -> None:
        """Show the dialog or raise it, and reload the bin."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.table.setFocus()
        self._reload()

    def selected_entries(self) -> list[RemovedJob]:
        """Return the selected entries, from top to bottom."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self._entries[row] for row in rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for confirmation to delete the selected entries on the Delete key."""
        if event.key() == Qt.Key.Key_Delete and self.selected_entries():
            self._confirm_delete(self.selected_entries())
        else:
            super().keyPressEvent(event)

    def _set_up_table(self) -> None:
        self.table.setAccessibleName(tr("Removed songs"))
        self.table.setStyleSheet("QTableWidget::item { padding: 0 12px; }")
        self.table.setHorizontalHeaderLabels([str(heading) for heading in _HEADINGS])
        set_up_row_table(self.table, row_height=34)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for column in range(1, len(_HEADINGS)):
            header.resizeSection(column, _COLUMN_WIDTH)

    def _build_layout(self) -> None:
        explanation_label = TextLabel(str(_EXPLANATION), colour=Colour.DIM)
        explanation_label.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.restore_button, self.delete_button, self.empty_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for widget in (explanation_label, self.table, self.total_label):
            column.addWidget(widget)
        column.addLayout(buttons)

    def _reload(self) -> None:
        if self.isVisible():
            self._removals.load()

    def _show_entries(self, entries: Sequence[RemovedJob]) -> None:
        """Fill the table and keep the selection; select the first row if no selected entry remains."""
        selected_ids = {entry.job.id for entry in self.selected_entries()}
        self._entries = entries
        self.table.clearSelection()
        self.table.setRowCount(len(entries))
        now = datetime.now().astimezone()
        for row, entry in enumerate(entries):
            until = entry.kept_until.astimezone()
            cells = (
                _title_text(entry),
                format_relative_time(entry.removed, now),
                f"{until:%Y-%m-%d}",
                format_size(entry.size_bytes),
            )
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        selected_rows = [row for row, entry in enumerate(entries) if entry.job.id in selected_ids] or [0]
        for row in selected_rows[: len(entries)]:
            self.table.selectionModel().select(self.table.model().index(row, 0), _SELECT_ROW)
        self.total_label.setText(_total_text(entries))
        self._update_buttons()

    def _update_buttons(self) -> None:
        has_selection = bool(self.selected_entries())
        self.restore_button.setEnabled(has_selection)
        self.delete_button.setEnabled(has_selection)
        self.empty_button.setEnabled(bool(self._entries))

    def _restore_selected(self) -> None:
        self._removals.restore([entry.job.id for entry in self.selected_entries()])

    def _confirm_delete(self, entries: Sequence[RemovedJob]) -> None:
        self.delete_dialog = DeleteDialog(entries, self)
        self.delete_dialog.accepted.connect(lambda: self._removals.delete([entry.job.id for entry in entries]))
        self.delete_dialog.finished.connect(self._clear_delete_dialog)
        self.delete_dialog.open()

    def _clear_delete_dialog(self) -> None:
        self.delete_dialog = None


class DeleteDialog(QDialog):
    """Confirmation before jobs are deleted permanently; Escape keeps them."""

    def __init__(self, entries: Sequence[RemovedJob], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr("Delete songs"))
        self.keep_button = PushButton(tr("Keep"))
        self.delete_button = PushButton(tr("Delete"))
        self.keep_button.clicked.connect(self.reject)
        self.delete_button.clicked.connect(self.accept)
        heading_label = TextLabel(_delete_question(entries), TITLE_SIZE, 600)
        heading_label.setWordWrap(True)
        consequence = tr(
            "This frees {size:size} and cannot be undone. Your original files are not touched.",
            size=_total_size_bytes(entries),
        )
        consequence_label = TextLabel(consequence, colour=Colour.DIM)
        column = lay_out_question(
            self, 520, (heading_label, consequence_label), self.keep_button, (self.delete_button,)
        )
        self.setFixedHeight(column.heightForWidth(520))
        self.keep_button.setFocus()


def _total_size_bytes(entries: Sequence[RemovedJob]) -> int:
    return sum(entry.size_bytes for entry in entries)


def _total_text(entries: Sequence[RemovedJob]) -> str:
    if not entries:
        return tr("There are no removed songs.")
    return tr_count(
        "{count} song · {size:size}", "{count} songs · {size:size}", len(entries), size=_total_size_bytes(entries)
    )


def _delete_question(entries: Sequence[RemovedJob]) -> str:
    if len(entries) == 1:
        title = printable(entries[0].job.title, _MAX_TITLE_LENGTH)
        return tr("Delete “{title}” and its stems?", title=title)
    return tr_count("Delete {count} song and its stems?", "Delete {count} songs and their stems?", len(entries))


def _title_text(entry: RemovedJob) -> str:
    artist = f" · {printable(entry.job.artist)}" if entry.job.artist.strip() else ""
    return f"{printable(entry.job.title)}{artist}"
