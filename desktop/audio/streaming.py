"""Streaming helpers: prefetching an iterable in a thread, and reading audio files sequentially."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import soundfile

from desktop.audio.names import native_path

_Item = TypeVar("_Item")
_QUEUE_LENGTH = 16
_SKIP_BLOCK_FRAMES = 65536


class _EndOfItems:
    """Sentinel after the last item."""


def prefetch(items: Iterable[_Item]) -> Generator[_Item]:
    """Yield `items`, produced up to 16 items ahead in a separate thread. Raises what `items` raises.

    Close the generator if not all items are consumed; closing waits until the thread has ended.
    """
    iterator = iter(items)
    pool = ThreadPoolExecutor(1, "prefetch")
    try:
        pending = deque(pool.submit(next, iterator, _EndOfItems()) for _ in range(_QUEUE_LENGTH))
        while not isinstance(item := pending.popleft().result(), _EndOfItems):
            pending.append(pool.submit(next, iterator, _EndOfItems()))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


class SequentialSoundFile(soundfile.SoundFile):
    """SoundFile that reads sequentially without seeking.

    soundfile seeks after each read, and in an MP3 the seek lands at a wrong position.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        """Open at frame `start`. Raises soundfile.SoundFileError if the file cannot be opened."""
        super().__init__(native_path(path))
        if start:
            self.continue_at(start)

    def seekable(self) -> bool:
        """Return False, so that soundfile does not seek after each read."""
        return False

    def continue_at(self, frame: int) -> None:
        """Let the next read begin at `frame`. Raises soundfile.SoundFileError."""
        if self.format == "MP3":
            self.seek(0)
            self._skip_by_reading(frame)
        else:
            self.seek(frame)

    def _skip_by_reading(self, frames: int) -> None:
        while frames > 0 and len(self.read(min(frames, _SKIP_BLOCK_FRAMES), dtype="float32")):
            frames -= _SKIP_BLOCK_FRAMES
