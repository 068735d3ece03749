"""Brings job events from the backend's thread into the window's."""

from PySide6.QtCore import QObject, Signal

from desktop.jobs.queue import DraftGrew, JobEvent, JobProgress, QueueChanged


class JobFeed(QObject):
    """Live news of jobs, as signals. Whoever receives them lives in the window's thread, so Qt queues them there."""

    progressed = Signal(JobProgress)
    """How far a job has got."""
    changed = Signal(str)
    """The id of a job whose row is to be read again."""
    paused = Signal(bool)
    """The queue was paused, or goes on."""
    draft_grew = Signal(str)
    """The id of a job of whose draft more can be heard."""
    gap = Signal()
    """News may have been missed: everything is to be read again."""
    trouble = Signal(str)
    """A sentence about Redis or the worker; empty when all is well again."""

    def deliver(self, event: JobEvent) -> None:
        """Pass an event on. May be called from any thread."""
        if isinstance(event, JobProgress):
            self.progressed.emit(event)
        elif isinstance(event, DraftGrew):
            self.draft_grew.emit(event.job_id)
        elif isinstance(event, QueueChanged):
            self.paused.emit(event.paused)
        else:
            self.changed.emit(event.job_id)
