"""The table's own order: what runs, then what is queued in the order of the queue, then what ended, newest first."""

from datetime import datetime

from desktop.jobs.model import Job, JobState

# Keys are compared as texts of equal length: positions may be negative, and the newest end comes first.
_OFFSET = 10**17
_DIGITS = 18


def queue_key(job: Job) -> str:
    """Return a text that sorts as the jobs stand in the table."""
    match job.state:
        case JobState.PROCESSING:
            section, number = 0, _micros(job.started or job.added)
        case JobState.PENDING:
            section, number = 1, job.position
        case _:
            section, number = 2, -_micros(job.ended or job.added)
    # Songs that ended together, as in a library of before, stand as they were added.
    return f"{section} {number + _OFFSET:0{_DIGITS}d} {_micros(job.added):0{_DIGITS}d}"


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
