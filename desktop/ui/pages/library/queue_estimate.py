"""How long the queue takes yet: from the speed of each song's model, else from the song that is being separated."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.jobs.model import Job, JobState

_DEFAULT_LENGTH_S = 240.0
"""Seconds; stands in for a length that is not known yet."""


SpeedLookup = Callable[[Job], float | None]
"""Returns the seconds of work for a second of song that a job is likely to need, None where that is not known."""


def unknown_speed(_: Job) -> float | None:
    """Return None: nothing was ever measured."""
    return None


def estimate_seconds_left(active_jobs: Sequence[Job], speed_of: SpeedLookup = unknown_speed) -> Mapping[str, float]:
    """Return the seconds until each of the active jobs, in the order of the queue, is done.

    A job has no entry while its time cannot be told, and neither have those that wait behind it.
    """
    seconds_left: dict[str, float] = {}
    for job in active_jobs:
        if job.state is JobState.PROCESSING:
            job_seconds = job.left if job.left is not None else _estimate_job_seconds(job, speed_of(job))
            if job_seconds is None:
                return {}
            seconds_left[job.id] = job_seconds
    total = max(seconds_left.values(), default=0.0)
    measured_speed = _measure_speed(active_jobs)
    for job in active_jobs:
        if job.state is JobState.PENDING:
            job_seconds = _estimate_job_seconds(job, speed_of(job) or measured_speed)
            if job_seconds is None:
                break
            total += job_seconds
            seconds_left[job.id] = total
    return seconds_left


def _estimate_job_seconds(job: Job, speed: float | None) -> float | None:
    return None if speed is None else speed * (job.seconds or _DEFAULT_LENGTH_S) * (1.0 - job.progress)


def _measure_speed(active_jobs: Sequence[Job]) -> float | None:
    """Return the speed of what is being separated, by the time that its rest takes; None before that is known."""
    remaining = [
        (job.left, (1.0 - job.progress) * (job.seconds or _DEFAULT_LENGTH_S))
        for job in active_jobs
        if job.left is not None
    ]
    work_seconds, song_seconds = sum(left for left, _ in remaining), sum(rest for _, rest in remaining)
    return work_seconds / song_seconds if song_seconds > 0 else None


@dataclass(frozen=True)
class BatchProgress:
    """The songs since the queue was last empty."""

    current_number: int
    """Which of them is being separated, from 1."""
    total: int
    progress: float
    """0 to 1 over all of them."""
    seconds_left: float | None
    """Seconds to go, once known."""
    is_running: bool
    """False while all of them wait."""


class BatchCounter:
    """Counts songs from the first that enters an empty queue to the last that leaves it."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def count(
        self, jobs: Iterable[Job], active_jobs: Sequence[Job], seconds_left: Mapping[str, float]
    ) -> BatchProgress | None:
        """Return the batch as it stands now, None when nothing is to be done; `left` is of `estimate_seconds_left`."""
        if not active_jobs:
            self._ids.clear()
            return None
        self._ids.update(job.id for job in active_jobs)
        ended = [job for job in jobs if job.id in self._ids and job.state.has_ended]
        total = len(ended) + len(active_jobs)
        done = len(ended) + sum(job.progress for job in active_jobs)
        running_count = sum(job.state is JobState.PROCESSING for job in active_jobs)
        is_estimate_complete = all(job.id in seconds_left for job in active_jobs)
        return BatchProgress(
            min(len(ended) + max(running_count, 1), total),
            total,
            done / total,
            max(seconds_left[job.id] for job in active_jobs) if is_estimate_complete else None,
            running_count > 0,
        )


def format_batch(batch: BatchProgress, is_paused: bool = False) -> tuple[str, str]:
    """Return what is going on, and how long it takes yet."""
    queued = "1 song queued" if batch.total == 1 else f"{batch.total} songs queued"
    if is_paused:
        return "Pausing…" if batch.is_running else f"Paused · {queued}", ""
    doing = f"Separating {batch.current_number} of {batch.total}" if batch.is_running else queued
    return doing, "" if batch.seconds_left is None else format_time_left(batch.seconds_left)


def format_time_left(seconds: float) -> str:
    """Return "about 6 min left". Rounded up: an estimate that is too long disappoints nobody."""
    if seconds < 60:
        return "under a minute left"
    minutes = int(-(-seconds // 60))
    if minutes < 100:
        return f"about {minutes} min left"
    return f"about {round(minutes / 60)} h left"
