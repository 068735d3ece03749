"""Opens the library and starts its backend in a thread, while the window is already visible.

Importing the database, Redis and Celery takes as long as opening the window.
"""

import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError, UnbraidError
from desktop.paths import Home
from desktop.runtime.crash_handler import report_broken_queue
from desktop.text.message import Message
from desktop.ui.core.job_feed import JobFeed

if TYPE_CHECKING:
    from desktop.backend import Backend
    from desktop.jobs.service import JobService

# Seconds that `stop` waits for the thread, which may hang in a system call, for example on a dead disk.
_STOP_TIMEOUT_S = 5.0
_CLOSING_TEXT = Message("Unbraid is closing.")
_NOT_OPENED_TEXT = Message("The library could not be opened.")


class LibraryOpener(QObject):
    """Owner of the window's backend: imports it, opens it, starts it and stops it."""

    opened = Signal()
    """The library is open, and every module is imported."""
    notice_raised = Signal(str)
    """Message for the user if the database had to be rebuilt."""
    failed = Signal()
    """The library cannot be opened; `error` holds the reason."""

    def __init__(self, home: Home, feed: JobFeed) -> None:
        super().__init__()
        self._home = home
        self._feed = feed
        self._backend: Future[Backend] = Future()
        self._thread = threading.Thread(target=self._run, name="start", daemon=True)
        self.error: Exception | None = None
        """Why the library could not be opened."""

    def start(self) -> None:
        """Open the library in a thread."""
        self._thread.start()

    def wait_for_service(self) -> "JobService":
        """Wait until the library is open and return its job service.

        Raises UnbraidError if the library cannot be opened or the window closes.
        """
        try:
            return self._backend.result().service
        except CancelledError as error:
            raise StorageError(_CLOSING_TEXT) from error

    def cancel(self) -> None:
        """End every `wait_for_service` with an error, unless the library is already open."""
        self._backend.cancel()

    def stop(self) -> None:
        """Stop the backend, also while it is still starting."""
        self.cancel()
        if not self._backend.cancelled() and not self._backend.exception():
            self._backend.result().stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        try:
            backend = self._open()
            self._backend.set_result(backend)
        except InvalidStateError:  # the window was closed in the meantime
            return
        except Exception as error:  # noqa: BLE001 raised again in the window's thread and in `wait_for_service`
            self._fail(error)
            return
        self.opened.emit()
        if backend.notice:
            self.notice_raised.emit(str(backend.notice))
        try:
            backend.start()
        except UnbraidError as error:
            self._feed.trouble_changed.emit(str(error))
        except Exception as error:  # noqa: BLE001 otherwise the window would wait for jobs that no worker takes
            self._feed.trouble_changed.emit(str(report_broken_queue(error, self._home)))

    def _fail(self, error: Exception) -> None:
        if self._backend.cancelled():
            return
        self.error = error
        self._backend.set_exception(error if isinstance(error, UnbraidError) else StorageError(_NOT_OPENED_TEXT))
        self.failed.emit()

    def _open(self) -> "Backend":
        from desktop.backend import Backend

        backend = Backend(self._home, makes_drafts=True)
        backend.subscribe(self._feed.deliver, self._feed.events_missed.emit)
        backend.on_trouble = self._show_trouble
        return backend

    def _show_trouble(self, trouble: Message | None) -> None:
        """Show a fault of Redis or the worker, or none once it is resolved. May be called from any thread."""
        self._feed.trouble_changed.emit(str(trouble or ""))
