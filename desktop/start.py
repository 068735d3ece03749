"""Opens the library, and starts what separates songs, behind a window that can be seen already.

Database, Redis and Celery take as long to import as the window takes to come up.
"""

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError, UnbraidError
from desktop.paths import Home
from desktop.ui.job_feed import JobFeed

if TYPE_CHECKING:
    from desktop.backend import Backend
    from desktop.jobs.service import JobService


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
        self.refusal: StorageError | None = None

    def begin(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def service(self) -> "JobService":
        """That of the library, once it is open. Raises StorageError when it cannot be opened."""
        return self._backend.result().service

    def end(self) -> None:
        """Stop all that was started."""
        if not self._backend.cancel():
            self._thread.join()
            if not self._backend.exception():
                self._backend.result().stop()

    def _run(self) -> None:
        if not self._backend.set_running_or_notify_cancel():
            return
        try:
            backend = self._open()
        except BaseException as error:
            self._backend.set_exception(error)
            if not isinstance(error, StorageError):
                raise
            self.refusal = error
            self.refused.emit()
            return
        self._backend.set_result(backend)
        self.opened.emit()
        if backend.notice:
            self.noticed.emit(backend.notice)
        try:
            backend.start()
        except UnbraidError as error:
            self._feed.trouble.emit(str(error))

    def _open(self) -> "Backend":
        from desktop.backend import Backend

        backend = Backend(self._home, drafts=True)
        backend.subscribe(self._feed.deliver, self._feed.gap.emit)
        backend.on_trouble = self._feed.trouble.emit
        return backend
