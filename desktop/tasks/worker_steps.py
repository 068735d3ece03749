"""What every worker does besides its tasks, as steps of Celery's own start and end (`app.steps`).

A worker from a shell may be all that there is: what the app's supervisor does for its own worker, such a one does for
itself and for others.
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
# Seconds after which a worker that was told to end at once has ended, whatever it waits for: the songs in work have 5.
_SHUTDOWN_TIMEOUT_S = 20
_log = logging.getLogger(__name__)


class _PeriodicStep(bootsteps.StartStopStep):
    """A thread of the worker's main process that looks every two seconds, for as long as the worker runs."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_: object) -> None:
        self._consumer = consumer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def start(self, parent: Any) -> None:
        """Begin. Called again at each new connection."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self, parent: Any) -> None:
        """Go on: the connection is gone, and another will come."""

    def shutdown(self, parent: Any) -> None:
        """End."""
        self._stopping.set()

    def run_once(self) -> None:
        """Do what is to be done again and again."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            try:
                self.run_once()
            except Exception as error:  # noqa: BLE001 the next look may succeed, and nobody else would look
                if not self._is_stopping():  # parts of the worker may have ended already
                    process_crash_handler.record_exception(error)

    def _is_stopping(self) -> bool:
        return self._consumer.controller.blueprint.state != bootsteps.RUN  # pyright: ignore[reportAttributeAccessIssue]


class StallDetector(_PeriodicStep):
    """Connects a worker anew that has room and takes no messages.

    A message whose acknowledgement failed, because Redis did not answer just then, counts against the worker's prefetch
    limit for as long as the connection lives.
    """

    def __init__(self, consumer: Any, **options: object) -> None:
        super().__init__(consumer, **options)
        self._message_watch = StallTimer()

    def run_once(self) -> None:
        """Compare what waits with what is in work."""
        message = self._read_next_message() if self._has_room() else None
        if self._message_watch.seconds_unchanged(message) >= _STUCK_S and message is not None:
            _log.warning("Messages wait that are not taken: this worker connects anew")
            self._message_watch = StallTimer()
            self._consumer.call_soon(_raise_connection_error)

    def _has_room(self) -> bool:
        return len(state.reserved_requests) < self._consumer.pool.num_processes

    def _read_next_message(self) -> str | None:
        """The message that is to be taken next; None when none waits, or Redis does not answer."""
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
    """Keeps queue and rows together: lost owners, retries that are due, messages that were lost."""

    _reconciliation: "Reconciliation | None" = None
    _last_error = ""

    def run_once(self) -> None:
        """Compare them."""
        try:
            self._reconciliation = self._reconciliation or _make_reconciliation()
            self._reconciliation.reconcile()
        except (StorageError, ServiceUnavailableError) as error:
            if str(error) != self._last_error:
                _log.warning("The queue could not be compared with the library: %s", error)
            self._last_error = str(error)
        else:
            self._last_error = ""


class SoftShutdown(bootsteps.StartStopStep):
    """SIGTERM gives the songs in work five seconds, then gives them back to the queue with their segments."""

    def start(self, parent: Any) -> None:
        """Have SIGTERM do what SIGQUIT does. By itself it would wait for the songs, however long they take."""
        if hasattr(signal, "SIGQUIT") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGQUIT))
            signal.signal(signal.SIGALRM, _exit_worker)
            worker_shutting_down.connect(_start_shutdown_timer)
        atexit.register(release_ended_jobs)


def _start_shutdown_timer(how: str, **_: object) -> None:
    """Have `_leave` called if the worker has not ended in time: Celery tells a Redis that has gone for ever that it ends."""
    if how == "Cold":
        signal.alarm(_SHUTDOWN_TIMEOUT_S)


def _exit_worker(*_: object) -> None:
    sys.exit("This worker ends although not everybody could be told: Redis does not answer.")


def release_ended_jobs() -> None:
    """Let the jobs wait again that this worker's processes had: they were ended in order, so no crash is counted."""
    from desktop.jobs.store import JobStore  # not sooner: a worker of the app needs no database till now

    try:
        JobStore(find_home()).release_jobs_of_exited_owners()
    except StorageError as error:
        _log.warning("What was in work could not be given back: %s", error)


def _raise_connection_error() -> None:
    raise ConnectionError("Messages wait that are not taken.")


def _make_reconciliation() -> "Reconciliation":
    # Here and not above: a worker of the app does without the database, and so does one that makes drafts.
    from desktop.jobs.store import JobStore
    from desktop.tasks.events import RedisEventPublisher
    from desktop.tasks.queue import CeleryQueue
    from desktop.tasks.reconcile import Reconciliation

    library = find_home()
    return Reconciliation(library, JobStore(library), CeleryQueue(), RedisEventPublisher())
