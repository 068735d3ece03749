"""Protocols of the queue and of the event feed, and the job events; `tasks` implements both over Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from desktop.jobs.export_job import ExportProgress
from desktop.jobs.model import AnalysisInput, Job, JobProgress


class JobQueue(Protocol):
    """Messages that hand pending jobs to a worker. If they are lost, they are rebuilt from the library."""

    def publish(self, job: Job) -> None:
        """Publish a message to separate `job`. A second message for the same `(id, token)` does no harm.

        Never raises: if the broker is unreachable, reconciliation publishes the message later.
        """
        ...

    def republish(self, jobs: Sequence[Job]) -> None:
        """Replace the waiting messages by messages for `jobs`, all due jobs in queue order. Never raises."""
        ...

    def publish_draft(self, job: Job) -> None:
        """Publish a message to make a draft of `job`. A second message does no harm. Never raises."""
        ...

    def publish_analysis(self, job_id: str) -> None:
        """Publish a message to analyse the song of a job. A second message does no harm. Never raises."""
        ...

    def publish_export(self) -> None:
        """Publish a message that an export waits. A second message does no harm. Never raises."""
        ...

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        """Publish the playhead of an unfinished job in seconds. Call this every few seconds. Never raises."""
        ...


@dataclass(frozen=True)
class JobChanged:
    """A job was added, changed or removed: read its row again."""

    job_id: str


@dataclass(frozen=True)
class DraftChanged:
    """A job's draft has a new segment, or is complete."""

    job_id: str
    complete: bool


@dataclass(frozen=True)
class AnalysisChanged:
    """A song has a new analysis, and its row another tempo and key: read both again."""

    job_id: str
    analysed: AnalysisInput


@dataclass(frozen=True)
class QueueChanged:
    """The queue was paused or resumed."""

    paused: bool


@dataclass(frozen=True)
class ExportChanged:
    """An export was started, has ended, or has one more result: read its row again."""

    export_id: str


JobEvent = JobProgress | JobChanged | DraftChanged | AnalysisChanged | QueueChanged | ExportProgress | ExportChanged


class EventSink(Protocol):
    """Receiver of job events."""

    def emit(self, event: JobEvent) -> None:
        """Emit `event`. Never raises and never waits: events may be lost, rows are the truth."""
        ...
