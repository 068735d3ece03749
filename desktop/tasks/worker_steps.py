"""Bootsteps of every worker (`app.steps`): stall detection, reconciliation and soft shutdown.

A worker started from a shell may run without the app, so it does for itself and for other workers what the app's
supervisor does for its own worker.
"""

import atexit
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import redis
from celery import bootsteps
from celery.signals import worker_shutting_down
from celery.worker import state

from desktop.errors import ServiceUnavailableError, StorageError
from desktop.paths import find_home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.stall_timer import StallTimer
from desktop.tasks.redis_client import redis_client

if TYPE_CHECKING:
    from desktop.tasks.reconcile import Reconciliation

_TICK_S = 2.0
_STUCK_S = 15.0
# Seconds after which a cold shutdown is forced; running jobs get 5 of them.
_SHUTDOWN_TIMEOUT_S = 20
_log = logging.getLogger(__name__)


class _PeriodicStep(bootsteps.StartStopStep):
    """Bootstep with a thread in the worker's main process that calls `run_once` every two seconds."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_: object) -> None:
        self._consumer = consumer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def start(self, parent: Any) -> None:
        """Start the thread if it does not run. Celery calls this at each new connection."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self, parent: Any) -> None:
        """Keep the thread running: Celery calls this when the connection is lost, and reconnects."""

    def shutdown(self, parent: Any) -> None:
        """Stop the thread."""
        self._stopping.set()

    def run_once(self) -> None:
        """Do the periodic work."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            try:
                self.run_once()
            except Exception as error:  # noqa: BLE001 the next call may succeed, and the thread must go on
                if not self._is_stopping():  # during shutdown parts of the worker are gone
                    process_crash_handler.record_exception(error)

    def _is_stopping(self) -> bool:
        return self._consumer.controller.blueprint.state != bootsteps.RUN  # pyright: ignore[reportAttributeAccessIssue]


class StallDetector(_PeriodicStep):
    """Reconnects a worker that has free slots but takes no messages.

    A message whose acknowledgement failed, because Redis did not answer at that moment, counts against the worker's
    prefetch limit until the connection closes.
    """

    def __init__(self, consumer: Any, **options: object) -> None:
        super().__init__(consumer, **options)
        self._message_watch = StallTimer()

    def run_once(self) -> None:
        """Reconnect if a message stays at the head of the queue for `_STUCK_S` while the worker has free slots."""
        message = self._read_next_message() if self._has_room() else None
        if self._message_watch.seconds_unchanged(message) >= _STUCK_S and message is not None:
            _log.warning("Worker reconnects: it has free slots but took no waiting message")
            self._message_watch = StallTimer()
            self._consumer.call_soon(_raise_connection_error)

    def _has_room(self) -> bool:
        return len(state.reserved_requests) < self._consumer.pool.num_processes

    def _read_next_message(self) -> str | None:
        """Return the message to take next; None if none waits or Redis does not answer."""
        consumer = self._consumer.task_consumer
        try:
            with redis_client() as client:
                for queue in consumer.queues if consumer else ():
                    message = client.lindex(queue.name, -1)
                    if message is not None:
                        return str(message)
        except redis.RedisError:
            pass
        return None


class ReconciliationStep(_PeriodicStep):
    """Reconciles queue and rows: lost owners, due retries, lost messages."""

    _reconciliation: "Reconciliation | None" = None
    _last_error = ""

    def run_once(self) -> None:
        """Reconcile once, and log a failure unless it was the last one logged."""
        try:
            self._reconciliation = self._reconciliation or _make_reconciliation()
            self._reconciliation.reconcile()
        except (StorageError, ServiceUnavailableError) as error:
            if str(error) != self._last_error:
                _log.warning("Queue could not be reconciled with the library: %s", error)
            self._last_error = str(error)
        else:
            self._last_error = ""


class SoftShutdown(bootsteps.StartStopStep):
    """Makes SIGTERM wait five seconds for running jobs, then return them to the queue with their segments."""

    def start(self, parent: Any) -> None:
        """Install the handler of SIGQUIT for SIGTERM, which would wait for running jobs without limit."""
        if hasattr(signal, "SIGQUIT") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGQUIT))
            signal.signal(signal.SIGALRM, _exit_worker)
            worker_shutting_down.connect(_start_shutdown_timer)
        atexit.register(release_ended_jobs)


def _start_shutdown_timer(how: str, **_: object) -> None:
    """Force the exit of a cold shutdown after `_SHUTDOWN_TIMEOUT_S`: Celery waits forever for a Redis that is gone."""
    if how == "Cold":
        signal.alarm(_SHUTDOWN_TIMEOUT_S)


def _exit_worker(*_: object) -> None:
    sys.exit("This worker exits without a reply to its last messages: Redis does not answer.")


def release_ended_jobs() -> None:
    """Return the jobs of this worker's exited processes to the queue, without counting a crash."""
    from desktop.jobs.store import JobStore  # imported late: the main process of the app's worker needs no database

    try:
        store = JobStore(find_home())
        store.ownership.release_jobs_of_exited_owners()
        store.exports.release_ended_owners()
    except StorageError as error:
        _log.warning("Running jobs could not be returned to the queue: %s", error)


def _raise_connection_error() -> None:
    raise ConnectionError("Waiting messages are not delivered.")


def _make_reconciliation() -> "Reconciliation":
    # Imported late: the worker of the app and the draft worker do not reconcile, so they need no database.
    from desktop.jobs.store import JobStore
    from desktop.tasks.events import RedisEventPublisher
    from desktop.tasks.queue import CeleryQueue
    from desktop.tasks.reconcile import Reconciliation

    library = find_home()
    return Reconciliation(library, JobStore(library), CeleryQueue(), RedisEventPublisher())
