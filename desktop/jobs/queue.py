"""What the service needs of a queue and of a live feed; `tasks` provides both over Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from desktop.jobs.model import Job, Stage


class JobQueue(Protocol):
    """Hands pending jobs to a worker. Losing its content loses nothing: it is rebuilt from the library."""

    def publish(self, job: Job) -> None:
        """Ask for `job` to be run. Asking twice for one `(id, token)` does no harm.

        Never raises for an unreachable broker: the row is the truth, and reconciliation publishes it later.
        """
        ...

    def republish(self, jobs: Sequence[Job]) -> None:
        """Ask for these jobs, all that wait, in this order, in place of whatever was asked for before. Never raises."""
        ...

    def publish_draft(self, job: Job) -> None:
        """Ask for a draft of `job`, to be heard until its stems are there. Never raises; asking again does no harm."""
        ...

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        """Let the worker know where an unfinished job is listened to. To be told again every few seconds. Never raises."""
        ...


@dataclass(frozen=True)
class JobProgress:
    """How far the owner of a job has got."""

    job_id: str
    token: int
    stage: Stage
    progress: float
    """0 to 1 over the whole job, never falling; while downloading, of the download."""
    elapsed: float
    """Seconds since the claim."""
    left: float | None
    """Estimated seconds to go."""


@dataclass(frozen=True)
class JobChanged:
    """A job was added, changed its state, or was removed: read the row again."""

    job_id: str


@dataclass(frozen=True)
class DraftChanged:
    """More of a job's draft can be heard, or all of it."""

    job_id: str
    complete: bool


@dataclass(frozen=True)
class QueueChanged:
    """The queue was paused, or goes on."""

    paused: bool


JobEvent = JobProgress | JobChanged | DraftChanged | QueueChanged


class EventSink(Protocol):
    """Where job events are announced to whoever watches."""

    def emit(self, event: JobEvent) -> None:
        """Announce `event`. Never raises and never waits: events are for eyes, rows are the truth."""
        ...
