"""Outcome of each batch of jobs.

A batch lasts from the first job that enters an empty queue to the last that leaves it.
"""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from desktop.jobs.model import Job, JobState
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.job_model import JobTableModel


@dataclass(frozen=True)
class BatchResult:
    """Completed and failed jobs of a batch; cancelled and removed jobs are in neither tuple."""

    completed: tuple[Job, ...]
    failed: tuple[Job, ...]
    """Includes jobs whose repeated separation failed and that keep their earlier stems."""


class BatchTracker(QObject):
    """Collects batch results from the job table; jobs that had ended before it first saw them are in no batch."""

    job_completed = Signal(object)
    """A Job that was separated."""
    job_failed = Signal(object)
    """A Job that could not be separated, or not again."""
    first_failure = Signal(object)
    """The first Job of a batch that failed; later failures are reported with `batch_ended`."""
    batch_ended = Signal(object)
    """The BatchResult of a batch in which at least one job completed or failed."""

    def __init__(self, table_model: JobTableModel, activity: ActivityTracker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._activity = activity
        self._active_ids: set[str] = set()
        self._completed: dict[str, Job] = {}
        self._failed: dict[str, Job] = {}
        self._is_failure_reported = False
        self._is_importing = False
        table_model.job_changed.connect(self._track_job)
        activity.membership_changed.connect(self._check_batch_end)

    def set_importing(self, is_importing: bool) -> None:
        """Set whether tracks are being imported; a batch does not end while more jobs may join it."""
        self._is_importing = is_importing
        self._check_batch_end()

    def _track_job(self, job: Job) -> None:
        if not job.state.has_ended:
            self._active_ids.add(job.id)
            self._completed.pop(job.id, None)
            self._failed.pop(job.id, None)
        elif job.id in self._active_ids:
            self._active_ids.discard(job.id)
            self._record_outcome(job)

    def _record_outcome(self, job: Job) -> None:
        attempt = job.last_attempt or job
        if attempt.state is JobState.COMPLETED:
            self._completed[job.id] = job
            self.job_completed.emit(job)
        elif attempt.state is JobState.FAILED:
            self._failed[job.id] = job
            self.job_failed.emit(job)
            if not self._is_failure_reported:
                self._is_failure_reported = True
                self.first_failure.emit(job)

    def _check_batch_end(self) -> None:
        if self._is_importing or self._activity.has_active_jobs:
            return
        result = BatchResult(tuple(self._completed.values()), tuple(self._failed.values()))
        self._active_ids.clear()
        self._completed, self._failed = {}, {}
        self._is_failure_reported = False
        if result.completed or result.failed:
            self.batch_ended.emit(result)
