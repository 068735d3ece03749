"""How long the queue takes yet, reckoned from the pace of the song that is being separated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.jobs.model import Job, JobState

_TYPICAL_SONG = 240.0
"""Seconds; stands in for a length that is not known yet."""


def times_left(active: Sequence[Job]) -> Mapping[str, float]:
    """Seconds until each of the active jobs, in the order of the queue, is done; only those that can be told."""
    running = [job for job in active if job.state is JobState.PROCESSING and job.left is not None]
    if not running:
        return {}
    pace = sum(_pace(job) for job in running) / len(running)
    left = {job.id: job.left or 0.0 for job in running}
    total = max(left.values())
    for job in active:
        if job.state is JobState.PENDING:
            total += pace * (job.seconds or _TYPICAL_SONG) * (1.0 - job.progress)
            left[job.id] = total
    return left


def _pace(job: Job) -> float:
    """Seconds of work for a second of song."""
    return (job.elapsed + (job.left or 0.0)) / max(job.seconds or _TYPICAL_SONG, 1.0)


@dataclass(frozen=True)
class Batch:
    """The songs since the queue was last empty."""

    place: int
    """Which of them is being separated, from 1."""
    total: int
    progress: float
    """0 to 1 over all of them."""
    left: float | None
    """Seconds to go, once known."""
    running: bool
    """False while all of them wait."""


class BatchCount:
    """Counts songs from the first that enters an empty queue to the last that leaves it."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def of(self, jobs: Iterable[Job], active: Sequence[Job]) -> Batch | None:
        """Return the batch as it stands now, None when nothing is to be done."""
        if not active:
            self._ids.clear()
            return None
        self._ids.update(job.id for job in active)
        ended = [job for job in jobs if job.id in self._ids and job.state.ended]
        total = len(ended) + len(active)
        done = len(ended) + sum(job.progress for job in active)
        running = sum(job.state is JobState.PROCESSING for job in active)
        left = times_left(active)
        complete = len(left) == len(active)
        return Batch(
            min(len(ended) + max(running, 1), total),
            total,
            done / total,
            max(left.values()) if complete else None,
            running > 0,
        )


def batch_words(batch: Batch, paused: bool = False) -> tuple[str, str]:
    """Return what is going on, and how long it takes yet."""
    queued = "1 song queued" if batch.total == 1 else f"{batch.total} songs queued"
    if paused:
        return "Pausing…" if batch.running else f"Paused · {queued}", ""
    doing = f"Separating {batch.place} of {batch.total}" if batch.running else queued
    return doing, "" if batch.left is None else about(batch.left)


def about(seconds: float) -> str:
    """Return "about 6 min left". Rounded up: an estimate that is too long disappoints nobody."""
    if seconds < 60:
        return "under a minute left"
    minutes = int(-(-seconds // 60))
    if minutes < 100:
        return f"about {minutes} min left"
    return f"about {round(minutes / 60)} h left"

