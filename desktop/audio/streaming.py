"""Work on what is there while what follows is being made."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import soundfile

from desktop.audio.names import native_path

_Item = TypeVar("_Item")
_QUEUE_LENGTH = 16


class _EndOfItems:
    """Comes after the last item."""


def prefetch(items: Iterable[_Item]) -> Generator[_Item]:
    """The same items, made in a thread of their own a little before they are asked for. Raises what that raised.

    Close it when not all are wanted: then the thread ends before it returns.
    """
    iterator = iter(items)
    pool = ThreadPoolExecutor(1, "ahead")
    try:
        pending = deque(pool.submit(next, iterator, _EndOfItems()) for _ in range(_QUEUE_LENGTH))
        while not isinstance(item := pending.popleft().result(), _EndOfItems):
            pending.append(pool.submit(next, iterator, _EndOfItems()))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


_SKIP_BLOCK_FRAMES = 65536


class SequentialSoundFile(soundfile.SoundFile):
    """Reads on from where it is. soundfile seeks after each read, and in an MP3 that lands beside the mark."""

    def __init__(self, path: Path, start: int = 0) -> None:
        """Open at frame `start`. Raises soundfile.SoundFileError."""
        super().__init__(native_path(path))
        if self.format == "MP3":
            self._skip_by_reading(start)
        elif start:
            self.seek(start)

    def seekable(self) -> bool:
        """Told so that nothing seeks."""
        return False

    def _skip_by_reading(self, frames: int) -> None:
        while frames > 0 and len(self.read(min(frames, _SKIP_BLOCK_FRAMES), dtype="float32")):
            frames -= _SKIP_BLOCK_FRAMES
