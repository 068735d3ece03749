"""What a task answers: for callers and logs, the row is the truth."""

from desktop.jobs.model import JobState

Answer = dict[str, str]

COMPLETED: Answer = {"status": JobState.COMPLETED.value}
CANCELLED: Answer = {"status": JobState.CANCELLED.value}
WAITING: Answer = {"status": JobState.PENDING.value}
"""It was begun, and waits to go on: paused, out of time, or until its next try."""
DROPPED: Answer = {"status": "dropped"}
"""There was nothing to do, or somebody else does it."""


def failed(sentence: str) -> Answer:
    """It cannot be done, and why."""
    return {"status": JobState.FAILED.value, "error": sentence}
