"""Work on what is there while what follows is being made."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_DEPTH = 16


class _End:
    """Comes after the last item."""


def ahead(items: Iterable[_Item]) -> Generator[_Item]:
    """The same items, made in a thread of their own a little before they are asked for. Raises what that raised.

    Close it when not all are wanted: then the thread ends before it returns.
    """
    making = iter(items)
    pool = ThreadPoolExecutor(1, "ahead")
    try:
        coming = deque(pool.submit(next, making, _End()) for _ in range(_DEPTH))
        while not isinstance(item := coming.popleft().result(), _End):
            coming.append(pool.submit(next, making, _End()))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
