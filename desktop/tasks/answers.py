"""What a task answers: for callers and logs, the row is the truth."""

from desktop.jobs.model import Job, JobState

Answer = dict[str, str]

COMPLETED: Answer = {"status": JobState.COMPLETED.value}
CANCELLED: Answer = {"status": JobState.CANCELLED.value}
WAITING: Answer = {"status": JobState.PENDING.value}
"""It was begun, and waits to go on: paused, out of time, or until its next try."""
DROPPED: Answer = {"status": "dropped"}
"""The library has no such job, or another process owns it now."""


def failed(sentence: str) -> Answer:
    """It cannot be done, and why."""
    return {"status": JobState.FAILED.value, "error": sentence}


def outcome(job: Job) -> Answer:
    """Return what the row says of a job that another run has ended, or may end."""
    return failed(job.error or "") if job.state is JobState.FAILED else {"status": job.state.value}
