"""The library with its Redis and its worker, without a window: what window and terminal both stand on."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from desktop.disk_trouble import disk_trouble
from desktop.errors import ServiceUnavailableError, StorageError, UnbraidError
from desktop.jobs.queue import JobEvent
from desktop.jobs.recovery import open_store
from desktop.jobs.service import JobService
from desktop.jobs.strays import remove_strays
from desktop.lock import FileLock
from desktop.models.shelf import Shelf
from desktop.paths import Home
from desktop.supervisor.supervisor import Supervisor
from desktop.tasks.celery_app import connect
from desktop.tasks.progress import EventListener, RedisEvents
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.reconcile import Reconciliation
from desktop.tasks.workers import Workers, worker_trouble

# Seconds between tries to take over from the process that supervises this library.
_TAKE_OVER = 1.0
_log = logging.getLogger(__name__)


class Backend:
    """One process's hold on a library. `service` works at once; songs are separated from `start` on."""

    def __init__(self, home: Home, drafts: bool = False) -> None:
        """Open the database. `drafts`: songs are looked at before they are separated.

        Raises StorageError, ServiceUnavailableError.
        """
        self._drafts = drafts
        self._home = home
        self._store, self.notice = open_store(home)
        """A sentence for the user about how the library was opened, where there is anything to say."""
        queue, self._events = CeleryQueue(), RedisEvents()
        self.service = JobService(home, self._store, queue, self._events, Shelf(home).check_available)
        self._reconciliation = Reconciliation(home, self._store, queue, self._events)
        self.on_trouble: Callable[[str | None], None] | None = None
        """Told, from another thread, why songs cannot be separated; None once they can again."""
        self._subscribers: list[tuple[Callable[[JobEvent], None], Callable[[], None]]] = []
        self._listener = EventListener(self._hear, self._gap)
        self._lock = FileLock(home.lock)
        self._supervisor: Supervisor | None = None
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        """Held while a supervisor is set, so that none is started behind the back of `stop`."""
        self._heir = threading.Thread(target=self._wait_for_lock, name="heir", daemon=True)
        with suppress(StorageError):  # this process may only look at another library than the environment's
            connect()

    def subscribe(self, on_event: Callable[[JobEvent], None], on_gap: Callable[[], None]) -> None:
        """Hear of every job event, and of every gap after which the rows must be read. Called from another thread."""
        self._subscribers.append((on_event, on_gap))

    def start(self) -> None:
        """Start Redis and the worker, or find those that another process runs; return early when `stop` is called.

        Raises ServiceUnavailableError, StorageError; goes on trying in any case.
        """
        self._listener.start()
        if self._lock_taken():
            self._clean_up()
            self._supervise()
        else:
            self._heir.start()
            connect()
            try:
                self._reconciliation.check()
            except ServiceUnavailableError as error:  # the process that runs Redis sees to it
                _log.warning("%s", error)

    def stop(self) -> None:
        """End what `start` began, in order; a running job goes back to the queue.

        May be called from any thread, also while another one waits in `start`. Nothing that hangs is waited for.
        """
        with self._starting:
            self._stopping.set()
        self._listener.stop()
        if self._supervisor:
            self._supervisor.stop()
        if self._heir.is_alive():
            self._heir.join(_TAKE_OVER)
        self._events.close()
        self._lock.release()

    def worker_trouble(self, workers: Workers | None = None) -> str | None:
        """Return why no worker takes this library's songs, as a sentence; None if one does. Takes some seconds.

        `workers` are those that were found a moment ago. Raises StorageError.
        """
        return worker_trouble(self._store, workers)

    def _lock_taken(self) -> bool:
        try:
            return self._lock.take()
        except OSError as error:
            reason, advice = disk_trouble(error, self._home.root)
            raise StorageError(
                f"The library cannot be written: {reason}.", f"{advice}, then start Unbraid again."
            ) from error

    def _clean_up(self) -> None:
        """Delete what killed processes left behind. What cannot be deleted now is no reason to separate nothing."""
        try:
            remove_strays(self._home, self._store)
        except (OSError, StorageError) as error:
            _log.warning("The library could not be tidied up: %s", error)

    def _supervise(self) -> None:
        supervisor = Supervisor(self._home, self._reconciliation, self._tell, self._drafts)
        with self._starting:
            if self._stopping.is_set():
                return
            self._supervisor = supervisor
        supervisor.start()
        connect()

    def _wait_for_lock(self) -> None:
        while not self._stopping.wait(_TAKE_OVER):
            try:
                if self._lock.take():
                    _log.info("Taking over the library's Redis and worker")
                    self._supervise()
                    return
            except UnbraidError as error:
                self._tell(str(error))
                return
            except OSError as error:  # the folder cannot be reached at this moment
                _log.info("The library cannot be taken over: %s", error)

    def _tell(self, trouble: str | None) -> None:
        if trouble is None:
            connect()
        if self.on_trouble:
            self.on_trouble(trouble)

    def _hear(self, event: JobEvent) -> None:
        for on_event, _ in self._subscribers:
            on_event(event)

    def _gap(self) -> None:
        for _, on_gap in self._subscribers:
            on_gap()
