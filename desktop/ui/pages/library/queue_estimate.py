"""Estimates of the time left and the progress of the queue.

The speed of each job's model is used if known, otherwise the speed of the job in work.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.jobs.model import Job, JobState
from desktop.text.durations import format_rough_time_left
from desktop.text.plurals import format_count

_DEFAULT_LENGTH_S = 240.0
"""Length assumed for a track of unknown length."""
SpeedLookup = Callable[[Job], float | None]
"""Returns the expected seconds of work per second of track for a job, or None if unknown."""


def unknown_speed(_: Job) -> float | None:
    """Return None, for a library without measured speeds."""
    return None


def estimate_seconds_left(active_jobs: Sequence[Job], speed_of: SpeedLookup = unknown_speed) -> Mapping[str, float]:
    """Return the seconds until each of `active_jobs` is completed, by job id; the jobs are in queue order.

    A job whose time is unknown has no entry, and neither have the jobs behind it in the queue.
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
    """Return the speed of the jobs in work, from their time left and remaining length; None while unknown."""
    remaining_work = [
        (job.left, (1.0 - job.progress) * (job.seconds or _DEFAULT_LENGTH_S))
        for job in active_jobs
        if job.left is not None
    ]
    work_seconds = sum(left for left, _ in remaining_work)
    track_seconds = sum(length for _, length in remaining_work)
    return work_seconds / track_seconds if track_seconds > 0 else None


@dataclass(frozen=True)
class BatchProgress:
    """Progress of the jobs since the queue was last empty."""

    current_number: int
    """The number of the job that is being separated, from 1."""
    total: int
    progress: float
    """0 to 1, over all jobs of the batch."""
    seconds_left: float | None
    """Seconds until the batch ends; None while unknown."""
    is_running: bool
    """Whether any job is being separated."""


class BatchCounter:
    """Counts jobs from the first that enters an empty queue to the last that leaves it."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def count(
        self, jobs: Iterable[Job], active_jobs: Sequence[Job], seconds_left: Mapping[str, float]
    ) -> BatchProgress | None:
        """Return the progress of the current batch, or None if no job is active.

        `seconds_left` is the result of `estimate_seconds_left` for `active_jobs`.
        """
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
    """Return the status text of the batch, and the text of its time left, empty if unknown."""
    queued = f"{format_count(batch.total, 'song')} queued"
    if is_paused:
        return "Pausing…" if batch.is_running else f"Paused · {queued}", ""
    doing = f"Separating {batch.current_number} of {batch.total}" if batch.is_running else queued
    return doing, format_rough_time_left(batch.seconds_left)
