"""User texts about jobs, shared by the window and the command line."""

from collections.abc import Sequence

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.stage import Stage
from desktop.text.message import Message, tr, tr_count

EXACT_SUM_DBFS = -250.0
"""Null test results up to this level, in dBFS, mean that the stems sum exactly to the mixture."""
STAGE_TEXTS = {
    Stage.DOWNLOADING: Message("downloading the model"),
    Stage.DECODING: Message("decoding"),
    Stage.SEPARATING: Message("separating"),
    Stage.WRITING: Message("writing"),
}
UNKNOWN_REASON = Message("The reason is unknown.")
OUT_OF_MEMORY_MESSAGE = Message(
    "There was not enough memory to separate this song, even in shorter segments. Close other programs, then try again."
)
INAUDIBLE_DBFS = -80.0
"""Null test results up to this level, in dBFS, are inaudible: below the resolution of 13 bits."""


def format_last_attempt(job: Job, title: str = "") -> str:
    """Return sentences on how the last attempt to separate the track again ended; empty without such an attempt.

    They name the song by `title`, or say "this song" if it is empty.
    """
    attempt = job.last_attempt
    if attempt is None:
        return ""
    if attempt.state is JobState.CANCELLED:
        if title:
            return tr("Separating “{title}” again was cancelled. Its earlier stems are kept.", title=title)
        return tr("Separating this song again was cancelled. Its earlier stems are kept.")
    reason = attempt.error or UNKNOWN_REASON
    if title:
        return tr(
            "“{title}” could not be separated again. {reason} Its earlier stems are kept.", title=title, reason=reason
        )
    return tr("This song could not be separated again. {reason} Its earlier stems are kept.", reason=reason)


def format_songs(jobs: Sequence[Job]) -> str:
    """Return the quoted title of a single job, or a count: "3 songs"."""
    if len(jobs) == 1:
        return tr("“{title}”", title=printable(jobs[0].title, 60))
    return tr_count("{count} song", "{count} songs", len(jobs))


def format_finished_songs(jobs: Sequence[Job]) -> str:
    """Return the quoted title of a single job, or a count: "3 finished songs"."""
    if len(jobs) == 1:
        return format_songs(jobs)
    return tr_count("{count} finished song", "{count} finished songs", len(jobs))


def format_removal(jobs: Sequence[Job], songs: str = "") -> str:
    """Return a sentence that says which songs were removed, and that the original files stay.

    `songs` names them; by default it is `format_songs(jobs)`.
    """
    songs = songs or format_songs(jobs)
    if not any(job.stems for job in jobs):
        return tr_count(
            "Removed {songs}. The original song file is untouched.",
            "Removed {songs}. The original song files are untouched.",
            len(jobs),
            songs=songs,
        )
    return tr_count(
        "Removed {songs} and its stems. The original song file is untouched.",
        "Removed {songs} and their stems. The original song files are untouched.",
        len(jobs),
        songs=songs,
    )


def format_stem_count(job: Job) -> str:
    """Return the number of stems as text, such as "4 stems"."""
    return tr_count("{count} stem", "{count} stems", len(job.stems))


def sums_exactly(job: Job) -> bool:
    """Return whether the null test found that the stems sum exactly to the mixture."""
    return job.null_dbfs is not None and job.null_dbfs <= EXACT_SUM_DBFS


def format_sum_check(job: Job) -> str:
    """Return how well the stems add up to the mixture; empty if that was not measured."""
    if job.null_dbfs is None:
        return ""
    if sums_exactly(job):
        return tr("add up exactly to the original")
    if job.null_dbfs <= INAUDIBLE_DBFS:
        return tr("add up to the original")
    return tr("do not add up to the original")


def format_sum_difference(job: Job) -> str:
    """Return a sentence with the level of the difference between mixture and stems in dBFS; empty without one."""
    if job.null_dbfs is None or sums_exactly(job):
        return ""
    level = f"{job.null_dbfs:.0f}".replace("-", "−")
    return tr("The loudest difference to the original is {level} dBFS.", level=level)
