"""The library's own order: the newest drop on top, and within a drop the order in which the songs came or will run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from desktop.jobs.model import Job

_ONE_DROP = timedelta(seconds=60)
"""Songs that follow each other this closely were meant together."""
_FAR_FUTURE = 10**18


class DropOrder:
    """Knows to which drop a song belongs, and its seat there.

    A song keeps its seat for good, so that no row jumps when it is done. Only songs that wait change seats among
    themselves, when the user puts them in another order.
    """

    def __init__(self) -> None:
        self._drop: dict[str, datetime] = {}
        self._seat: dict[str, tuple[int, int]] = {}
        self._last_added: datetime | None = None
        self._last_drop: datetime | None = None

    def learn(self, jobs: Sequence[Job]) -> None:
        """Take in new songs; one that comes back takes its old seat."""
        for job in sorted((job for job in jobs if job.id not in self._seat), key=lambda job: job.added):
            self._drop[job.id] = self._drop_of(job.added)
            self._seat[job.id] = (_micros(job.added), job.position)

    def join(self, job_id: str, beside: str) -> None:
        """Let a song stand with the drop of another one from now on."""
        if beside in self._drop:
            self._drop[job_id] = self._drop[beside]

    def arrange(self, waiting: Sequence[str]) -> list[str]:
        """Let the songs that wait, given in the order of the queue, stand so within each drop. Those that moved."""
        drops: dict[datetime, list[str]] = {}
        for job_id in waiting:
            drops.setdefault(self._drop[job_id], []).append(job_id)
        moved: list[str] = []
        for ids in drops.values():
            for job_id, seat in zip(ids, sorted(self._seat[one] for one in ids), strict=True):
                if self._seat[job_id] != seat:
                    self._seat[job_id] = seat
                    moved.append(job_id)
        return moved

    def key(self, job: Job) -> str:
        """A text that sorts as the songs stand."""
        drop = self._drop.get(job.id, job.added)
        added, place = self._seat.get(job.id, (_micros(job.added), job.position))
        return f"{_FAR_FUTURE - _micros(drop):019d} {added:019d} {place:012d}"

    def _drop_of(self, added: datetime) -> datetime:
        if self._last_added is None or self._last_drop is None or abs(added - self._last_added) > _ONE_DROP:
            self._last_drop = added
        self._last_added = added
        return self._last_drop


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
