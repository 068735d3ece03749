"""The job table as it is seen and used."""

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
from desktop.ui.jobs.buttons import JobAction, RowButton, row_buttons
from desktop.ui.jobs.columns import STATUS_ROLE, Column
from desktop.ui.jobs.columns_fit import widths
from desktop.ui.jobs.covers import Covers
from desktop.ui.jobs.delegates import ActionsDelegate, ChipDelegate, RowDelegate, SongDelegate, StatusDelegate, content
from desktop.ui.jobs.header import JobHeader
from desktop.ui.jobs.pointer import NOWHERE, RowPointer
from desktop.ui.jobs.proxy import JobProxy
from desktop.ui.jobs.row_drag import RowDrag
from desktop.ui.jobs.status import Link, Status
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font

Index = QModelIndex | QPersistentModelIndex


class JobView(QTableView):
    """Rows of songs. Says what was asked for, and does nothing of it itself."""

    current_job = Signal(object)
    """The Job whose row was chosen, None when there is none."""
    link_clicked = Signal(object, object)
    """A Job and the Link in its status."""
    action_asked = Signal(object, object)
    """A Job and the JobAction of a button in its row."""
    menu_asked = Signal(QPoint)
    """Where a menu for the chosen songs is to open, on the screen."""
    chosen_by_hand = Signal()
    """The user has selected other rows: with the mouse, the keyboard or assistive technology."""
    dropped = Signal(object, object)
    """A waiting Job that was dragged, and the Gap it was dropped in."""
    opened = Signal(object)
    """A Job that was double-clicked, or chosen with Return."""

    def __init__(self, proxy: JobProxy, covers: Covers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = proxy
        self._pointer = RowPointer()
        self._by_keyboard = False
        self._silent = False
        self._by_program = False
        self._shown_id: str | None = None
        self._pressed: tuple[str, Link, JobAction | None] | None = None
        self._drag = RowDrag(self, proxy)
        self._drag.dropped.connect(self.dropped)
        self._status = StatusDelegate(self._pointer, self)
        self.setAccessibleName("Songs")
        self.setAccessibleDescription(
            "Space plays or pauses, Return opens the song or does what its cell offers, Delete removes, "
            "Alt+Up and Alt+Down move a queued song, Ctrl+P pauses or resumes a song, "
            "the menu key or Shift+F10 shows what else."
        )
        self._dress()
        self.setModel(proxy)
        self._set_delegates(covers)
        self.setColumnHidden(Column.ARTIST, True)
        self.doubleClicked.connect(self._open)
        proxy.rowsRemoved.connect(self._choose_current)
        covers.arrived.connect(self.viewport().update)

    def _dress(self) -> None:
        self.setHorizontalHeader(JobHeader(self))
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(tokens.ROW)
        self.verticalHeader().setDefaultSectionSize(tokens.ROW)
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

    def _set_delegates(self, covers: Covers) -> None:
        self.setItemDelegate(RowDelegate(self._pointer, self))
        self.setItemDelegateForColumn(Column.TITLE, SongDelegate(self._pointer, covers, self))
        self.setItemDelegateForColumn(Column.MODEL, ChipDelegate(self._pointer, self))
        self.setItemDelegateForColumn(Column.STATUS, self._status)
        self.setItemDelegateForColumn(Column.ACTIONS, ActionsDelegate(self._pointer, self))

    def chosen(self) -> list[Job]:
        """Every selected job, from top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [job for index in indexes if (job := self._proxy.job_at(index)) is not None]

    def choose(self, job_id: str) -> None:
        """Select the row of a job, and bring it into view."""
        index = self._proxy.index_of(job_id)
        if index.isValid():
            with self._chosen_by_program():
                self.selectionModel().setCurrentIndex(index, _SELECT_ROW)
            self.scrollTo(index)

    def search(self, text: str, shown: str | None) -> None:
        """Leave out what does not match. The job that is shown stays so, whether its row is left out or not."""
        self._silent = True
        with self._chosen_by_program():
            self._proxy.search(text)
            if shown is not None and self._proxy.index_of(shown).isValid():
                self.choose(shown)
            else:
                self.selectionModel().clear()
        self._silent = False

    @contextmanager
    def _chosen_by_program(self) -> Generator[None]:
        """Select rows within it without calling that the user's choice."""
        before, self._by_program = self._by_program, True
        yield
        self._by_program = before

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        """Emit the job of the current row, once for each job."""
        super().currentChanged(current, previous)
        self.viewport().update()
        if self._silent:
            return
        job = self._proxy.job_at(current)
        job_id = job.id if job else None
        if job_id != self._shown_id:
            self._shown_id = job_id
            self.current_job.emit(job)

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:  # noqa: N802
        """Keep the current song in the player when its row goes because it no longer matches the search.

        Where the user removes a song, the next row becomes the current one.
        """
        current = self.currentIndex()
        job = self._proxy.job_at(current) if start <= current.row() <= end else None
        if job is None or not self._proxy.has(job.id):
            super().rowsAboutToBeRemoved(parent, start, end)
            return
        before, self._silent = self._silent, True
        super().rowsAboutToBeRemoved(parent, start, end)
        with self._chosen_by_program():
            self.selectionModel().clear()
        self._silent = before

    def forget(self, job_id: str) -> None:
        """Show another song than this one, which is not in the library any more."""
        if self._shown_id == job_id:
            self._shown_id = None
            self.current_job.emit(self._proxy.job_at(self.currentIndex()))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:  # noqa: N802
        """Draw the rows again, and make a newly selected row the current one.

        Assistive technology selects a row without making it current, as the mouse and the keyboard do.
        """
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        if self._by_program or selected.isEmpty():
            return
        self.chosen_by_hand.emit()
        one_row = selected.count() == 1 and selected.first().height() == 1
        if one_row and selected.first().top() != self.currentIndex().row():
            index = self._proxy.index(selected.first().top(), Column.TITLE)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns."""
        super().resizeEvent(event)
        for column, width in widths(self.viewport().width()).items():
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return does what the current cell offers; Space is left to the player."""
        self._by_keyboard = True
        self.viewport().update()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_cell(self.currentIndex())
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()
        elif event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self._ask_for_menu_at_row()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu: at the pointer, or at the row that the keyboard is on."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self._ask_for_menu_at_row()
        else:
            self.menu_asked.emit(event.globalPos())

    def _ask_for_menu_at_row(self) -> None:
        # Where the system itself makes a menu event of Shift+F10, the menu is open already.
        if self.chosen() and QApplication.activePopupWidget() is None:
            row = self.visualRect(self.currentIndex())
            self.menu_asked.emit(self.viewport().mapToGlobal(row.bottomLeft() + QPoint(24, 0)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer; a waiting song follows it too while the button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._drag.move(event.position().toPoint()):
            return
        super().mouseMoveEvent(event)
        self._follow(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._pointer.row, self._pointer.link, self._pointer.action = NOWHERE, Link.NONE, None
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember which link or button was pressed."""
        self._by_keyboard = False
        self.viewport().update()
        self._follow(event.position().toPoint())
        super().mousePressEvent(event)
        job = self._proxy.job_at(self.indexAt(event.position().toPoint()))
        left = event.button() is Qt.MouseButton.LeftButton
        self._pressed = (job.id, self._pointer.link, self._pointer.action) if job and left else None
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        free = self._pointer.link is Link.NONE and self._pointer.action is None
        self._drag.press(job if left and plain and free else None, event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press and a release on the same thing are a click on it."""
        super().mouseReleaseEvent(event)
        if self._drag.release():
            self._pressed = None
            return
        point = event.position().toPoint()
        self._follow(point)
        job = self._proxy.job_at(self.indexAt(point))
        same = job is not None and (job.id, self._pointer.link, self._pointer.action) == self._pressed
        self._pressed = None
        if not same or job is None:
            return
        if self._pointer.link is not Link.NONE:
            self.link_clicked.emit(job, self._pointer.link)
        elif self._pointer.action is JobAction.MORE:
            self.menu_asked.emit(self.viewport().mapToGlobal(point))
        elif self._pointer.action is not None:
            self.action_asked.emit(job, self._pointer.action)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought the focus here, and choose the first row for it to stand on."""
        # Not QTableView's own: that one makes a row current without selecting it.
        QAbstractScrollArea.focusInEvent(self, event)
        self._by_keyboard = event.reason() in _BY_KEYBOARD
        if self._by_keyboard and not self.currentIndex().isValid() and self._proxy.rowCount():
            with self._chosen_by_program():
                self.setCurrentIndex(self._proxy.index(0, 0))
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or say why there are none."""
        current = self.currentIndex() if self._by_keyboard and self.hasFocus() else QModelIndex()
        self._pointer.ring_row, self._pointer.ring_column = current.row(), current.column()
        super().paintEvent(event)
        self._drag.paint(QPainter(self.viewport()))
        if not self._proxy.rowCount() and self._proxy.searching:
            painter = QPainter(self.viewport())
            painter.setFont(ui_font(TITLE, 600))
            painter.setPen(QColor(tokens.DIM))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, "No song matches the search")

    def _open(self, index: QModelIndex) -> None:
        job = self._proxy.job_at(index)
        if job is not None:
            self.opened.emit(job)

    def _open_cell(self, index: QModelIndex) -> None:
        """Follow the link of a status cell, open the menu at an actions cell, open the song at any other."""
        status: Status | None = index.data(STATUS_ROLE)
        if index.column() == Column.ACTIONS:
            self._ask_for_menu_at_row()
        elif index.column() == Column.STATUS and status is not None and status.link is not Link.NONE:
            self.link_clicked.emit(self._proxy.job_at(index), status.link)
        else:
            self._open(index)

    def _choose_current(self) -> None:
        """Choose the row that took the place of a removed one."""
        if not self._silent and self.currentIndex().isValid() and not self.selectionModel().hasSelection():
            with self._chosen_by_program():
                self.selectionModel().select(self.currentIndex(), _SELECT_ROW)

    def _follow(self, point: QPoint) -> None:
        index = self.indexAt(point)
        found = (index.row(), self._link_at(index, point), self._action_at(index, point))
        if found != (self._pointer.row, self._pointer.link, self._pointer.action):
            self._pointer.row, self._pointer.link, self._pointer.action = found
            on_something = found[1] is not Link.NONE or found[2] is not None
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if on_something else Qt.CursorShape.ArrowCursor)
            self.viewport().setToolTip(found[2].value if found[2] else "")
            self.viewport().update()

    def _link_at(self, index: QModelIndex, point: QPoint) -> Link:
        if not index.isValid() or index.column() != Column.STATUS:
            return Link.NONE
        return self._status.layout_of(self.visualRect(index), index).link_at(point.x(), point.y())

    def _action_at(self, index: QModelIndex, point: QPoint) -> JobAction | None:
        job = self._proxy.job_at(index)
        if job is None or index.column() != Column.ACTIONS:
            return None
        buttons = row_buttons(job, content(self.visualRect(index), Column.ACTIONS))
        return next((button.action for button in buttons if _holds(button, point)), None)


_SELECT_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


def _holds(button: RowButton, point: QPoint) -> bool:
    place: QRectF = button.place
    return place.contains(point.x(), point.y())
