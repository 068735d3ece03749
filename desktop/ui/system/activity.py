"""Tracker of active work, for the quit policy and the sleep guard."""

from PySide6.QtCore import QObject, Signal

from desktop.jobs.model import JobState
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.pages.library.controller import LibraryController


class ActivityTracker(QObject):
    """Tracks separations and imports, based on the rows of the job table."""

    changed = Signal()
    """Emitted when work starts, ends or makes progress."""

    def __init__(self, library: LibraryController, feed: JobFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = library.table_model
        self._is_paused = False
        self._is_importing = False
        self._has_trouble = False
        library.refresher.queue_paused_changed.connect(self._set_paused)
        library.import_queue.busy_changed.connect(self._set_importing)
        feed.trouble_changed.connect(self._set_trouble)
        self._jobs.queue_changed.connect(self.changed)

    @property
    def is_processing(self) -> bool:
        """Whether a job is being separated now."""
        return any(job.state is JobState.PROCESSING for job in self._jobs.jobs)

    @property
    def active_count(self) -> int:
        """Number of jobs that are being separated now or will be without further user action.

        Pending jobs are not counted while the queue is paused or the feed reports trouble.
        """
        if self._is_paused or self._has_trouble:
            return sum(job.state is JobState.PROCESSING for job in self._jobs.jobs)
        return len(self._jobs.active_jobs)

    @property
    def is_active(self) -> bool:
        """Whether jobs are active or files are being copied into the library."""
        return self._is_importing or self.active_count > 0

    def _set_paused(self, paused: bool) -> None:
        self._is_paused = paused
        self.changed.emit()

    def _set_importing(self, busy: bool) -> None:
        self._is_importing = busy
        self.changed.emit()

    def _set_trouble(self, message: str) -> None:
        self._has_trouble = bool(message)
        self.changed.emit()
