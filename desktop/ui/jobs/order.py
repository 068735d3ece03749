"""The library's own order: the newest drop on top, and within a drop the order in which the songs came."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from desktop.jobs.model import Job

_ONE_DROP = timedelta(seconds=60)
"""Songs that follow each other this closely were meant together."""
_FAR_FUTURE = 10**18


class DropOrder:
    """Knows to which drop a song belongs. A song keeps its place for good, so that no row jumps when it is done."""

    def __init__(self) -> None:
        self._drop: dict[str, datetime] = {}
        self._last_added: datetime | None = None
        self._last_drop: datetime | None = None

    def learn(self, jobs: Sequence[Job]) -> None:
        """Take in new songs."""
        for job in sorted(jobs, key=lambda job: job.added):
            self._drop[job.id] = self._drop_of(job.added)

    def forget(self, job_id: str) -> None:
        """Take a song out; the places of the others stay."""
        self._drop.pop(job_id, None)

    def key(self, job: Job) -> str:
        """A text that sorts as the songs stand."""
        drop = self._drop.get(job.id, job.added)
        return f"{_FAR_FUTURE - _micros(drop):019d} {_micros(job.added):019d} {job.position:012d}"

    def _drop_of(self, added: datetime) -> datetime:
        if self._last_added is None or self._last_drop is None or added - self._last_added > _ONE_DROP:
            self._last_drop = added
        self._last_added = added
        return self._last_drop


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
