"""Reconciliation of the queue with the rows. Any process may repeat every step at any time."""

import logging
from contextlib import suppress
from time import monotonic, time

import redis
from kombu.exceptions import OperationalError

from desktop.errors import ServiceUnavailableError, UnknownJobError
from desktop.export.target_folder import delete_hidden_folders
from desktop.jobs.bin import Bin
from desktop.jobs.files import remove_leftovers
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.redis_endpoint import describe_redis_error
from desktop.runtime.stall_timer import StallTimer
from desktop.tasks.queue import CeleryQueue, message_id
from desktop.variables import external_redis

# Seconds for which a message may stay at the head of the queue while no job is processing. A worker reconnects long
# before that.
_STUCK_TIMEOUT_S = 60.0
_DAY_S = 24 * 3600.0
# Seconds between two analyses of songs that nobody waits for. One takes about six: the computer stays quiet.
_ANALYSIS_INTERVAL_S = 20.0
_log = logging.getLogger(__name__)


class Reconciliation:
    """Reconciles rows and messages, in the supervisor and in every worker.

    Several processes may reconcile at once: rows change in transactions, and duplicate messages do no harm. An expiring
    lock in Redis, shared by all machines, avoids most duplicates.
    """

    def __init__(self, home: Home, store: JobStore, queue: CeleryQueue, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._queue = queue
        self._events = events
        self._message_watch = StallTimer()
        self._bin = Bin(home, store, queue, events)
        self._bin_checked_at = self._analysis_published_at = 0.0

    def rebuild(self) -> None:
        """Delete all messages and publish them from the rows, before a worker starts. Raises StorageError.

        Afterwards no message is held by a worker that has died.
        """
        try:
            self._queue.delete_messages()
            self.reconcile()
        except (redis.RedisError, ServiceUnavailableError) as error:
            _log.warning("Queue could not be rebuilt: %s", error)

    def release_ended_jobs(self) -> None:
        """Return the jobs and exports of exited workers to the queue without counting a crash. Raises StorageError.

        Call this after an orderly shutdown of the worker.
        """
        self._store.ownership.release_jobs_of_exited_owners()
        for export in self._store.exports.release_ended_owners():
            if not export.moves:
                delete_hidden_folders(export.folder, export.id)

    def reconcile(self) -> None:
        """Release orphaned jobs, publish due jobs and exports without a message, and delete expired jobs from the bin.

        While no job is due or processing, publish songs without an analysis, one at a time.

        Raises StorageError, and ServiceUnavailableError if Redis does not answer or refuses the connection.
        """
        self._delete_expired()
        self._release_orphans()
        self._publish_export()
        if not self._store.due_jobs():
            self._publish_analysis()
            return
        try:
            self._publish_due()
        except (redis.RedisError, OperationalError) as error:
            raise ServiceUnavailableError(describe_redis_error(error, external_redis())) from error

    def needs_draft_worker(self) -> bool:
        """Return True if exports wait, which the draft worker makes. Raises StorageError."""
        return self._store.exports.has_unended()

    def is_stuck(self) -> bool:
        """Return True if jobs wait, Redis answers, and no worker has taken a message for a minute. Raises StorageError.

        Call this every few seconds.
        """
        message = None
        if not self._store.has_processing_jobs():
            with suppress(redis.RedisError):
                message = self._queue.next_message()
        return self._message_watch.seconds_unchanged(message) >= _STUCK_TIMEOUT_S and message is not None

    def _release_orphans(self) -> None:
        for job_id in self._store.ownership.release_orphans():
            _log.warning("Owner of job %s was lost", job_id)
            with suppress(UnknownJobError):
                remove_leftovers(self._home, self._store.job(job_id, include_bin=True))
            self._events.emit(JobChanged(job_id))

    def _publish_due(self) -> None:
        with self._queue.lock_for_reconciliation() as has_lock:
            if not has_lock:
                return
            message_ids = self._queue.message_ids()
            # Read again: a worker may have started a due job meanwhile.
            for job in self._store.due_jobs():
                if message_id(job) not in message_ids:
                    self._queue.send(job)

    def _publish_export(self) -> None:
        with suppress(redis.RedisError):
            if self._store.exports.has_due() and not self._queue.has_waiting_exports():
                self._queue.publish_export()

    def _publish_analysis(self) -> None:
        """Publish one song that has stems and no analysis: of an earlier version, or whose message was lost."""
        if monotonic() - self._analysis_published_at < _ANALYSIS_INTERVAL_S:
            return
        self._analysis_published_at = monotonic()
        job = None if self._store.has_processing_jobs() else self._store.analyses.next_due()
        with suppress(redis.RedisError):
            if job is not None and not self._queue.has_waiting_analyses():
                self._queue.publish_analysis(job.id)

    def _delete_expired(self) -> None:
        """Delete expired jobs from the bin, at the first call and then daily."""
        now = time()
        if abs(now - self._bin_checked_at) >= _DAY_S:
            self._bin_checked_at = now
            self._bin.delete_expired()
