"""What window and terminal both say about jobs."""

from collections.abc import Sequence

from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState


def attempt_words(job: Job, name: str = "this song") -> str:
    """Return how the last attempt to separate the song again ended, in sentences; empty when there is nothing to say."""
    attempt = job.last_attempt
    if attempt is None:
        return ""
    if attempt.state is JobState.CANCELLED:
        return f"Separating {name} again was cancelled. Its earlier stems are kept."
    return f"{name[0].upper()}{name[1:]} could not be separated again. {attempt.error} Its earlier stems are kept."


def named(jobs: Sequence[Job], kind: str = "") -> str:
    """Return “the title” of a single song, or their number: "3 songs", with a `kind` "3 finished songs"."""
    if len(jobs) == 1:
        return f"“{shown(jobs[0].title, 60)}”"
    return f"{len(jobs)} {kind} songs" if kind else f"{len(jobs)} songs"


def removed_words(jobs: Sequence[Job], kind: str = "") -> str:
    """Return what was removed, and what was not."""
    one = len(jobs) == 1
    stems = f" and {'its' if one else 'their'} stems" if any(job.stems for job in jobs) else ""
    untouched = "song file is untouched" if one else "song files are untouched"
    return f"Removed {named(jobs, kind)}{stems}. The original {untouched}."
