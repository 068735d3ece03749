"""Dragging a waiting song to another place in line, with the mouse alone: files from outside are dropped elsewhere."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QApplication, QTableView

from desktop.jobs.model import Job, JobState
from desktop.ui.jobs.proxy import JobProxy
from desktop.ui.theme import tokens

_EDGE = 28
"""So near to the upper or lower edge the table scrolls (pixels)."""
_SCROLL_MS, _SCROLL_BY = 16, 6


@dataclass(frozen=True)
class Gap:
    """Where the song would come to stand."""

    job_id: str
    """The song beside it."""
    after: bool
    """False: before that song, true: after it."""
    y: int
    """Of the line between the rows, in the table's viewport."""


class RowDrag(QObject):
    """From the press on a waiting song to its release. The table passes the mouse on while `active`."""

    dropped = Signal(object, object)
    """A Job and the Gap it was dropped in."""

    def __init__(self, view: QTableView, proxy: JobProxy) -> None:
        super().__init__(view)
        self._view = view
        self._proxy = proxy
        self._job: Job | None = None
        self._from = QPoint()
        self._at = QPoint()
        self._spent = False
        self.active = False
        self.gap: Gap | None = None
        self._scrolling = QTimer(self, interval=_SCROLL_MS)
        self._scrolling.timeout.connect(self._scroll)

    def press(self, job: Job | None, point: QPoint) -> None:
        """The left button goes down on `job`. It can be dragged while it waits and the table is in its own order."""
        movable = job is not None and job.state is JobState.PENDING and self._proxy.in_own_order
        self._job, self._from = (job if movable else None), point
        self._spent = False

    def move(self, point: QPoint) -> bool:
        """The pointer goes on. True while a song is dragged."""
        if self._job is None:
            return self._spent
        far = (point - self._from).manhattanLength() >= QApplication.startDragDistance()
        if not self.active and far:
            self.active = True
            self._scrolling.start()
            self._view.installEventFilter(self)
        if self.active:
            self._at = point
            self._find_gap()
        return self.active

    def release(self) -> bool:
        """The button comes up. True when a song was dragged, wherever to."""
        was_active, job, gap = self.active or self._spent, self._job, self.gap
        self.cancel()
        self._spent = False
        if was_active and job is not None and gap is not None:
            self.dropped.emit(job, gap)
        return was_active

    def cancel(self) -> None:
        """Leave the song where it is."""
        self._scrolling.stop()
        self._job, self.gap = None, None
        if self.active:
            self.active, self._spent = False, True  # the button is still down
            self._view.removeEventFilter(self)
            self._view.viewport().unsetCursor()
            self._view.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a song is dragged the keyboard does one thing: Escape lets go of it."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # else the window would take Escape for its search
            return True
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.cancel()
            return True
        return super().eventFilter(watched, event)

    def paint(self, painter: QPainter) -> None:
        """Draw the line at which the song would be let go, and dim the row that it leaves."""
        if not self.active or self._job is None:
            return
        index = self._proxy.index_of(self._job.id)
        width = self._view.viewport().width()
        if index.isValid():
            row, veil = self._view.visualRect(index), QColor(tokens.BACKGROUND)
            veil.setAlpha(150)
            painter.fillRect(0, row.top(), width, row.height(), veil)
        if self.gap is not None:
            y = min(max(self.gap.y - 1, 0), self._view.viewport().height() - 2)
            painter.fillRect(0, y, width, 2, QColor(tokens.ACCENT))

    def _find_gap(self) -> None:
        index = self._view.indexAt(self._at)
        other = self._proxy.job_at(index)
        self.gap = None
        if other is not None and other.state is JobState.PENDING and self._job and other.id != self._job.id:
            row = self._view.visualRect(index)
            after = self._at.y() > row.center().y()
            self.gap = Gap(other.id, after, row.bottom() + 1 if after else row.top())
        own = other is not None and self._job is not None and other.id == self._job.id
        allowed = self.gap is not None or own
        self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor if allowed else Qt.CursorShape.ForbiddenCursor)
        self._view.viewport().update()

    def _scroll(self) -> None:
        y, height = self._at.y(), self._view.viewport().height()
        step = -_SCROLL_BY if y < _EDGE else _SCROLL_BY if y > height - _EDGE else 0
        if step:
            bar = self._view.verticalScrollBar()
            bar.setValue(bar.value() + step)
            self._find_gap()
