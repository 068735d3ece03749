"""How long the queue takes yet: from the speed of each song's model, else from the song that is being separated."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.jobs.model import Job, JobState

_TYPICAL_SONG = 240.0
"""Seconds; stands in for a length that is not known yet."""


SpeedOf = Callable[[Job], float | None]
"""Returns the seconds of work for a second of song that a job is likely to need, None where that is not known."""


def unknown_speed(_: Job) -> float | None:
    """Return None: nothing was ever measured."""
    return None


def times_left(active: Sequence[Job], speed_of: SpeedOf = unknown_speed) -> Mapping[str, float]:
    """Return the seconds until each of the active jobs, in the order of the queue, is done.

    A job has no entry while its time cannot be told, and neither have those that wait behind it.
    """
    left: dict[str, float] = {}
    for job in active:
        if job.state is JobState.PROCESSING:
            own = job.left if job.left is not None else _expected(job, speed_of(job))
            if own is None:
                return {}
            left[job.id] = own
    total = max(left.values(), default=0.0)
    measured = _measured(active)
    for job in active:
        if job.state is JobState.PENDING:
            own = _expected(job, speed_of(job) or measured)
            if own is None:
                break
            total += own
            left[job.id] = total
    return left


def _expected(job: Job, speed: float | None) -> float | None:
    return None if speed is None else speed * (job.seconds or _TYPICAL_SONG) * (1.0 - job.progress)


def _measured(active: Sequence[Job]) -> float | None:
    """Return the speed of what is being separated, by the time that its rest takes; None before that is known."""
    rests = [(job.left, (1.0 - job.progress) * (job.seconds or _TYPICAL_SONG)) for job in active if job.left is not None]
    work, song = sum(left for left, _ in rests), sum(rest for _, rest in rests)
    return work / song if song > 0 else None


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

    def of(self, jobs: Iterable[Job], active: Sequence[Job], left: Mapping[str, float]) -> Batch | None:
        """Return the batch as it stands now, None when nothing is to be done; `left` is of `times_left`."""
        if not active:
            self._ids.clear()
            return None
        self._ids.update(job.id for job in active)
        ended = [job for job in jobs if job.id in self._ids and job.state.ended]
        total = len(ended) + len(active)
        done = len(ended) + sum(job.progress for job in active)
        running = sum(job.state is JobState.PROCESSING for job in active)
        complete = all(job.id in left for job in active)
        return Batch(
            min(len(ended) + max(running, 1), total),
            total,
            done / total,
            max(left[job.id] for job in active) if complete else None,
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

