import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from desktop.audio.streaming import prefetch


def test_the_same_items_come_in_the_same_order() -> None:
    assert list(prefetch(range(1000))) == list(range(1000))


def test_what_the_making_raises_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    got: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        got.extend(prefetch(items()))
    with closing(prefetch(items())) as again:
        assert next(again) == 1


def test_an_endless_making_ends_with_the_use_of_it() -> None:
    before = threading.active_count()
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            ended.set()

    source = items()
    with closing(prefetch(source)) as some:
        assert next(some) == 0
    source.close()
    assert ended.is_set()
    assert threading.active_count() == before
