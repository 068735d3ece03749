"""What window and terminal both say about jobs."""

from collections.abc import Sequence

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState

EXACT_SUM_DBFS = -250.0
"""Below this, source minus sum of stems has no difference at all."""
INAUDIBLE_DBFS = -80.0
"""Up to this the difference cannot be heard: it lies below what 13 bits resolve."""


def format_last_attempt(job: Job, name: str = "this song") -> str:
    """Return how the last attempt to separate the song again ended, in sentences; empty when there is nothing to say."""
    attempt = job.last_attempt
    if attempt is None:
        return ""
    if attempt.state is JobState.CANCELLED:
        return f"Separating {name} again was cancelled. Its earlier stems are kept."
    return f"{name[0].upper()}{name[1:]} could not be separated again. {attempt.error} Its earlier stems are kept."


def format_songs(jobs: Sequence[Job], kind: str = "") -> str:
    """Return “the title” of a single song, or their number: "3 songs", with a `kind` "3 finished songs"."""
    if len(jobs) == 1:
        return f"“{printable(jobs[0].title, 60)}”"
    return f"{len(jobs)} {kind} songs" if kind else f"{len(jobs)} songs"


def format_removal(jobs: Sequence[Job], kind: str = "") -> str:
    """Return what was removed, and what was not."""
    one = len(jobs) == 1
    stems = f" and {'its' if one else 'their'} stems" if any(job.stems for job in jobs) else ""
    untouched = "song file is untouched" if one else "song files are untouched"
    return f"Removed {format_songs(jobs, kind)}{stems}. The original {untouched}."


def format_stem_count(job: Job) -> str:
    """Return "4 stems"."""
    return "1 stem" if len(job.stems) == 1 else f"{len(job.stems)} stems"


def sums_exactly(job: Job) -> bool:
    """Return whether source minus sum of stems has no difference at all."""
    return job.null_dbfs is not None and job.null_dbfs <= EXACT_SUM_DBFS


def format_sum_check(job: Job) -> str:
    """Return how well the stems add up to the song; empty where that was not measured."""
    if job.null_dbfs is None:
        return ""
    if sums_exactly(job):
        return "add up exactly to the original"
    return "add up to the original" if job.null_dbfs <= INAUDIBLE_DBFS else "do not add up to the original"


def format_sum_difference(job: Job) -> str:
    """Return the measured difference between original and sum of stems; empty where there is none."""
    if job.null_dbfs is None or sums_exactly(job):
        return ""
    return f"The loudest difference to the original is {job.null_dbfs:.0f} dBFS.".replace("-", "−")
