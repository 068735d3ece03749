"""Dragging a pending job to another place in the queue.

It uses mouse events only, not Qt's drag and drop, which handles files from outside.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QApplication, QTableView

from desktop.jobs.model import Job, JobState
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.theme.palette import Colour, theme

_SCROLL_MARGIN_PX = 28
"""Distance from the upper or lower edge within which the table scrolls, in pixels."""
_SCROLL_INTERVAL_MS, _SCROLL_STEP_PX = 16, 6


@dataclass(frozen=True)
class DropTarget:
    """The place in the queue where the dragged job would be dropped."""

    job_id: str
    """The id of the job beside it."""
    is_after: bool
    """Whether it is after that job, not before it."""
    line_y: int
    """The y coordinate of the drop indicator in the viewport, in pixels."""


class RowDrag(QObject):
    """A drag of a pending job, from press to release. The view passes its mouse events on."""

    dropped = Signal(object, object)
    """A Job and the DropTarget that it was dropped at."""

    def __init__(self, view: QTableView, proxy: JobProxy) -> None:
        super().__init__(view)
        self._view = view
        self._proxy = proxy
        self._job: Job | None = None
        self._start_point = QPoint()
        self._current_point = QPoint()
        self._is_cancelled = False
        self.is_active = False
        self.drop_target: DropTarget | None = None
        self._scroll_timer = QTimer(self, interval=_SCROLL_INTERVAL_MS)
        self._scroll_timer.timeout.connect(self._scroll)

    def press(self, job: Job | None, point: QPoint) -> None:
        """Start tracking a press of the left button on `job`.

        The job can be dragged if it is pending and the table has the library's own order.
        """
        is_draggable = job is not None and job.state is JobState.PENDING and self._proxy.is_in_queue_order
        self._job, self._start_point = (job if is_draggable else None), point
        self._is_cancelled = False

    def move(self, point: QPoint) -> bool:
        """Track the pointer; return True if the drag takes the event, also after it was cancelled."""
        if self._job is None:
            return self._is_cancelled
        is_beyond_threshold = (point - self._start_point).manhattanLength() >= QApplication.startDragDistance()
        if not self.is_active and is_beyond_threshold:
            self.is_active = True
            self._scroll_timer.start()
            self._view.installEventFilter(self)
        if self.is_active:
            self._current_point = point
            self._update_drop_target()
        return self.is_active

    def release(self) -> bool:
        """End the drag and emit `dropped` if it has a target; return True if there was a drag, cancelled or not."""
        was_active, job, target = self.is_active or self._is_cancelled, self._job, self.drop_target
        self.cancel()
        self._is_cancelled = False
        if was_active and job is not None and target is not None:
            self.dropped.emit(job, target)
        return was_active

    def cancel(self) -> None:
        """Cancel the drag; the job keeps its place."""
        self._scroll_timer.stop()
        self._job, self.drop_target = None, None
        if self.is_active:
            self.is_active, self._is_cancelled = False, True  # the button is still down
            self._view.removeEventFilter(self)
            self._view.viewport().unsetCursor()
            self._view.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cancel the drag on Escape, and discard all other keys during a drag."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # otherwise the window would handle Escape as the shortcut of its search
            return True
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.cancel()
            return True
        return super().eventFilter(watched, event)

    def paint_drop_indicator(self, painter: QPainter) -> None:
        """Draw the line where the job would be dropped, and dim the row that is dragged."""
        if not self.is_active or self._job is None:
            return
        index = self._proxy.index_of(self._job.id)
        width = self._view.viewport().width()
        if index.isValid():
            row, dim_colour = self._view.visualRect(index), theme.colour(Colour.BACKGROUND)
            dim_colour.setAlpha(150)
            painter.fillRect(0, row.top(), width, row.height(), dim_colour)
        if self.drop_target is not None:
            y = min(max(self.drop_target.line_y - 1, 0), self._view.viewport().height() - 2)
            painter.fillRect(0, y, width, 2, theme.colour(Colour.ACCENT))

    def _update_drop_target(self) -> None:
        index = self._view.indexAt(self._current_point)
        other = self._proxy.job_at(index)
        self.drop_target = None
        if other is not None and other.state is JobState.PENDING and self._job and other.id != self._job.id:
            row = self._view.visualRect(index)
            is_after = self._current_point.y() > row.center().y()
            self.drop_target = DropTarget(other.id, is_after, row.bottom() + 1 if is_after else row.top())
        is_own_row = other is not None and self._job is not None and other.id == self._job.id
        is_allowed = self.drop_target is not None or is_own_row
        self._view.viewport().setCursor(
            Qt.CursorShape.ClosedHandCursor if is_allowed else Qt.CursorShape.ForbiddenCursor
        )
        self._view.viewport().update()

    def _scroll(self) -> None:
        y, height = self._current_point.y(), self._view.viewport().height()
        step = -_SCROLL_STEP_PX if y < _SCROLL_MARGIN_PX else _SCROLL_STEP_PX if y > height - _SCROLL_MARGIN_PX else 0
        if step:
            bar = self._view.verticalScrollBar()
            bar.setValue(bar.value() + step)
            self._update_drop_target()
