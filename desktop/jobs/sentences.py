"""What window and terminal both say about jobs."""

from desktop.jobs.model import Job, JobState


def attempt_words(job: Job, name: str = "this song") -> str:
    """Return how the last attempt to separate the song again ended, in sentences; empty when there is nothing to say."""
    attempt = job.last_attempt
    if attempt is None:
        return ""
    if attempt.state is JobState.CANCELLED:
        return f"Separating {name} again was cancelled. Its earlier stems are kept."
    return f"{name[0].upper()}{name[1:]} could not be separated again. {attempt.error} Its earlier stems are kept."
