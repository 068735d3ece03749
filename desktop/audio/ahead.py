"""Work on what is there while what follows is being made."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")
_DEPTH = 16


def ahead(items: Iterable[_Item]) -> Generator[_Item]:
    """The same items, made in a thread of their own a little before they are asked for. Raises what that raised.

    Close it when not all are wanted: then the thread ends before it returns.
    """
    made: queue.Queue[tuple[_Item] | BaseException | None] = queue.Queue(_DEPTH)
    stopped = threading.Event()

    def make() -> None:
        try:
            for item in items:
                made.put((item,))
                if stopped.is_set():
                    return
            made.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the items are used
            made.put(error)

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stopped.set()
        while thread.is_alive():
            _drain(made)
            thread.join(0.01)


def _drain(made: "queue.Queue[tuple[_Item] | BaseException | None]") -> None:
    try:
        while True:
            made.get_nowait()
    except queue.Empty:
        return
