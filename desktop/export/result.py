"""Progress and result of an export."""

from dataclasses import dataclass, field
from pathlib import Path

from desktop.jobs.model import Job
from desktop.text.message import Message

NO_STEMS_REASON = Message("It has no stems yet.")


@dataclass(frozen=True)
class ExportProgress:
    """Progress of an export."""

    songs_done: int
    """Number of jobs that are exported or skipped."""
    songs_total: int
    fraction: float
    """Progress over all jobs, 0 to 1, weighted by the bytes of their stems."""
    seconds_left: float | None
    """Estimated remaining seconds; None while unknown."""


@dataclass
class ExportResult:
    """Result of an export."""

    folder: Path
    file_format: str
    """Name of the requested audio format."""
    exported: list[tuple[Job, tuple[Path, ...]]] = field(default_factory=list)
    """Exported jobs with their files, in the order of `Job.stems`."""
    skipped: list[tuple[Job, Message]] = field(default_factory=list)
    """Jobs that could not be exported, with the reason as a sentence."""
    cancelled: bool = False
    error: Message | None = None
    """Reason why the folder cannot be written, as a sentence; the remaining jobs were not started."""

    @property
    def file_count(self) -> int:
        """Number of files written."""
        return sum(len(files) for _, files in self.exported)
