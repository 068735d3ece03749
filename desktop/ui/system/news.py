"""What somebody who does not look at the window would like to know of the songs: failures, and that all are done."""

from dataclasses import dataclass

from desktop.audio.names import shown
from desktop.jobs.model import Job
from desktop.ui.jobs.batch import BatchResult


@dataclass(frozen=True)
class News:
    """One notification."""

    heading: str
    words: str


def failure_news(job: Job) -> News:
    """Return the notification of the first failure of a batch.

    Later failures are told together with the batch's end: a hundred broken files are told twice, not a hundred times.
    """
    attempt, again = job.last_attempt or job, " again" if job.last_attempt else ""
    return News(f"“{shown(job.title)}” could not be separated{again}", attempt.error or "")


def batch_news(result: BatchResult) -> News | None:
    """Return the notification of a batch's end, None when `failure_news` has told it already."""
    done, failed = result.done, len(result.failed)
    if not done and failed < 2:
        return None
    if not done:
        return News(f"{failed} songs could not be separated", "The list says why.")
    words = "" if not failed else f"{_songs(failed)} could not be separated. The list says why."
    if len(done) == 1:
        return News(f"“{shown(done[0].title)}” is separated", words or "Its stems are ready.")
    return News(f"{len(done)} songs are separated", words or "Their stems are ready.")


def _songs(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"
