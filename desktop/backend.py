"""Backend of one library: job service, Redis, worker and events, shared by the window and the command line."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from desktop.errors import ServiceUnavailableError, StorageError, UnbraidError
from desktop.jobs.files import remove_orphaned_files
from desktop.jobs.queue import JobEvent
from desktop.jobs.recovery import open_store
from desktop.jobs.service import JobService
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.runtime.disk_errors import describe_disk_error
from desktop.runtime.file_lock import FileLock
from desktop.supervisor.supervisor import Supervisor
from desktop.tasks.celery_app import configure_for_library
from desktop.tasks.events import EventListener, RedisEventPublisher
from desktop.tasks.queue import CeleryQueue, Workers, find_worker_problem
from desktop.tasks.reconcile import Reconciliation
from desktop.text.message import Message

# Seconds between attempts to take over from the process that supervises this library.
_TAKEOVER_INTERVAL_S = 1.0
_log = logging.getLogger(__name__)


class Backend:
    """Connection of one process to a library: `service` works at once, jobs are processed after `start`."""

    def __init__(self, home: Home, makes_drafts: bool = False) -> None:
        """Open the database. `makes_drafts`: run a second worker that makes drafts, analyses and exports.

        Raises StorageError, ServiceUnavailableError.
        """
        self._makes_drafts = makes_drafts
        self._home = home
        self._store, self.notice = open_store(home)
        """Message for the user if the database had to be rebuilt, else None."""
        queue, self._events = CeleryQueue(), RedisEventPublisher()
        self.service = JobService(home, self._store, queue, self._events, ModelStore(home).check_available)
        self._reconciliation = Reconciliation(home, self._store, queue, self._events)
        self.on_trouble: Callable[[Message | None], None] | None = None
        """Called from another thread with the reason why jobs cannot be processed, and with None once they can."""
        self._subscribers: list[tuple[Callable[[JobEvent], None], Callable[[], None]]] = []
        self._listener = EventListener(self._on_event, self._on_gap)
        self._lock = FileLock(home.supervisor_lock)
        self._supervisor: Supervisor | None = None
        self._stopping = threading.Event()
        self._start_lock = threading.Lock()
        """Guards `_supervisor`, so that none is started after `stop` has run."""
        self._takeover_thread = threading.Thread(target=self._wait_for_lock, name="takeover", daemon=True)
        with suppress(StorageError):  # `home` may be another library than the one that the environment names
            configure_for_library()

    def subscribe(self, on_event: Callable[[JobEvent], None], on_gap: Callable[[], None]) -> None:
        """Register callbacks for job events and for gaps, after which the rows must be read again.

        Both are called from another thread.
        """
        self._subscribers.append((on_event, on_gap))

    def start(self) -> None:
        """Start Redis and the worker, or connect to those of another process; return early when `stop` is called.

        Raises ServiceUnavailableError, StorageError; retries in the background in either case.
        """
        self._listener.start()
        if self._acquire_lock():
            self._remove_orphaned_files()
            self._supervise()
        else:
            self._takeover_thread.start()
            configure_for_library()
            try:
                self._reconciliation.reconcile()
            except ServiceUnavailableError as error:  # the process that runs Redis retries
                _log.warning("%s", error)

    def stop(self) -> None:
        """Stop the listener, the worker and Redis, in this order; a processing job goes back to the queue.

        May be called from any thread, also while another one waits in `start`. Does not wait for what hangs.
        """
        with self._start_lock:
            self._stopping.set()
        self._listener.stop()
        if self._supervisor:
            self._supervisor.stop()
        if self._takeover_thread.is_alive():
            self._takeover_thread.join(_TAKEOVER_INTERVAL_S)
        self._events.close()
        self._lock.release()

    def worker_trouble(self, workers: Workers | None = None) -> Message | None:
        """Return why no worker takes this library's jobs, as a sentence; None if one does. Takes some seconds.

        `workers`: result of a recent search, which is repeated if None. Raises StorageError.
        """
        return find_worker_problem(self._store, workers)

    def _acquire_lock(self) -> bool:
        try:
            return self._lock.acquire()
        except OSError as error:
            reason, advice = describe_disk_error(error, self._home.root)
            raise StorageError(
                Message("The library cannot be written: {reason}.", reason=reason),
                Message("{advice}, then start Unbraid again.", advice=advice),
            ) from error

    def _remove_orphaned_files(self) -> None:
        """Delete files of killed processes; a failure is only logged, because jobs can be processed all the same."""
        try:
            remove_orphaned_files(self._home, self._store)
        except (OSError, StorageError) as error:
            _log.warning("Orphaned files could not be removed: %s", error)

    def _supervise(self) -> None:
        supervisor = Supervisor(self._home, self._reconciliation, self._report_trouble, self._makes_drafts)
        with self._start_lock:
            if self._stopping.is_set():
                return
            self._supervisor = supervisor
        supervisor.start()
        configure_for_library()

    def _wait_for_lock(self) -> None:
        while not self._stopping.wait(_TAKEOVER_INTERVAL_S):
            try:
                if self._lock.acquire():
                    _log.info("This process takes over the library's Redis and worker")
                    self._supervise()
                    return
            except UnbraidError as error:
                self._report_trouble(error.message)
                return
            except OSError as error:  # the folder cannot be reached at this moment
                _log.info("The library's Redis and worker could not be taken over: %s", error)

    def _report_trouble(self, trouble: Message | None) -> None:
        if trouble is None:
            configure_for_library()
        if self.on_trouble:
            self.on_trouble(trouble)

    def _on_event(self, event: JobEvent) -> None:
        for on_event, _ in self._subscribers:
            on_event(event)

    def _on_gap(self) -> None:
        for _, on_gap in self._subscribers:
            on_gap()
