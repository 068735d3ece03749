"""What somebody who does not look at the window would like to know of the songs: failures, and that all are done."""

from dataclasses import dataclass

from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState


@dataclass(frozen=True)
class News:
    """One notification."""

    heading: str
    words: str


class BatchNews:
    """Follows songs from the first that enters an empty queue to the last that leaves it.

    The first failure of a batch is told at once, later ones together with its end: a hundred broken files are told
    twice, not a hundred times.
    """

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._completed: dict[str, Job] = {}
        self._failed: dict[str, Job] = {}
        self._told_failure = False

    def change(self, job: Job) -> News | None:
        """Take a song as it is now. What is to be told at once."""
        if not job.state.ended:
            self._open.add(job.id)
            self._completed.pop(job.id, None)
            self._failed.pop(job.id, None)
            return None
        if job.id not in self._open:
            return None  # it ended before anybody watched
        self._open.discard(job.id)
        attempt = job.last_attempt or job
        if attempt.state is JobState.COMPLETED:
            self._completed[job.id] = job
        elif attempt.state is JobState.FAILED:
            self._failed[job.id] = job
            if not self._told_failure:
                self._told_failure = True
                again = " again" if job.last_attempt else ""
                return News(f"“{shown(job.title)}” could not be separated{again}", attempt.error or "")
        return None

    def end(self) -> News | None:
        """Take note that the queue is empty. What is to be told of the batch."""
        news = self._summary()
        self._open.clear()
        self._completed.clear()
        self._failed.clear()
        self._told_failure = False
        return news

    def _summary(self) -> News | None:
        done, failed = list(self._completed.values()), len(self._failed)
        if not done and failed < 2:
            return None  # nothing ended, or it has been told already
        if not done:
            return News(f"{failed} songs could not be separated", "The list says why.")
        words = "" if not failed else f"{_songs(failed)} could not be separated. The list says why."
        if len(done) == 1:
            return News(f"“{shown(done[0].title)}” is separated", words or "Its stems are ready.")
        return News(f"{len(done)} songs are separated", words or "Their stems are ready.")


def _songs(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"
