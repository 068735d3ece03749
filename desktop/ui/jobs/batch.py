"""Batches: the songs from the first that enters an empty queue to the last that leaves it, and how they ended."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from desktop.jobs.model import Job, JobState
from desktop.ui.jobs.job_model import JobTableModel


@dataclass(frozen=True)
class BatchResult:
    """How the songs of a batch ended. Cancelled and removed ones are in neither list."""

    done: tuple[Job, ...]
    failed: tuple[Job, ...]
    """Also songs that could not be separated again, and keep their earlier stems."""


class BatchTracker(QObject):
    """Follows the rows of the table. What had ended before is in no batch."""

    failed_first = Signal(object)
    """The first Job of a batch that failed: later failures are told together with the end."""
    ended = Signal(object)
    """The BatchResult of a batch in which any song was done or failed."""

    def __init__(self, jobs: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._open: set[str] = set()
        self._done: dict[str, Job] = {}
        self._failed: dict[str, Job] = {}
        self._told_failure = False
        self._adding = False
        jobs.job_changed.connect(self._take)
        jobs.queue_changed.connect(self._look)

    def show_adding(self, adding: bool) -> None:
        """Note whether songs are being copied into the library: a batch does not end while more of it may come."""
        self._adding = adding
        self._look()

    def _take(self, job: Job) -> None:
        if not job.state.ended:
            self._open.add(job.id)
            self._done.pop(job.id, None)
            self._failed.pop(job.id, None)
        elif job.id in self._open:
            self._open.discard(job.id)
            self._note_end(job)

    def _note_end(self, job: Job) -> None:
        attempt = job.last_attempt or job
        if attempt.state is JobState.COMPLETED:
            self._done[job.id] = job
        elif attempt.state is JobState.FAILED:
            self._failed[job.id] = job
            if not self._told_failure:
                self._told_failure = True
                self.failed_first.emit(job)

    def _look(self) -> None:
        if self._adding or self._jobs.active:
            return
        result = BatchResult(tuple(self._done.values()), tuple(self._failed.values()))
        self._open.clear()
        self._done, self._failed = {}, {}
        self._told_failure = False
        if result.done or result.failed:
            self.ended.emit(result)
