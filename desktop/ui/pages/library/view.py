"""Table view of the jobs: selection, keyboard, mouse and focus."""

from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QApplication, QTableView, QWidget

from desktop.jobs.model import Job
from desktop.ui.core.job_actions import JobAction, RowButton, layout_row_buttons
from desktop.ui.pages.library.columns import STATUS_ROLE, Column, fit_columns
from desktop.ui.pages.library.covers import CoverCache
from desktop.ui.pages.library.delegates import (
    ActionsDelegate,
    ChipDelegate,
    RowDelegate,
    SongDelegate,
    StatusDelegate,
    content_rect,
)
from desktop.ui.pages.library.header import JobHeader
from desktop.ui.pages.library.hover_state import NO_INDEX, HoverState
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.row_drag import RowDrag
from desktop.ui.pages.library.status import Status, StatusLink
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE_SIZE, ui_font

Index = QModelIndex | QPersistentModelIndex
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
    """A Job and the JobAction of a button in its row."""
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
        self._pressed_target: tuple[str, StatusLink, JobAction | None] | None = None
        self._row_drag = RowDrag(self, proxy)
        self._row_drag.dropped.connect(self.job_dropped)
        self._status_delegate = StatusDelegate(self._hover_state, self)
        self.setAccessibleName("Songs")
        self.setAccessibleDescription(
            "Space plays or pauses, Return opens the song or does what its cell offers, Delete removes, "
            "Alt+Up and Alt+Down move a queued song, Ctrl+P pauses or resumes a song, "
            "the menu key or Shift+F10 shows what else."
        )
        self._configure_view()
        self.setModel(proxy)
        self._set_delegates(covers)
        self.setColumnHidden(Column.ARTIST, True)
        self.doubleClicked.connect(self._open_row)
        proxy.rowsRemoved.connect(self._select_current_row)
        proxy.times_left_changed.connect(self.viewport().update)
        covers.cover_loaded.connect(self.viewport().update)

    def _configure_view(self) -> None:
        self.setHorizontalHeader(JobHeader(self))
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(tokens.ROW_HEIGHT)
        self.verticalHeader().setDefaultSectionSize(tokens.ROW_HEIGHT)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)

    def _set_delegates(self, covers: CoverCache) -> None:
        self.setItemDelegate(RowDelegate(self._hover_state, self))
        self.setItemDelegateForColumn(Column.TITLE, SongDelegate(self._hover_state, covers, self))
        self.setItemDelegateForColumn(Column.MODEL, ChipDelegate(self._hover_state, self))
        self.setItemDelegateForColumn(Column.STATUS, self._status_delegate)
        self.setItemDelegateForColumn(Column.ACTIONS, ActionsDelegate(self._hover_state, self))

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
        for column, width in fit_columns(self.viewport().width()).items():
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
        self._update_hover(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover_state.row, self._hover_state.link, self._hover_state.action = NO_INDEX, StatusLink.NONE, None
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Record the pressed link or button, or start to track a drag."""
        self._is_keyboard_focus = False
        self.viewport().update()
        self._update_hover(event.position().toPoint())
        super().mousePressEvent(event)
        job = self._proxy.job_at(self.indexAt(event.position().toPoint()))
        is_left_button = event.button() is Qt.MouseButton.LeftButton
        self._pressed_target = (
            (job.id, self._hover_state.link, self._hover_state.action) if job and is_left_button else None
        )
        has_no_modifiers = event.modifiers() == Qt.KeyboardModifier.NoModifier
        is_outside_controls = self._hover_state.link is StatusLink.NONE and self._hover_state.action is None
        self._row_drag.press(
            job if is_left_button and has_no_modifiers and is_outside_controls else None, event.position().toPoint()
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or report a click if press and release are on the same link or button."""
        super().mouseReleaseEvent(event)
        if self._row_drag.release():
            self._pressed_target = None
            return
        point = event.position().toPoint()
        self._update_hover(point)
        job = self._proxy.job_at(self.indexAt(point))
        is_same_target = (
            job is not None and (job.id, self._hover_state.link, self._hover_state.action) == self._pressed_target
        )
        self._pressed_target = None
        if not is_same_target or job is None:
            return
        if self._hover_state.link is not StatusLink.NONE:
            self.link_clicked.emit(job, self._hover_state.link)
        elif self._hover_state.action is JobAction.SHOW_MENU:
            self.menu_requested.emit(self.viewport().mapToGlobal(point))
        elif self._hover_state.action is not None:
            self.action_requested.emit(job, self._hover_state.action)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring if the keyboard moved the focus here; select the first row if none is current."""
        # QTableView.focusInEvent is skipped, because it makes a row current without selecting it.
        QAbstractScrollArea.focusInEvent(self, event)
        self._is_keyboard_focus = event.reason() in _KEYBOARD_FOCUS_REASONS
        if self._is_keyboard_focus and not self.currentIndex().isValid() and self._proxy.rowCount():
            with self._selecting_from_code():
                self.setCurrentIndex(self._proxy.index(0, 0))
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
            painter = QPainter(self.viewport())
            painter.setFont(ui_font(TITLE_SIZE, 600))
            painter.setPen(QColor(tokens.DIM))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, "No song matches the search")

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

    def _update_hover(self, point: QPoint) -> None:
        index = self.indexAt(point)
        hovered = (index.row(), self._link_at(index, point), self._action_at(index, point))
        if hovered != (self._hover_state.row, self._hover_state.link, self._hover_state.action):
            self._hover_state.row, self._hover_state.link, self._hover_state.action = hovered
            is_clickable = hovered[1] is not StatusLink.NONE or hovered[2] is not None
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if is_clickable else Qt.CursorShape.ArrowCursor)
            self.viewport().setToolTip(hovered[2].value if hovered[2] else "")
            self.viewport().update()

    def _link_at(self, index: QModelIndex, point: QPoint) -> StatusLink:
        if not index.isValid() or index.column() != Column.STATUS:
            return StatusLink.NONE
        return self._status_delegate.layout_cell(self.visualRect(index), index).link_at(point.x(), point.y())

    def _action_at(self, index: QModelIndex, point: QPoint) -> JobAction | None:
        job = self._proxy.job_at(index)
        if job is None or index.column() != Column.ACTIONS:
            return None
        buttons = layout_row_buttons(job, content_rect(self.visualRect(index), Column.ACTIONS))
        return next((button.action for button in buttons if _button_contains(button, point)), None)


def _button_contains(button: RowButton, point: QPoint) -> bool:
    rect: QRectF = button.rect
    return rect.contains(point.x(), point.y())
