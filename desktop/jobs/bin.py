"""The bin: jobs that were removed from the library, with all their files, until they are deleted."""

import logging
import shutil
from collections.abc import Collection, Sequence
from datetime import timedelta
from time import time

from desktop.jobs.model import KEPT_DAYS, Job, RemovedJob
from desktop.jobs.queue import EventSink, JobChanged, JobQueue
from desktop.jobs.records import write_record
from desktop.jobs.store import JobStore
from desktop.paths import Home

_log = logging.getLogger(__name__)


class Bin:
    """Every method may be called from any thread, and may raise StorageError."""

    def __init__(self, home: Home, store: JobStore, queue: JobQueue, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._queue = queue
        self._events = events

    def put(self, job_ids: Collection[str] | None, only_ended: bool = False) -> list[Job]:
        """Move jobs to the bin, or all; those of them that have ended, if only these are asked for. Return all moved.

        A pending job leaves the queue. A running one stops, as for a pause, and keeps its finished segments.
        """
        moved = self._store.remove(job_ids, only_ended)
        self._tell(moved)
        return moved

    def jobs(self) -> list[RemovedJob]:
        """Return what is in the bin, the job that was removed last first."""
        return [
            RemovedJob(job, job.removed, self._home.job(job.id).size())
            for job in self._store.removed()
            if job.removed is not None
        ]

    def restore(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Put jobs back into the library as they were; without ids, all of the last removal. Return them.

        One that was in the queue takes its old place there.
        """
        restored = self._store.restore(job_ids)
        self._tell(restored)
        if any(not job.state.ended for job in restored):
            self._queue.publish_in_order(self._store.due())
        return restored

    def delete(self, job_ids: Collection[str] | None = None) -> int:
        """Delete jobs in the bin, or all of them, with their files. Return how many. Exported stems stay."""
        return self._delete_files(self._store.delete(job_ids))

    def delete_expired(self) -> int:
        """Delete the jobs that have been in the bin for `KEPT_DAYS`, with their files. Return how many."""
        oldest = time() - timedelta(days=KEPT_DAYS).total_seconds()
        return self._delete_files(self._store.delete(removed_before=oldest))

    def _delete_files(self, job_ids: Sequence[str]) -> int:
        for job_id in job_ids:
            shutil.rmtree(self._home.job(job_id).root, ignore_errors=True)
            self._events.emit(JobChanged(job_id))
            _log.info("%s was deleted from the bin", job_id)
        return len(job_ids)

    def _tell(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            write_record(self._home, job)  # in a library whose database is damaged it is found where it is now
            self._events.emit(JobChanged(job.id))
