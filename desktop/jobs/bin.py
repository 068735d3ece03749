"""The bin: removed jobs, kept with all their files for `BIN_RETENTION_DAYS` days."""

import logging
import shutil
from collections.abc import Collection, Sequence
from datetime import timedelta
from time import time

from desktop.jobs.model import BIN_RETENTION_DAYS, Job, RemovedJob
from desktop.jobs.queue import EventSink, JobChanged, JobQueue
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.store import JobStore
from desktop.paths import Home

_log = logging.getLogger(__name__)


class Bin:
    """The removed jobs of one library.

    Every method is thread-safe and raises StorageError if the database cannot be read or written.
    """

    def __init__(self, home: Home, store: JobStore, queue: JobQueue, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._queue = queue
        self._events = events

    def add(self, job_ids: Collection[str] | None, only_ended: bool = False) -> list[Job]:
        """Move jobs to the bin and return them.

        `job_ids` None means all jobs of the library. `only_ended` leaves out jobs that have not ended. A pending job
        leaves the queue. A processing job stops, as for a pause, and keeps its finished segments.
        """
        moved = self._store.move_to_bin(job_ids, only_ended)
        self._notify(moved)
        return moved

    def jobs(self) -> list[RemovedJob]:
        """Return the jobs in the bin, the most recently removed first."""
        return [
            RemovedJob(job, job.removed, self._home.job_folder(job.id).total_bytes())
            for job in self._store.jobs_in_bin()
            if job.removed is not None
        ]

    def restore(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Put jobs back into the library as they were, and return them.

        `job_ids` None means all jobs of the last removal. A job that was in the queue returns to its old position.
        """
        restored = self._store.restore_from_bin(job_ids)
        self._notify(restored)
        if any(not job.state.has_ended for job in restored):
            self._queue.republish(self._store.due_jobs())
        return restored

    def delete(self, job_ids: Collection[str] | None = None) -> int:
        """Delete jobs in the bin with their files, and return the number of deleted jobs.

        `job_ids` None means all jobs in the bin. Exported stems stay.
        """
        return self._delete_files(self._store.delete_from_bin(job_ids))

    def delete_expired(self) -> int:
        """Delete jobs older than `BIN_RETENTION_DAYS` in the bin, with their files, and return their number."""
        cutoff = time() - timedelta(days=BIN_RETENTION_DAYS).total_seconds()
        return self._delete_files(self._store.delete_from_bin(removed_before=cutoff))

    def _delete_files(self, job_ids: Sequence[str]) -> int:
        for job_id in job_ids:
            shutil.rmtree(self._home.job_folder(job_id).root, ignore_errors=True)
            self._events.emit(JobChanged(job_id))
            _log.info("Job %s was deleted from the bin", job_id)
        return len(job_ids)

    def _notify(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            # If the database is damaged later, the record tells whether the job was in the bin.
            write_backup_record(self._home, job)
            self._events.emit(JobChanged(job.id))
