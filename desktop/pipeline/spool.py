"""Sound kept on disk while a job runs, so that memory does not grow with the song."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from desktop.disk_trouble import disk_trouble
from desktop.errors import StorageError

BLOCK = 65536
Block = NDArray[np.float64]
"""Stems side by side: float64 `[sources, channels, n]`."""


class Track(Protocol):
    """Sound that can be read anywhere: the decoded mixture, or a spool of it at another rate."""

    @property
    def channels(self) -> int:
        """1 or 2."""
        ...

    @property
    def frames(self) -> int:
        """Exact length."""
        ...

    def read(self, start: int, frames: int) -> NDArray[np.floating]:
        """`[channels, frames]` from frame `start` on."""
        ...


class Spool:
    """A raw float32 file of interleaved frames, deleted in the end: written from start to end, then read anywhere."""

    def __init__(self, path: Path, channels: int) -> None:
        self.channels = channels
        self.frames = 0
        self._path = path
        self._file = path.open("w+b")

    def write(self, block: NDArray[np.floating]) -> None:
        """Append `[channels, n]`. Raises StorageError when the disk is full."""
        try:
            self._file.write(np.ascontiguousarray(block.T, dtype=np.float32).tobytes())
            self._file.flush()
        except OSError as error:
            reason, advice = disk_trouble(error, self._path.parent)
            raise StorageError(
                f"The song could not be prepared for separation: {reason}.", f"{advice}, then try again."
            ) from error
        self.frames += block.shape[1]

    def read(self, start: int, frames: int) -> NDArray[np.floating]:
        """float32 `[channels, frames]` from frame `start` on."""
        width = 4 * self.channels
        self._file.seek(start * width)
        return np.frombuffer(self._file.read(frames * width), dtype=np.float32).reshape(-1, self.channels).T

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file and delete it."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def blocks(track: Track, check: Callable[[], None]) -> Iterator[NDArray[np.floating]]:
    """The whole track in order, in blocks `[channels, n <= 65536]`; `check` is called before each and may raise."""
    for start in range(0, track.frames, BLOCK):
        check()
        yield track.read(start, min(BLOCK, track.frames - start))
