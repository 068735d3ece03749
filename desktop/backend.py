"""The library with its Redis and its worker, without a window: what window and terminal both stand on."""

import logging
import threading
from collections.abc import Callable

from desktop.errors import ServiceUnavailableError, StorageError
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

# Seconds between tries to take over from the process that supervises this library.
_TAKE_OVER = 1.0
_log = logging.getLogger(__name__)


class Backend:
    """One process's hold on a library. `service` works at once; songs are separated from `start` on."""

    def __init__(self, home: Home, drafts: bool = False) -> None:
        """Open the database. `drafts`: songs are looked at before they are separated. Raises StorageError."""
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
        self._listener: EventListener | None = None
        self._lock = FileLock(home.lock)
        self._supervisor: Supervisor | None = None
        self._stopping = threading.Event()
        self._heir: threading.Thread | None = None

    def subscribe(self, on_event: Callable[[JobEvent], None], on_gap: Callable[[], None]) -> None:
        """Hear of every job event, and of every gap after which the rows must be read. Called from another thread."""
        self._subscribers.append((on_event, on_gap))

    def start(self) -> None:
        """Start Redis and the worker, or find those that another process runs. Raises ServiceUnavailableError, StorageError."""
        self._listener = EventListener(self._hear, self._gap)
        self._listener.start()
        if self._lock_taken():
            remove_strays(self._home, self._store)
            self._supervise()
        else:
            connect()
            self._reconciliation.check()
            self._heir = threading.Thread(target=self._wait_for_lock, name="heir", daemon=True)
            self._heir.start()

    def _lock_taken(self) -> bool:
        try:
            return self._lock.take()
        except OSError as error:
            raise StorageError(
                f"The library cannot be written ({error.strerror}). Make room on its disk, or make its folder writable."
            ) from error

    def stop(self) -> None:
        """End what `start` began, in order; a running job goes back to the queue."""
        self._stopping.set()
        if self._heir:
            self._heir.join()
        if self._listener:
            self._listener.stop()
        if self._supervisor:
            self._supervisor.stop()
        self._events.close()
        self._lock.release()

    def _supervise(self) -> None:
        self._supervisor = Supervisor(self._home, self._reconciliation, self._tell, self._drafts)
        self._supervisor.start()
        connect()

    def _wait_for_lock(self) -> None:
        while not self._stopping.wait(_TAKE_OVER):
            if self._lock.take():
                _log.info("Taking over the library's Redis and worker")
                try:
                    self._supervise()
                except ServiceUnavailableError as error:
                    self._tell(str(error))
                return

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
