"""Background threads for the window: run a function in one and deliver its result in the GUI thread."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop.errors import UnbraidError

Result = TypeVar("Result")
FailureHandler = Callable[[UnbraidError], None]


def _ignore(_: object) -> None:
    """Discard a result or an error."""


class BackgroundRunner(QObject):
    """Runs functions one after another in one thread; calls their result and error handlers in the GUI thread."""

    _call_requested = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        # Of the work that has no result yet. Only the GUI thread has references to them: they hold widgets, which a
        # thread that drops the last reference would delete.
        self._handlers: dict[Future[Any], tuple[Callable[[Any], None], FailureHandler]] = {}
        self._closed = False
        self._call_requested.connect(self._call_unless_closed, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], Result],
        on_success: Callable[[Result], None] = _ignore,
        on_failure: FailureHandler = _ignore,
    ) -> None:
        """Run `work` in the thread, then call `on_success` with its result or `on_failure` with its UnbraidError.

        Any other exception of `work` is raised in the GUI thread. After `close` the call has no effect.
        """
        if self._closed:
            return
        self._deliver_result(self._pool.submit(work), on_success, on_failure)

    def run_detached(
        self, work: Callable[[], Result], on_success: Callable[[Result], None], on_failure: FailureHandler = _ignore
    ) -> None:
        """Run `work` as `run` does, but in a daemon thread of its own that `close` does not wait for.

        Use it for work that may block for long, for example on the network, and that may be interrupted at any
        point without leaving incomplete data: the process may exit while it runs.
        """
        future: Future[Result] = Future()
        self._deliver_result(future, on_success, on_failure)
        threading.Thread(target=_set_result, args=(future, work), name="detached", daemon=True).start()

    def call_in_gui_thread(self, function: Callable[[], None]) -> None:
        """Queue `function` to be called in the GUI thread. May be called from any thread."""
        self._call_requested.emit(function)

    def close(self, run_pending: bool = False) -> None:
        """Accept no more work, wait for the running function, and deliver no more results.

        Functions still queued are run first if `run_pending` is true, and cancelled otherwise.
        """
        self._closed = True
        self._handlers.clear()
        self._pool.shutdown(wait=True, cancel_futures=not run_pending)

    def _deliver_result(
        self, future: "Future[Result]", on_success: Callable[[Result], None], on_failure: FailureHandler
    ) -> None:
        self._handlers[future] = (on_success, on_failure)

        def deliver(done: "Future[Result]") -> None:
            if not done.cancelled() and not self._closed:
                self.call_in_gui_thread(lambda: _call_handler(done, *self._handlers.pop(done)))

        future.add_done_callback(deliver)

    def _call_unless_closed(self, function: Callable[[], None]) -> None:
        if not self._closed:
            function()


def _set_result(future: "Future[Result]", work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - as executors do: raised again where the result is read
        future.set_exception(error)


def _call_handler(future: "Future[Result]", on_success: Callable[[Result], None], on_failure: FailureHandler) -> None:
    error = future.exception()
    if error is None:
        on_success(future.result())
    elif isinstance(error, UnbraidError):
        on_failure(error)
    else:
        raise error
