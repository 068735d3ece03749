"""Makes the queue what the rows say. Every step may be repeated at any time, by any number of processes."""

import logging
from contextlib import suppress
from time import time

import redis
from kombu.exceptions import OperationalError

from desktop.errors import ServiceUnavailableError, UnknownJobError
from desktop.jobs.bin import Bin
from desktop.jobs.files import remove_leftovers
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.redis_endpoint import describe_redis_error
from desktop.runtime.stall_timer import StallTimer
from desktop.settings import external_redis
from desktop.tasks.queue import CeleryQueue, message_id

# Seconds for which a message may be the next while nothing is in work. A worker reconnects by itself long before.
_STUCK_TIMEOUT_S = 60.0
_DAY_S = 24 * 3600.0
_log = logging.getLogger(__name__)


class Reconciliation:
    """Compares rows and messages. The process that supervises the worker does so, and so does every worker by itself.

    Several may do it at once: rows change in transactions, and a message too many does no harm. A lock in Redis, which
    all machines see and which expires, spares them most of those.
    """

    def __init__(self, home: Home, store: JobStore, queue: CeleryQueue, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._queue = queue
        self._events = events
        self._message_watch = StallTimer()
        self._bin = Bin(home, store, queue, events)
        self._bin_checked_at = 0.0

    def rebuild(self) -> None:
        """Before a worker starts: forget the messages, so that none is held by a dead one. Raises StorageError."""
        try:
            self._queue.delete_messages()
            self.reconcile()
        except (redis.RedisError, ServiceUnavailableError) as error:
            _log.warning("The queue could not be made anew: %s", error)

    def release_ended_jobs(self) -> None:
        """After the worker was ended in order: its job waits again, and no crash is counted. Raises StorageError."""
        self._store.release_jobs_of_exited_owners()

    def reconcile(self) -> None:
        """Give back the jobs of lost owners, publish every job that is due and has no message, and empty the bin.

        Raises StorageError, and ServiceUnavailableError if Redis does not answer, or refuses.
        """
        self._delete_expired()
        self._release_orphans()
        if not self._store.due_jobs():
            return
        try:
            self._publish_due()
        except (redis.RedisError, OperationalError) as error:
            raise ServiceUnavailableError(describe_redis_error(error, external_redis())) from error

    def is_stuck(self) -> bool:
        """Return True if songs wait, Redis answers, and no worker has taken any for a minute. Raises StorageError.

        To be asked every few seconds.
        """
        message = None
        if not self._store.has_processing_jobs():
            with suppress(redis.RedisError):
                message = self._queue.next_message()
        return self._message_watch.seconds_unchanged(message) >= _STUCK_TIMEOUT_S and message is not None

    def _release_orphans(self) -> None:
        for job_id in self._store.release_orphans():
            _log.warning("The owner of %s was lost", job_id)
            with suppress(UnknownJobError):
                remove_leftovers(self._home, self._store.job(job_id, include_bin=True))
            self._events.emit(JobChanged(job_id))

    def _publish_due(self) -> None:
        with self._queue.lock_for_reconciliation() as has_lock:
            if not has_lock:
                return
            message_ids = self._queue.message_ids()
            # Read again: while another process had the lock, a worker may have begun what was due.
            for job in self._store.due_jobs():
                if message_id(job) not in message_ids:
                    self._queue.send(job)

    def _delete_expired(self) -> None:
        """Delete what has been in the bin for long enough, at the first call and then daily."""
        now = time()
        if abs(now - self._bin_checked_at) >= _DAY_S:
            self._bin_checked_at = now
            self._bin.delete_expired()
