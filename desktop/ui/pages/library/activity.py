"""Tracker of active work: for the window, the tray, notifications, the sleep guard and the quit policy."""

from PySide6.QtCore import QModelIndex, QObject, Signal

from desktop.jobs.model import Job, JobState
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.queue_estimate import BatchProgress


class ActivityTracker(QObject):
    """Counts separations, imports and the batch: the jobs from the first in an empty queue to the last that leaves it.

    It follows each change of a row and never looks at all rows.
    """

    membership_changed = Signal()
    """Jobs were added, removed, paused, started or ended, or their order, the paused state or a service fault
    changed, or an import began or ended."""
    progress_changed = Signal()
    """Only the progress or the time left of running jobs changed."""

    def __init__(self, table_model: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table_model = table_model
        self._batch_ids: set[str] = set()
        self._ended_ids: set[str] = set()
        self._is_paused = False
        self._is_importing = False
        self._has_fault = False
        table_model.job_changed.connect(self._follow_job)
        table_model.rowsAboutToBeRemoved.connect(self._forget_rows)
        table_model.queue_changed.connect(self._follow_queue)
        table_model.progress_changed.connect(self.progress_changed)

    @property
    def is_processing(self) -> bool:
        """Whether a job is being separated now."""
        return self._table_model.queue.running_count > 0

    @property
    def has_active_jobs(self) -> bool:
        """Whether jobs are being separated or pending without being paused."""
        return self._table_model.queue.active_count > 0

    @property
    def active_count(self) -> int:
        """Number of jobs that are being separated now or will be without further user action.

        Pending jobs are not counted while the queue is paused or a service has a fault.
        """
        queue = self._table_model.queue
        return queue.running_count if self._is_paused or self._has_fault else queue.active_count

    @property
    def is_active(self) -> bool:
        """Whether jobs are active or files are being copied into the library."""
        return self._is_importing or self.active_count > 0

    @property
    def batch(self) -> BatchProgress | None:
        """Progress of the current batch, or None if no job is active."""
        queue, ended_count = self._table_model.queue, len(self._ended_ids)
        if not queue.active_count:
            return None
        total = ended_count + queue.active_count
        return BatchProgress(
            min(ended_count + max(queue.running_count, 1), total),
            total,
            (ended_count + queue.progress_sum) / total,
            queue.total_seconds_left,
            queue.running_count > 0,
        )

    def set_queue_paused(self, is_paused: bool) -> None:
        """Set whether the queue is paused."""
        self._is_paused = is_paused
        self.membership_changed.emit()

    def set_importing(self, is_importing: bool) -> None:
        """Set whether files are being copied into the library."""
        self._is_importing = is_importing
        self.membership_changed.emit()

    def set_trouble(self, message: str) -> None:
        """Set the sentence about a fault of Redis or the worker; empty without one."""
        self._has_fault = bool(message)
        self.membership_changed.emit()

    def _follow_job(self, job: Job) -> None:
        if not job.state.has_ended:
            self._ended_ids.discard(job.id)
            if job.state is JobState.PROCESSING or not job.paused:
                self._batch_ids.add(job.id)
        elif job.id in self._batch_ids:
            self._ended_ids.add(job.id)

    def _forget_rows(self, _: QModelIndex, first: int, last: int) -> None:
        self._ended_ids.difference_update(self._table_model.job_at_row(row).id for row in range(first, last + 1))

    def _follow_queue(self) -> None:
        if not self.has_active_jobs:
            self._batch_ids.clear()
            self._ended_ids.clear()
        self.membership_changed.emit()
