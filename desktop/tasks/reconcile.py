"""Makes the queue what the rows say. Every step may be repeated at any time, by any number of processes."""

import logging
from contextlib import suppress
from time import time

import redis
from kombu.exceptions import OperationalError

from desktop.change_watch import ChangeWatch
from desktop.errors import ServiceUnavailableError, UnknownJobError
from desktop.jobs.bin import Bin
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.store import JobStore
from desktop.jobs.strays import remove_work
from desktop.paths import Home
from desktop.redis_trouble import redis_trouble
from desktop.settings import external_redis
from desktop.tasks.queue import CeleryQueue, identity

# Seconds for which a message may be the next while nothing is in work. A worker reconnects by itself long before.
_STUCK = 60.0
_DAY = 24 * 3600.0
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
        self._next_message = ChangeWatch()
        self._bin = Bin(home, store, queue, events)
        self._bin_looked_at = 0.0

    def rebuild(self) -> None:
        """Before a worker starts: forget the messages, so that none is held by a dead one. Raises StorageError."""
        try:
            self._queue.clear()
            self.check()
        except (redis.RedisError, ServiceUnavailableError) as error:
            _log.warning("The queue could not be made anew: %s", error)

    def give_back(self) -> None:
        """After the worker was ended in order: its job waits again, and no crash is counted. Raises StorageError."""
        self._store.release_ended()

    def check(self) -> None:
        """Give back the jobs of lost owners, publish every job that is due and has no message, and empty the bin.

        Raises StorageError, and ServiceUnavailableError if Redis does not answer, or refuses.
        """
        self._delete_expired()
        self._release_orphans()
        if not self._store.due():
            return
        try:
            self._publish_due()
        except (redis.RedisError, OperationalError) as error:
            raise ServiceUnavailableError(redis_trouble(error, external_redis())) from error

    def is_stuck(self) -> bool:
        """Return True if songs wait, Redis answers, and no worker has taken any for a minute. Raises StorageError.

        To be asked every few seconds.
        """
        message = None
        if not self._store.at_work():
            with suppress(redis.RedisError):
                message = self._queue.next_message()
        return self._next_message.unchanged(message) >= _STUCK and message is not None

    def _release_orphans(self) -> None:
        for job_id in self._store.release_orphans():
            _log.warning("The owner of %s was lost", job_id)
            with suppress(UnknownJobError):
                remove_work(self._home, self._store.job(job_id, in_bin=True))
            self._events.emit(JobChanged(job_id))

    def _publish_due(self) -> None:
        with self._queue.reconciling() as alone:
            if not alone:
                return
            known = self._queue.known()
            # Read again: while another process had the lock, a worker may have begun what was due.
            for job in self._store.due():
                if identity(job) not in known:
                    self._queue.send(job)

    def _delete_expired(self) -> None:
        """Delete what has been in the bin for long enough, at the first call and then daily."""
        now = time()
        if abs(now - self._bin_looked_at) >= _DAY:
            self._bin_looked_at = now
            self._bin.delete_expired()
