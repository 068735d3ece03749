import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from desktop.audio.streaming import prefetch


def test_prefetch_yields_the_same_items_in_the_same_order() -> None:
    assert list(prefetch(range(1000))) == list(range(1000))


def test_prefetch_raises_the_error_of_the_source_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    received: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        received.extend(prefetch(items()))
    with closing(prefetch(items())) as stream:
        assert next(stream) == 1


def test_closing_prefetch_stops_an_endless_source_and_its_thread() -> None:
    before = threading.active_count()
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            ended.set()

    source = items()
    with closing(prefetch(source)) as stream:
        assert next(stream) == 0
    source.close()
    assert ended.is_set()
    assert threading.active_count() == before
