"""What window and terminal both say about jobs."""

from collections.abc import Sequence

from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState

NULL_EXACT = -250.0
"""Below this, source minus sum of stems has no difference at all."""
CLOSE = -80.0
"""Up to this the difference cannot be heard: it lies below what 13 bits resolve."""


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


def stem_count(job: Job) -> str:
    """Return "4 stems"."""
    return "1 stem" if len(job.stems) == 1 else f"{len(job.stems)} stems"


def sums_exactly(job: Job) -> bool:
    """Return whether source minus sum of stems has no difference at all."""
    return job.null_dbfs is not None and job.null_dbfs <= NULL_EXACT


def sum_words(job: Job) -> str:
    """Return how well the stems add up to the song; empty where that was not measured."""
    if job.null_dbfs is None:
        return ""
    if sums_exactly(job):
        return "add up exactly to the original"
    return "add up to the original" if job.null_dbfs <= CLOSE else "do not add up to the original"


def sum_figure(job: Job) -> str:
    """Return the measured difference between original and sum of stems; empty where there is none."""
    if job.null_dbfs is None or sums_exactly(job):
        return ""
    return f"The loudest difference to the original is {job.null_dbfs:.0f} dBFS.".replace("-", "−")
