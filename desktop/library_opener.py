"""Opens the library, and starts what separates songs, behind a window that can be seen already.

Database, Redis and Celery take as long to import as the window takes to come up.
"""

import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError, UnbraidError
from desktop.paths import Home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.ui.core.job_feed import JobFeed

if TYPE_CHECKING:
    from desktop.backend import Backend
    from desktop.jobs.service import JobService

# Seconds for which the end waits for the thread: it may hang in a system call, on a dead disk say.
_STOP_TIMEOUT_S = 5.0
_CLOSING_TEXT, _NOT_OPENED_TEXT = "Unbraid is closing.", "The library could not be opened."
_UNEXPECTED_ERROR = (
    "Songs cannot be separated: something went wrong in Unbraid itself. Details: {}. Quit Unbraid, then start it again."
)


class LibraryOpener(QObject):
    """The window's backend, from its import to its end."""

    opened = Signal()
    """The library is open, and all is imported."""
    notice_raised = Signal(str)
    """A sentence about how it was opened, where there is anything to say."""
    failed = Signal()
    """It cannot be opened: see `refusal`."""

    def __init__(self, home: Home, feed: JobFeed) -> None:
        super().__init__()
        self._home = home
        self._feed = feed
        self._backend: Future[Backend] = Future()
        self._thread = threading.Thread(target=self._run, name="start", daemon=True)
        self.error: Exception | None = None

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def wait_for_service(self) -> "JobService":
        """Return the library's service, once it is open. Raises UnbraidError when it cannot be opened any more."""
        try:
            return self._backend.result().service
        except CancelledError as error:
            raise StorageError(_CLOSING_TEXT) from error

    def cancel(self) -> None:
        """Let nobody wait any longer for a library that is not open yet."""
        self._backend.cancel()

    def stop(self) -> None:
        """Stop all that was started, and what is still starting."""
        self.cancel()
        if not self._backend.cancelled() and not self._backend.exception():
            self._backend.result().stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        try:
            backend = self._open()
            self._backend.set_result(backend)
        except InvalidStateError:  # the window was closed meanwhile
            return
        except Exception as error:  # noqa: BLE001 it is raised again in the window's thread, and where the library is asked
            self._fail(error)
            return
        self.opened.emit()
        if backend.notice:
            self.notice_raised.emit(backend.notice)
        try:
            backend.start()
        except UnbraidError as error:
            self._feed.trouble_changed.emit(str(error))
        except Exception as error:  # noqa: BLE001 else the window would wait for songs that nobody separates
            self._feed.trouble_changed.emit(
                _UNEXPECTED_ERROR.format(process_crash_handler.record_exception(error) or self._home.logs)
            )

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
        backend.on_trouble = self._feed.trouble_changed.emit
        return backend
