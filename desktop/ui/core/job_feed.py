"""Brings job events from the backend's thread into the window's."""

from PySide6.QtCore import QObject, Signal

from desktop.jobs.queue import DraftChanged, JobEvent, JobProgress, QueueChanged


class JobFeed(QObject):
    """Live news of jobs, as signals. Whoever receives them lives in the window's thread, so Qt queues them there."""

    progressed = Signal(JobProgress)
    """How far a job has got."""
    job_changed = Signal(str)
    """The id of a job whose row is to be read again."""
    paused_changed = Signal(bool)
    """The queue was paused, or goes on."""
    draft_extended = Signal(str)
    """The id of a job of whose draft more can be heard."""
    events_missed = Signal()
    """News may have been missed: everything is to be read again."""
    trouble_changed = Signal(str)
    """A sentence about Redis or the worker; empty when all is well again."""

    def deliver(self, event: JobEvent) -> None:
        """Pass an event on. May be called from any thread."""
        if isinstance(event, JobProgress):
            self.progressed.emit(event)
        elif isinstance(event, DraftChanged):
            self.draft_extended.emit(event.job_id)
        elif isinstance(event, QueueChanged):
            self.paused_changed.emit(event.paused)
        else:
            self.job_changed.emit(event.job_id)
