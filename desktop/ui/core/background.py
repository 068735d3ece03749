"""The one place where work leaves the window's thread, and where its result comes back."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop.errors import UnbraidError

Result = TypeVar("Result")
FailureHandler = Callable[[UnbraidError], None]


def _ignore(_: object) -> None:
    """What to do with a result that nobody waits for."""


class BackgroundRunner(QObject):
    """One thread that does one thing after the other. Results and errors arrive in the window's thread."""

    _call_requested = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._closed = False
        self._call_requested.connect(self._call_unless_closed, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], Result],
        on_success: Callable[[Result], None] = _ignore,
        on_failure: FailureHandler = _ignore,
    ) -> None:
        """Do `work` in the thread, then call `then` with its result, or `failed` with the UnbraidError it raised."""
        if self._closed:
            return
        self._deliver_result(self._pool.submit(work), on_success, on_failure)

    def run_detached(
        self, work: Callable[[], Result], on_success: Callable[[Result], None], on_failure: FailureHandler = _ignore
    ) -> None:
        """Likewise, in a thread that nobody waits for: `close` leaves it behind, and the process may end under it.

        For what can be held up for long, by a network say, and of which nothing may be left half done.
        """
        future: Future[Result] = Future()
        self._deliver_result(future, on_success, on_failure)
        threading.Thread(target=_set_result, args=(future, work), name="apart", daemon=True).start()

    def call_in_gui_thread(self, function: Callable[[], None]) -> None:
        """Call `function` soon in the window's thread. May be called from any thread."""
        self._call_requested.emit(function)

    def close(self, run_pending: bool = False) -> None:
        """Finish what is being done, and what waits as well if asked to; hand nothing over any more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=not run_pending)

    def _deliver_result(
        self, future: "Future[Result]", on_success: Callable[[Result], None], on_failure: FailureHandler
    ) -> None:
        def hand_over(done: "Future[Result]") -> None:
            if not done.cancelled() and not self._closed:
                self.call_in_gui_thread(lambda: _call_handler(done, on_success, on_failure))

        future.add_done_callback(hand_over)

    def _call_unless_closed(self, function: Callable[[], None]) -> None:
        if not self._closed:
            function()


def _set_result(future: "Future[Result]", work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - as an executor does: it is raised where the result is wanted
        future.set_exception(error)


def _call_handler(future: "Future[Result]", on_success: Callable[[Result], None], on_failure: FailureHandler) -> None:
    error = future.exception()
    if error is None:
        on_success(future.result())
    elif isinstance(error, UnbraidError):
        on_failure(error)
    else:
        raise error
