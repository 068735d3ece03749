"""The peak pyramid: minimum and maximum of every 256 frames, and of 4, 16, 64 … times as many.

File format: a 32-byte header, then the levels, finest first, each int16 `[entries, 2]` (min, max), full scale 32767.
An hour takes 1.7 MB, and any view is drawn from a few entries per column at most.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from desktop.atomic_file import AtomicFile

FRAMES_PER_ENTRY = 256
LEVEL_FACTOR = 4
FULL_SCALE = 32767
_HEADER = struct.Struct("<8sQ16x")
_MAGIC = b"UBPEAKS1"
_MAX_COARSEST_ENTRIES = 64
_CHUNK_ENTRIES = 1 << 16

PeakEntries = NDArray[np.int16]


class PeakWriter:
    """Writer of a peak pyramid; `close` moves the finished file to its path."""

    def __init__(self, path: Path) -> None:
        """Open a temporary file next to `path`. All channels share one envelope.

        Raises OSError if the file cannot be written.
        """
        self._target = AtomicFile(path)
        self._file = self._target.part.open("w+b")
        self._file.write(_HEADER.pack(_MAGIC, 0))
        self._pending: NDArray[np.floating] | None = None
        self._frames = 0

    def add_block(self, block: NDArray[np.floating]) -> None:
        """Add the next block `[channels, frames]`, full scale ±1. Raises OSError if it cannot be written."""
        self._frames += block.shape[1]
        sound = block if self._pending is None else np.concatenate([self._pending, block], axis=1)
        whole = sound.shape[1] // FRAMES_PER_ENTRY * FRAMES_PER_ENTRY
        self._pending = sound[:, whole:].copy()
        self._write_entries(sound[:, :whole])

    def close(self) -> None:
        """Finish the file and move it into place. Raises OSError if it cannot be written."""
        if self._file.closed:
            return
        if self._pending is not None and self._pending.shape[1]:
            self._write_entries(
                np.pad(self._pending, ((0, 0), (0, FRAMES_PER_ENTRY - self._pending.shape[1])), mode="edge")
            )
        _append_coarser_levels(self._file, entry_count(self._frames))
        self._file.seek(0)
        self._file.write(_HEADER.pack(_MAGIC, self._frames))
        self._file.close()
        self._target.commit()

    def abort(self) -> None:
        """Close and delete the temporary file; do nothing after `close`."""
        # On a full disk closing fails too; the file is deleted anyway.
        with suppress(OSError):
            self._file.close()
        self._target.discard()

    def _write_entries(self, sound: NDArray[np.floating]) -> None:
        self._file.write(compute_entries(sound).tobytes())


class Peaks:
    """Peak pyramid, read from disk on demand."""

    def __init__(self, frames: int, levels: list[PeakEntries]) -> None:
        self._frames = frames
        self._levels = levels

    @classmethod
    def open(cls, path: Path) -> "Peaks":
        """Open the pyramid at `path`.

        Raises OSError if the file cannot be read, ValueError if it is not a peak pyramid.
        """
        with path.open("rb") as file:
            head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_MAGIC):
            raise ValueError(f"{path.name} is not a peak pyramid")
        frames = _HEADER.unpack(head)[1]
        sizes = level_sizes(entry_count(frames))
        if not frames:
            return cls(0, [])
        # A plain array: each slice of a memmap costs as much as the columns of a narrow strip.
        whole = np.asarray(np.memmap(path, dtype="<i2", mode="r", offset=_HEADER.size, shape=(sum(sizes), 2)))
        levels: list[PeakEntries] = []
        start = 0
        for size in sizes:
            levels.append(whole[start : start + size])
            start += size
        return cls(frames, levels)

    @property
    def frames(self) -> int:
        """Length of the audio in frames."""
        return self._frames

    def columns(self, start: float, end: float, width: int) -> NDArray[np.int16]:
        """Return min and max of `width` columns between frames `start` and `end`: int16 `[width, 2]`.

        Columns outside the audio are zero.
        """
        columns = np.zeros((width, 2), np.int16)
        if not self._levels or width < 1 or end <= start:
            return columns
        level = self._choose_level((end - start) / width)
        entries = self._levels[level]
        edges = (start + np.arange(width + 1) * ((end - start) / width)) / (FRAMES_PER_ENTRY * LEVEL_FACTOR**level)
        # Rounding errors must not decide whether an entry at an edge belongs to the column.
        first = np.floor(edges[:-1] + 1e-6).astype(np.int64)
        last = np.maximum(np.ceil(edges[1:] - 1e-6).astype(np.int64), first + 1)
        inside = (first < len(entries)) & (last > 0)
        if not inside.any():
            return columns
        first, last = np.maximum(first[inside], 0), np.minimum(last[inside], len(entries))
        low, high = int(first[0]), int(last[-1])
        visible = np.concatenate([entries[low:high], np.zeros((1, 2), np.int16)])
        cuts = np.stack([first - low, last - low], axis=1).ravel()
        columns[inside, 0] = np.minimum.reduceat(visible[:, 0], cuts)[::2]
        columns[inside, 1] = np.maximum.reduceat(visible[:, 1], cuts)[::2]
        return columns

    def _choose_level(self, frames_per_column: float) -> int:
        level = 0
        while level + 1 < len(self._levels) and FRAMES_PER_ENTRY * LEVEL_FACTOR ** (level + 1) <= frames_per_column:
            level += 1
        return level


def compute_entries(sound: NDArray[np.floating]) -> PeakEntries:
    """Return min and max over all channels of each `FRAMES_PER_ENTRY` frames: int16 `[entries, 2]`.

    `sound` is `[channels, entries * FRAMES_PER_ENTRY]`, full scale ±1.
    """
    # Reduce along the frames first: they are contiguous in memory, the channels are not.
    groups = np.ascontiguousarray(sound).reshape(len(sound), -1, FRAMES_PER_ENTRY)
    pairs = np.stack([groups.min(axis=2).min(axis=0), groups.max(axis=2).max(axis=0)], axis=1)
    return np.clip(np.rint(pairs * FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype("<i2")


def entry_count(frames: int) -> int:
    """Return the number of entries in the finest level for this many frames."""
    return -(-frames // FRAMES_PER_ENTRY)


def level_sizes(entries: int) -> list[int]:
    """Return the number of entries of each level, finest first, for a finest level of `entries`."""
    sizes = [entries]
    while sizes[-1] > _MAX_COARSEST_ENTRIES:
        sizes.append(-(-sizes[-1] // LEVEL_FACTOR))
    return sizes


def _append_coarser_levels(file: BinaryIO, entries: int) -> None:
    """Append the coarser levels, each computed from the previous one in chunks, so that memory use stays small."""
    start = _HEADER.size
    for size in level_sizes(entries)[:-1]:
        for first in range(0, size, _CHUNK_ENTRIES):
            count = min(_CHUNK_ENTRIES, size - first)
            file.seek(start + 4 * first)
            pairs = np.frombuffer(file.read(4 * count), dtype="<i2").reshape(-1, 2)
            padding = -count % LEVEL_FACTOR
            groups = np.concatenate([pairs, np.repeat(pairs[-1:], padding, axis=0)]).reshape(-1, LEVEL_FACTOR, 2)
            coarser = np.stack([groups[:, :, 0].min(axis=1), groups[:, :, 1].max(axis=1)], axis=1)
            file.seek(0, os.SEEK_END)
            file.write(coarser.astype("<i2").tobytes())
        start += 4 * size
