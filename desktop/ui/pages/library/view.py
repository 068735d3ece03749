"""Table view of the jobs: selection, keyboard, mouse and focus."""

from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QApplication, QTableView, QWidget

from desktop.jobs.model import Job
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.library.columns import OPTIONAL_COLUMNS, STATUS_ROLE, Column, fit_columns
from desktop.ui.pages.library.covers import CoverCache
from desktop.ui.pages.library.delegates import draw_table_message, install_delegates
from desktop.ui.pages.library.header import JobHeader
from desktop.ui.pages.library.hover_state import HoverState, Index
from desktop.ui.pages.library.pointer import Pointer
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.row_drag import RowDrag
from desktop.ui.pages.library.status import Status, StatusLink
from desktop.ui.theme import metrics
from desktop.ui.widgets.accessibility import report_focused_child
from desktop.ui.widgets.row_table import set_up_row_table

_SELECT_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_KEYBOARD_FOCUS_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class JobView(QTableView):
    """Shows jobs in rows. Emits a signal for each request of the user; other objects carry it out."""

    current_job_changed = Signal(object)
    """The Job of the current row, or None."""
    link_clicked = Signal(object, object)
    """A Job and the StatusLink that was clicked in its status."""
    action_requested = Signal(object, object)
    """A Job and the ActionId of a button in its row."""
    menu_requested = Signal(QPoint)
    """The screen position at which to open the menu for the selected jobs."""
    selection_changed_by_user = Signal()
    """The user changed the selection with the mouse, the keyboard or assistive technology."""
    job_dropped = Signal(object, object)
    """A pending Job that was dragged, and the DropTarget that it was dropped at."""
    job_opened = Signal(object)
    """A Job that was double-clicked, or opened with Return."""

    def __init__(self, proxy: JobProxy, covers: CoverCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = proxy
        self._hover_state = HoverState()
        self._is_keyboard_focus = False
        self._is_current_job_signal_blocked = False
        self._is_selecting_from_code = False
        self._current_job_id: str | None = None
        self._row_drag = RowDrag(self, proxy)
        self._row_drag.dropped.connect(self.job_dropped)
        status_delegate = install_delegates(self, self._hover_state, covers)
        self._pointer = Pointer(self, proxy, status_delegate, self._hover_state)
        self.setAccessibleName(tr("Songs"))
        self.setAccessibleDescription(
            tr(
                "Space plays or pauses, Return opens the song or activates the link or button of its cell, Delete "
                "removes, {move_up_key} and {move_down_key} move a queued song, {pause_key} pauses or resumes a song, "
                "the menu key or Shift+F10 opens the menu.",
                move_up_key=ACTIONS[ActionId.MOVE_UP].key_texts[0],
                move_down_key=ACTIONS[ActionId.MOVE_DOWN].key_texts[0],
                pause_key=ACTIONS[ActionId.PAUSE_OR_RESUME].key_texts[0],
            )
        )
        self._configure_view()
        self.setModel(proxy)
        self.setColumnHidden(Column.ARTIST, True)
        self.doubleClicked.connect(self._open_row)
        proxy.rowsRemoved.connect(self._select_current_row)
        proxy.times_left_changed.connect(self.viewport().update)
        covers.cover_loaded.connect(self.viewport().update)

    def _configure_view(self) -> None:
        self.setHorizontalHeader(JobHeader(self))
        set_up_row_table(self, metrics.ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(metrics.ROW_HEIGHT)
        self.setSortingEnabled(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)

    def selected_jobs(self) -> list[Job]:
        """Return the selected jobs, from top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [job for index in indexes if (job := self._proxy.job_at(index)) is not None]

    def select_job(self, job_id: str) -> None:
        """Select the row of a job and scroll to it; do nothing if the row is not shown."""
        index = self._proxy.index_of(job_id)
        if index.isValid():
            with self._selecting_from_code():
                self.selectionModel().setCurrentIndex(index, _SELECT_ROW)
            self.scrollTo(index)

    def search(self, text: str, current_job_id: str | None) -> None:
        """Show only the rows that match; the player keeps `current_job_id`, even if its row is filtered out."""
        self._is_current_job_signal_blocked = True
        with self._selecting_from_code():
            self._proxy.search(text)
            if current_job_id is not None and self._proxy.index_of(current_job_id).isValid():
                self.select_job(current_job_id)
            else:
                self.selectionModel().clear()
        self._is_current_job_signal_blocked = False

    @contextmanager
    def _selecting_from_code(self) -> Generator[None]:
        """Do not report selections made inside this context as choices of the user."""
        before, self._is_selecting_from_code = self._is_selecting_from_code, True
        yield
        self._is_selecting_from_code = before

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        """Emit `current_job_changed` if the current row belongs to another job than before."""
        super().currentChanged(current, previous)
        self.viewport().update()
        if self._is_current_job_signal_blocked:
            return
        job = self._proxy.job_at(current)
        job_id = job.id if job else None
        if job_id != self._current_job_id:
            self._current_job_id = job_id
            self.current_job_changed.emit(job)

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:  # noqa: N802
        """Keep the current job in the player if its row is removed because it no longer matches the search.

        If the user removes the job, the next row becomes current.
        """
        current = self.currentIndex()
        job = self._proxy.job_at(current) if start <= current.row() <= end else None
        if job is None or not self._proxy.is_listed(job.id):
            super().rowsAboutToBeRemoved(parent, start, end)
            return
        before, self._is_current_job_signal_blocked = self._is_current_job_signal_blocked, True
        super().rowsAboutToBeRemoved(parent, start, end)
        with self._selecting_from_code():
            self.selectionModel().clear()
        self._is_current_job_signal_blocked = before

    def handle_job_removed(self, job_id: str) -> None:
        """Emit the new current job if `job_id` was current and has been removed from the library."""
        if self._current_job_id == job_id:
            self._current_job_id = None
            self.current_job_changed.emit(self._proxy.job_at(self.currentIndex()))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:  # noqa: N802
        """Repaint, and make a newly selected row current.

        Assistive technology selects a row without making it current; the mouse and the keyboard do both.
        """
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        if self._is_selecting_from_code or selected.isEmpty():
            return
        self.selection_changed_by_user.emit()
        is_one_row = selected.count() == 1 and selected.first().height() == 1
        if is_one_row and selected.first().top() != self.currentIndex().row():
            index = self._proxy.index(selected.first().top(), Column.TITLE)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widths = fit_columns(self.viewport().width())
        for column in OPTIONAL_COLUMNS:
            self.setColumnHidden(column, column not in widths)
        for column, width in widths.items():
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the current cell offers on Return; leave Space to the player."""
        self._is_keyboard_focus = True
        self.viewport().update()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_cell(self.currentIndex())
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()
        elif event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self._request_menu_at_row()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the menu at the pointer, or at the current row if the keyboard opened it."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self._request_menu_at_row()
        else:
            self.menu_requested.emit(event.globalPos())

    def _request_menu_at_row(self) -> None:
        # On systems that turn Shift+F10 into a context menu event, the menu is already open.
        if self.selected_jobs() and QApplication.activePopupWidget() is None:
            row = self.visualRect(self.currentIndex())
            self.menu_requested.emit(self.viewport().mapToGlobal(row.bottomLeft() + QPoint(24, 0)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Continue a drag while the left button is held; otherwise update the hover state."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._row_drag.move(event.position().toPoint()):
            return
        super().mouseMoveEvent(event)
        self._pointer.move(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer.leave()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Record the pressed link or button, or start to track a drag."""
        point = event.position().toPoint()
        self._is_keyboard_focus = False
        self.viewport().update()
        self._pointer.move(point)
        super().mousePressEvent(event)
        pressed = self._pointer.press(point, event.button() is Qt.MouseButton.LeftButton)
        has_no_modifiers = event.modifiers() == Qt.KeyboardModifier.NoModifier
        may_drag = pressed is not None and has_no_modifiers and not pressed.is_control
        self._row_drag.press(pressed.job if pressed is not None and may_drag else None, point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or report a click if press and release are on the same link or button."""
        super().mouseReleaseEvent(event)
        if self._row_drag.release():
            self._pointer.cancel_press()
            return
        point = event.position().toPoint()
        clicked = self._pointer.release(point)
        if clicked is None:
            return
        if clicked.link is not StatusLink.NONE:
            self.link_clicked.emit(clicked.job, clicked.link)
        elif clicked.action is ActionId.SHOW_MENU:
            self.menu_requested.emit(self.viewport().mapToGlobal(point))
        else:
            self.action_requested.emit(clicked.job, clicked.action)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring if the keyboard moved the focus here; select the first row if none is current."""
        # QTableView.focusInEvent is skipped, because it makes a row current without selecting it.
        QAbstractScrollArea.focusInEvent(self, event)
        self._is_keyboard_focus = event.reason() in _KEYBOARD_FOCUS_REASONS
        if self._is_keyboard_focus and not self.currentIndex().isValid() and self._proxy.rowCount():
            with self._selecting_from_code():
                self.setCurrentIndex(self._proxy.index(0, 0))
        # Later: Qt tells screen readers of the table itself after this event.
        QTimer.singleShot(0, self, lambda: report_focused_child(self) if self.hasFocus() else None)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows and the drop indicator, or a text if no row matches the search."""
        current = self.currentIndex() if self._is_keyboard_focus and self.hasFocus() else QModelIndex()
        self._hover_state.focus_row, self._hover_state.focus_column = current.row(), current.column()
        super().paintEvent(event)
        self._row_drag.paint_drop_indicator(QPainter(self.viewport()))
        if not self._proxy.rowCount() and self._proxy.is_searching:
            draw_table_message(QPainter(self.viewport()), self.viewport().rect(), tr("No song matches the search"))

    def _open_row(self, index: QModelIndex) -> None:
        job = self._proxy.job_at(index)
        if job is not None:
            self.job_opened.emit(job)

    def _open_cell(self, index: QModelIndex) -> None:
        """Follow the link of a status cell, open the menu of an actions cell, or open the job."""
        status: Status | None = index.data(STATUS_ROLE)
        if index.column() == Column.ACTIONS:
            self._request_menu_at_row()
        elif index.column() == Column.STATUS and status is not None and status.link is not StatusLink.NONE:
            self.link_clicked.emit(self._proxy.job_at(index), status.link)
        else:
            self._open_row(index)

    def _select_current_row(self) -> None:
        """Select the row that took the place of a removed one."""
        if (
            not self._is_current_job_signal_blocked
            and self.currentIndex().isValid()
            and not self.selectionModel().hasSelection()
        ):
            with self._selecting_from_code():
                self.selectionModel().select(self.currentIndex(), _SELECT_ROW)
