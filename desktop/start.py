"""Opens the library, and starts what separates songs, behind a window that can be seen already.

Database, Redis and Celery take as long to import as the window takes to come up.
"""

import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.crashes.watch import watching
from desktop.errors import StorageError, UnbraidError
from desktop.paths import Home
from desktop.ui.job_feed import JobFeed

if TYPE_CHECKING:
    from desktop.backend import Backend
    from desktop.jobs.service import JobService

# Seconds for which the end waits for the thread: it may hang in a system call, on a dead disk say.
_LONGEST_END = 5.0
_CLOSING, _NOT_OPENED = "Unbraid is closing.", "The library could not be opened."
_UNFORESEEN = "Songs cannot be separated: something went wrong in Unbraid itself. Details: {}. Quit Unbraid, then start it again."


class Start(QObject):
    """The window's backend, from its import to its end."""

    opened = Signal()
    """The library is open, and all is imported."""
    noticed = Signal(str)
    """A sentence about how it was opened, where there is anything to say."""
    refused = Signal()
    """It cannot be opened: see `refusal`."""

    def __init__(self, home: Home, feed: JobFeed) -> None:
        super().__init__()
        self._home = home
        self._feed = feed
        self._backend: Future[Backend] = Future()
        self._thread = threading.Thread(target=self._run, name="start", daemon=True)
        self.refusal: Exception | None = None

    def begin(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def service(self) -> "JobService":
        """Return the library's service, once it is open. Raises UnbraidError when it cannot be opened any more."""
        try:
            return self._backend.result().service
        except CancelledError as error:
            raise StorageError(_CLOSING) from error

    def leave(self) -> None:
        """Let nobody wait any longer for a library that is not open yet."""
        self._backend.cancel()

    def end(self) -> None:
        """Stop all that was started, and what is still starting."""
        self.leave()
        if not self._backend.cancelled() and not self._backend.exception():
            self._backend.result().stop()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_END)

    def _run(self) -> None:
        try:
            backend = self._open()
            self._backend.set_result(backend)
        except InvalidStateError:  # the window was closed meanwhile
            return
        except Exception as error:  # noqa: BLE001 it is raised again in the window's thread, and where the library is asked
            self._refuse(error)
            return
        self.opened.emit()
        if backend.notice:
            self.noticed.emit(backend.notice)
        try:
            backend.start()
        except UnbraidError as error:
            self._feed.trouble.emit(str(error))
        except Exception as error:  # noqa: BLE001 else the window would wait for songs that nobody separates
            self._feed.trouble.emit(_UNFORESEEN.format(watching.record(error) or self._home.logs))

    def _refuse(self, error: Exception) -> None:
        if self._backend.cancelled():
            return
        self.refusal = error
        self._backend.set_exception(error if isinstance(error, UnbraidError) else StorageError(_NOT_OPENED))
        self.refused.emit()

    def _open(self) -> "Backend":
        from desktop.backend import Backend

        backend = Backend(self._home, drafts=True)
        backend.subscribe(self._feed.deliver, self._feed.gap.emit)
        backend.on_trouble = self._feed.trouble.emit
        return backend
