"""User texts about jobs, shared by the window and the command line."""

from collections.abc import Sequence

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.text.plurals import format_count

EXACT_SUM_DBFS = -250.0
"""Null test results up to this level, in dBFS, mean that the stems sum exactly to the mixture."""
INAUDIBLE_DBFS = -80.0
"""Null test results up to this level, in dBFS, are inaudible: below the resolution of 13 bits."""


def format_last_attempt(job: Job, name: str = "this song") -> str:
    """Return sentences on how the last attempt to separate the track again ended; empty without such an attempt."""
    attempt = job.last_attempt
    if attempt is None:
        return ""
    if attempt.state is JobState.CANCELLED:
        return f"Separating {name} again was cancelled. Its earlier stems are kept."
    return f"{name[0].upper()}{name[1:]} could not be separated again. {attempt.error} Its earlier stems are kept."


def format_songs(jobs: Sequence[Job], kind: str = "") -> str:
    """Return the quoted title of a single job, or a count: "3 songs", with `kind` "3 finished songs"."""
    if len(jobs) == 1:
        return f"“{printable(jobs[0].title, 60)}”"
    return format_count(len(jobs), f"{kind} song" if kind else "song")


def format_removal(jobs: Sequence[Job], kind: str = "") -> str:
    """Return a sentence that says which songs were removed, and that the original files stay."""
    is_single = len(jobs) == 1
    stems = f" and {'its' if is_single else 'their'} stems" if any(job.stems for job in jobs) else ""
    untouched = "song file is untouched" if is_single else "song files are untouched"
    return f"Removed {format_songs(jobs, kind)}{stems}. The original {untouched}."


def format_stem_count(job: Job) -> str:
    """Return the number of stems as text, such as "4 stems"."""
    return format_count(len(job.stems), "stem")


def sums_exactly(job: Job) -> bool:
    """Return whether the null test found that the stems sum exactly to the mixture."""
    return job.null_dbfs is not None and job.null_dbfs <= EXACT_SUM_DBFS


def format_sum_check(job: Job) -> str:
    """Return how well the stems add up to the mixture; empty if that was not measured."""
    if job.null_dbfs is None:
        return ""
    if sums_exactly(job):
        return "add up exactly to the original"
    return "add up to the original" if job.null_dbfs <= INAUDIBLE_DBFS else "do not add up to the original"


def format_sum_difference(job: Job) -> str:
    """Return a sentence with the level of the difference between mixture and stems in dBFS; empty without one."""
    if job.null_dbfs is None or sums_exactly(job):
        return ""
    return f"The loudest difference to the original is {job.null_dbfs:.0f} dBFS.".replace("-", "−")
