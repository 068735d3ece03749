"""Job events, passed from the backend's thread to the GUI thread."""

from PySide6.QtCore import QObject, Signal

from desktop.jobs.export_job import ExportProgress
from desktop.jobs.model import JobProgress
from desktop.jobs.queue import AnalysisChanged, DraftChanged, ExportChanged, JobEvent, QueueChanged


class JobFeed(QObject):
    """Job events as Qt signals.

    The receivers belong to the GUI thread, so Qt queues the signals there.
    """

    progressed = Signal(JobProgress)
    """The progress of a processing job."""
    job_changed = Signal(str)
    """The id of a job whose database row changed."""
    paused_changed = Signal(bool)
    """Whether the queue is paused now."""
    draft_extended = Signal(str)
    """The id of a job whose draft has grown."""
    analysis_changed = Signal(str)
    """The id of a job whose song has a new analysis; `job_changed` is emitted, too."""
    export_progressed = Signal(ExportProgress)
    """The progress of an export."""
    export_changed = Signal(str)
    """The id of an export whose row changed."""
    events_missed = Signal()
    """Events may have been lost; read all rows again."""
    trouble_changed = Signal(str)
    """A sentence about a fault of Redis or the worker; empty once it is resolved."""

    def deliver(self, event: JobEvent) -> None:
        """Emit the signal for an event. May be called from any thread."""
        if isinstance(event, JobProgress):
            self.progressed.emit(event)
        elif isinstance(event, DraftChanged):
            self.draft_extended.emit(event.job_id)
        elif isinstance(event, QueueChanged):
            self.paused_changed.emit(event.paused)
        elif isinstance(event, ExportProgress):
            self.export_progressed.emit(event)
        elif isinstance(event, ExportChanged):
            self.export_changed.emit(event.export_id)
        else:
            if isinstance(event, AnalysisChanged):
                self.analysis_changed.emit(event.job_id)
            self.job_changed.emit(event.job_id)
