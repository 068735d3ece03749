"""The one place where work leaves the window's thread, and where its result comes back."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop.errors import UnbraidError

Result = TypeVar("Result")
Failed = Callable[[UnbraidError], None]


def _ignore(_: object) -> None:
    """What to do with a result that nobody waits for."""


class Background(QObject):
    """One thread that does one thing after the other. Results and errors arrive in the window's thread."""

    _call = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._closed = False
        self._call.connect(self._run_here, Qt.ConnectionType.QueuedConnection)

    def run(
        self, work: Callable[[], Result], then: Callable[[Result], None] = _ignore, failed: Failed = _ignore
    ) -> None:
        """Do `work` in the thread, then call `then` with its result, or `failed` with the UnbraidError it raised."""
        if self._closed:
            return
        self._hand_over(self._pool.submit(work), then, failed)

    def run_apart(self, work: Callable[[], Result], then: Callable[[Result], None], failed: Failed = _ignore) -> None:
        """Likewise, in a thread that nobody waits for: `close` leaves it behind, and the process may end under it.

        For what can be held up for long, by a network say, and of which nothing may be left half done.
        """
        future: Future[Result] = Future()
        self._hand_over(future, then, failed)
        threading.Thread(target=_fulfil, args=(future, work), name="apart", daemon=True).start()

    def in_window(self, function: Callable[[], None]) -> None:
        """Call `function` soon in the window's thread. May be called from any thread."""
        self._call.emit(function)

    def close(self, finish: bool = False) -> None:
        """Finish what is being done, and what waits as well if asked to; hand nothing over any more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=not finish)

    def _hand_over(self, future: "Future[Result]", then: Callable[[Result], None], failed: Failed) -> None:
        def hand_over(done: "Future[Result]") -> None:
            if not done.cancelled() and not self._closed:
                self.in_window(lambda: _conclude(done, then, failed))

        future.add_done_callback(hand_over)

    def _run_here(self, function: Callable[[], None]) -> None:
        if not self._closed:
            function()


def _fulfil(future: "Future[Result]", work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - as an executor does: it is raised where the result is wanted
        future.set_exception(error)


def _conclude(done: "Future[Result]", then: Callable[[Result], None], failed: Failed) -> None:
    error = done.exception()
    if error is None:
        then(done.result())
    elif isinstance(error, UnbraidError):
        failed(error)
    else:
        raise error
