"""Spool: samples kept on disk while a job runs, so that memory use does not grow with the track."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error
from desktop.text.message import Message

BLOCK_FRAMES = 65536
StemBlock = NDArray[np.float64]
"""Block of all stems, float64 `[sources, channels, n]`."""


class AudioReader(Protocol):
    """Audio with random access: the decoded mixture, or a spool of it at another sample rate."""

    @property
    def channels(self) -> int:
        """Number of channels, 1 or 2."""
        ...

    @property
    def frames(self) -> int:
        """Exact length in frames."""
        ...

    def read(self, start: int, frames: int) -> NDArray[np.floating]:
        """Return `[channels, frames]` from frame `start` on."""
        ...


class Spool:
    """Temporary raw float32 file of interleaved frames: written in order, then read at any position."""

    def __init__(self, path: Path, channels: int) -> None:
        self.channels = channels
        self.frames = 0
        self._path = path
        self._file = path.open("w+b")

    def write(self, block: NDArray[np.floating]) -> None:
        """Append `[channels, n]`. Raises StorageError if the file cannot be written."""
        try:
            self._file.write(np.ascontiguousarray(block.T, dtype=np.float32).tobytes())
            self._file.flush()
        except OSError as error:
            reason, advice = describe_disk_error(error, self._path.parent)
            raise StorageError(
                Message("The song could not be prepared for separation: {reason}.", reason=reason),
                Message("{advice}, then try again.", advice=advice),
            ) from error
        self.frames += block.shape[1]

    def read(self, start: int, frames: int) -> NDArray[np.floating]:
        """Return float32 `[channels, frames]` from frame `start` on."""
        frame_bytes = 4 * self.channels
        self._file.seek(start * frame_bytes)
        return np.frombuffer(self._file.read(frames * frame_bytes), dtype=np.float32).reshape(-1, self.channels).T

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file and delete it."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def read_blocks(audio: AudioReader, raise_if_cancelled: Callable[[], None]) -> Iterator[NDArray[np.floating]]:
    """Yield the whole track in blocks `[channels, n <= 65536]`; call `raise_if_cancelled` before each."""
    for start in range(0, audio.frames, BLOCK_FRAMES):
        raise_if_cancelled()
        yield audio.read(start, min(BLOCK_FRAMES, audio.frames - start))
