"""Makes the queue what the rows say. Every step may be repeated at any time."""

import logging
from contextlib import suppress
from time import time

import redis

from desktop.errors import UnknownJobError
from desktop.jobs.bin import Bin
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.store import JobStore
from desktop.jobs.strays import remove_work
from desktop.paths import Home
from desktop.tasks.queue import CeleryQueue, identity

_DAY = 24 * 3600.0
_log = logging.getLogger(__name__)


class Reconciliation:
    """The one who compares rows and messages; run by the process that supervises the worker."""

    def __init__(self, home: Home, store: JobStore, queue: CeleryQueue, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._queue = queue
        self._events = events
        self._bin = Bin(home, store, queue, events)
        self._bin_looked_at = 0.0

    def rebuild(self) -> None:
        """Before a worker starts: forget all messages, so that none is held by a dead one. Raises StorageError."""
        try:
            self._queue.clear()
        except redis.RedisError as error:
            _log.warning("The queue could not be cleared: %s", error)
        self.check()

    def give_back(self) -> None:
        """After the worker was ended in order: its job waits again, and no crash is counted. Raises StorageError."""
        self._store.release_ended()

    def check(self) -> None:
        """Give back the jobs of lost owners, publish every job that is due and has no message, and empty the bin.

        Raises StorageError.
        """
        self._delete_expired()
        for job_id in self._store.release_orphans():
            _log.warning("The owner of %s was lost", job_id)
            with suppress(UnknownJobError):
                remove_work(self._home, self._store.job(job_id, in_bin=True))
            self._events.emit(JobChanged(job_id))
        due = self._store.due()
        if not due:
            return
        try:
            known = self._queue.known()
        except redis.RedisError as error:
            _log.warning("The queue could not be read: %s", error)
            return
        for job in due:
            if identity(job) not in known:
                self._queue.publish(job)

    def _delete_expired(self) -> None:
        """Delete what has been in the bin for long enough, at the first call and then daily."""
        now = time()
        if abs(now - self._bin_looked_at) >= _DAY:
            self._bin_looked_at = now
            self._bin.delete_expired()
