"""Running and waiting jobs in queue order, with the songs ahead and the time left of each.

Progress of a running job costs the same however long the queue is: each waiting job keeps the work ahead of it, and its
time left is computed from that when it is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop.jobs.model import Job, JobState

_DEFAULT_LENGTH_S = 240.0
"""Length assumed for a track of unknown length."""
SpeedLookup = Callable[[Job], float | None]
"""Returns the expected seconds of work per second of track for a job, or None if unknown."""


@dataclass(frozen=True)
class _Place:
    """Place of a waiting job: what must be done before it is completed, apart from the running jobs."""

    songs_ahead: int
    known_seconds: float
    """Seconds of work on the jobs whose speed is known."""
    unmeasured_length: float
    """Seconds of track of the jobs whose speed is not known."""


class ActiveQueue:
    """The jobs that are processing, and the pending ones that are not paused.

    The speed of each job's model is used if known, otherwise the speed of the running jobs.
    """

    def __init__(self, speed_of: SpeedLookup) -> None:
        self._speed_of = speed_of
        self._unfinished: dict[str, Job] = {}
        self._is_sorted = True
        self._running: dict[str, Job] = {}
        self._places: dict[str, _Place] = {}
        self._retrying_ids: tuple[str, ...] = ()
        self._waiting_progress = 0.0
        self._running_seconds: dict[str, float | None] = {}
        self._seconds_until_next_start: float | None = 0.0
        self._measured_speed: float | None = None

    @property
    def running_count(self) -> int:
        """Number of processing jobs."""
        return len(self._running)

    @property
    def active_count(self) -> int:
        """Number of processing jobs and pending jobs that are not paused."""
        return len(self._running) + len(self._places)

    @property
    def active_ids(self) -> Sequence[str]:
        """Ids of the processing jobs, then of the pending jobs that are not paused, in the order of the queue."""
        return (*self._running, *self._places)

    @property
    def pending_ids(self) -> list[str]:
        """Ids of the pending jobs, paused ones included, in the order of the queue."""
        pending = (job for job in self._unfinished.values() if job.state is JobState.PENDING)
        return [job.id for job in sorted(pending, key=_position)]

    @property
    def retrying_ids(self) -> Sequence[str]:
        """Ids of the pending jobs for which a retry is scheduled."""
        return self._retrying_ids

    @property
    def progress_sum(self) -> float:
        """Sum of the progress of all active jobs, each 0 to 1."""
        return self._waiting_progress + sum(job.progress for job in self._running.values())

    @property
    def total_seconds_left(self) -> float | None:
        """Seconds until all active jobs are completed; None while unknown, 0 without active jobs."""
        last_place = next(reversed(self._places.values()), None)
        return self._seconds_until_next_start if last_place is None else self._seconds_until(last_place)

    @property
    def is_next_start_known(self) -> bool:
        """Whether every running job has a known time left."""
        return self._seconds_until_next_start is not None

    @property
    def is_speed_measured(self) -> bool:
        """Whether the running jobs have a measured speed."""
        return self._measured_speed is not None

    def songs_ahead(self, job_id: str) -> int:
        """Return the number of waiting jobs before a waiting job; 0 for other jobs."""
        place = self._places.get(job_id)
        return 0 if place is None else place.songs_ahead

    def seconds_left(self, job_id: str) -> float | None:
        """Return the seconds until an active job is completed; None while unknown, and for other jobs.

        A job behind one whose time is unknown has no known time either.
        """
        if job_id in self._running:
            return self._running_seconds[job_id] if self._seconds_until_next_start is not None else None
        place = self._places.get(job_id)
        return None if place is None else self._seconds_until(place)

    def time_rank(self, job_id: str) -> tuple[int, float]:
        """Return a key that sorts jobs by their time left.

        The progress of running jobs does not affect the keys of waiting jobs. Waiting jobs end in the order of the queue and after all running ones; jobs without a known time are last.
        """
        seconds = self.seconds_left(job_id)
        if seconds is None:
            return 2, 0.0
        return (0, seconds) if job_id in self._running else (1, float(self._places[job_id].songs_ahead))

    def replace(self, old: Job | None, new: Job | None) -> None:
        """Replace a job by its new value; `old` is None for an added job, `new` for a removed one."""
        if new is not None and not new.state.has_ended:
            self._unfinished[new.id] = new
            is_same_place = old is not None and (old.state, old.position) == (new.state, new.position)
            if new.id in self._running and is_same_place:
                self._running[new.id] = new
                self._estimate_running()
            else:
                self._is_sorted = False
        elif old is not None and self._unfinished.pop(old.id, None) is not None:
            self._is_sorted = False

    def mark_speeds_changed(self) -> None:
        """Recompute all times left at the next `refresh`."""
        self._is_sorted = False

    def refresh(self) -> Sequence[str] | None:
        """Sort the jobs if more than the progress of running ones has changed, otherwise return None.

        Return the ids of the waiting jobs whose place has changed.
        """
        if self._is_sorted:
            return None
        self._is_sorted = True
        before = self._places
        ordered = sorted(self._unfinished.values(), key=_position)
        waiting = [job for job in ordered if job.state is JobState.PENDING and not job.paused]
        self._running = {job.id: job for job in ordered if job.state is JobState.PROCESSING}
        self._places = self._find_places(waiting)
        self._waiting_progress = sum(job.progress for job in waiting)
        self._retrying_ids = tuple(job.id for job in waiting if job.not_before is not None)
        self._estimate_running()
        return [job_id for job_id, place in self._places.items() if place != before.get(job_id)]

    def _find_places(self, waiting: Sequence[Job]) -> dict[str, _Place]:
        places: dict[str, _Place] = {}
        known_seconds = unmeasured_length = 0.0
        for job in waiting:
            speed = self._speed_of(job)
            if speed is None:
                unmeasured_length += _remaining_length(job)
            else:
                known_seconds += speed * _remaining_length(job)
            places[job.id] = _Place(len(places), known_seconds, unmeasured_length)
        return places

    def _estimate_running(self) -> None:
        """Compute when the running jobs end, and how fast they are."""
        running = list(self._running.values())
        self._running_seconds = {job.id: self._running_job_seconds(job) for job in running}
        seconds = [value for value in self._running_seconds.values() if value is not None]
        self._seconds_until_next_start = max(seconds, default=0.0) if len(seconds) == len(running) else None
        self._measured_speed = _measure_speed(running)

    def _running_job_seconds(self, job: Job) -> float | None:
        if job.left is not None:
            return job.left
        speed = self._speed_of(job)
        return None if speed is None else speed * _remaining_length(job)

    def _seconds_until(self, place: _Place) -> float | None:
        if self._seconds_until_next_start is None or (place.unmeasured_length and self._measured_speed is None):
            return None
        return (
            self._seconds_until_next_start
            + place.known_seconds
            + place.unmeasured_length * (self._measured_speed or 0.0)
        )


def _position(job: Job) -> int:
    return job.position


def _remaining_length(job: Job) -> float:
    """Return the seconds of track that are not separated yet."""
    return (job.seconds or _DEFAULT_LENGTH_S) * (1.0 - job.progress)


def _measure_speed(running: Sequence[Job]) -> float | None:
    """Return the speed of the running jobs, from their time left and remaining length; None while unknown."""
    estimated = [(job.left, _remaining_length(job)) for job in running if job.left is not None]
    work_seconds = sum(left for left, _ in estimated)
    track_seconds = sum(length for _, length in estimated)
    return work_seconds / track_seconds if track_seconds > 0 else None
