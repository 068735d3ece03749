"""Finished segments on disk: they survive a killed worker, and can be read while other segments are computed.

Each segment is one file, renamed into place when complete, so the files present are the finished segments. Reading
overlap-adds them; the result has the same bits in whatever order the segments were written.
"""

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from desktop.atomic_file import write_atomically
from desktop.audio.peaks import FRAMES_PER_ENTRY, compute_entries
from desktop.segments.grid import Segment, Segmentation, SegmentGrid, triangular_window

_MANIFEST_FILE = "about.json"
# Steps per unit of int16 files: loud stems reach up to twice full scale.
_INT16_SCALE = 1 << 14


@dataclass(frozen=True)
class StoreManifest:
    """Description of the segments in a folder."""

    key: str
    """Identifies the rest that the samples depend on, beyond these fields: track, model, runtime."""
    sources: tuple[str, ...]
    sample_rate: int
    """Sample rate of the engine in Hz."""
    channels: int
    frames: int
    """Length of the track in frames at `sample_rate`."""
    segmentation: Segmentation
    shifts: tuple[int, ...] = (0,)
    """Shift of each pass: frames that it begins before the track."""
    dtype: str = "float32"
    """NumPy dtype of the files: "float32", or "int16" for half the size with a resolution of 2^-14."""


class SegmentStore:
    """The finished segments of one track."""

    def __init__(self, folder: Path, manifest: StoreManifest) -> None:
        """Do not call directly: use `create` or `open`."""
        self.folder = folder
        self.manifest = manifest
        self.grid = SegmentGrid(manifest.frames, manifest.segmentation, manifest.shifts)
        self.finished: set[int] = set()
        """Numbers of the finished segments, updated by `refresh` and `write`."""
        length = manifest.segmentation.length
        self._window = triangular_window(length) if manifest.segmentation.overlaps else np.ones(length)
        self._dtype = np.dtype(manifest.dtype)

    @classmethod
    def create(cls, folder: Path, manifest: StoreManifest) -> Self:
        """Return the store in `folder`, emptied first if its manifest differs from `manifest`. Raises OSError."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            store = cls.open(folder)
            if store.manifest == manifest:
                return store
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        store = cls(folder, manifest)
        store._write_manifest()
        return store

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the store in `folder`. Raises OSError, ValueError, TypeError or KeyError if there is none."""
        store = cls(folder, cls.read_manifest(folder))
        store.refresh()
        return store

    @staticmethod
    def read_manifest(folder: Path) -> StoreManifest:
        """Return the manifest of the store in `folder`. Raises the same errors as `open`."""
        fields = json.loads((folder / _MANIFEST_FILE).read_text(encoding="utf-8"))
        return StoreManifest(
            segmentation=Segmentation(**fields.pop("segmentation")),
            sources=tuple(fields.pop("sources")),
            shifts=tuple(fields.pop("leads")),
            dtype=fields.pop("kept_as"),
            **fields,
        )

    def with_length(self, frames: int) -> "SegmentStore":
        """Return the same store with a corrected track length in frames. Raises OSError."""
        store = SegmentStore(self.folder, replace(self.manifest, frames=frames))
        store._write_manifest()
        store.refresh()
        return store

    def refresh(self) -> set[int]:
        """Add the segments that any process finished since the last call to `finished`, and return their numbers."""
        suffix = f".{self.manifest.dtype}"
        with suppress(OSError):  # the folder is gone: the job ended
            files = {int(file.stem) for file in self.folder.iterdir() if file.suffix == suffix}
            new = {number for number in files - self.finished if self._is_complete(number)}
            self.finished |= new
            return new
        return set()

    def write(self, segment: Segment, stems: NDArray[np.float32], is_durable: bool = True) -> None:
        """Write the stems of a segment, float32 `[sources, channels, frames]`. Raises OSError.

        If `is_durable`, wait until they are on the disk, so that a power cut costs no more than the segment that is
        being computed.
        """
        if segment.pass_number == 0:
            peaks = self._compute_peaks(segment, stems)
            write_atomically(self._peaks_path(segment.number), peaks.data, durable=is_durable)
        write_atomically(self._segment_path(segment.number), self._encode(stems).data, durable=is_durable)
        self.finished.add(segment.number)

    def is_ready(self, start: int, end: int) -> bool:
        """Return True if every segment that covers frames from `start` to before `end` is finished."""
        return all(segment.number in self.finished for segment in self.grid.overlapping(start, end))

    def ready_until(self, start: int, end: int) -> int:
        """Return the end of the ready range that begins at `start`, at most `end`; `start` if nothing is ready."""
        missing = (part.start for part in self.grid.overlapping(start, end) if part.number not in self.finished)
        return min(max(start, next(missing, end)), end)

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """Return float64 `[frames, sources, channels]` from frame `start` on, which must be ready. Raises OSError."""
        shape = (frames, len(self.manifest.sources), self.manifest.channels)
        sums = np.zeros((self.grid.pass_count, *shape))
        weights = np.zeros((self.grid.pass_count, frames, 1, 1))
        for segment in self.grid.overlapping(start, start + frames):
            first, last = max(start, segment.start), min(start + frames, segment.end)
            window = self._window[first - segment.start : last - segment.start, None, None]
            target = slice(first - start, last - start)
            sums[segment.pass_number, target] += window * self._read_segment(
                segment.number, first - segment.start, last - first
            )
            weights[segment.pass_number, target] += window
        sums /= weights
        return sums[0] if self.grid.pass_count == 1 else sums.mean(axis=0)

    def peaks(self, number: int) -> tuple[int, NDArray[np.int16]]:
        """Return the index of the first entry and the peaks of a finished segment, int16 `[entries, sources, 2]`.

        Entry n covers `FRAMES_PER_ENTRY` frames from frame `n * FRAMES_PER_ENTRY` on. Raises OSError.
        """
        segment = self.grid.segments[number]
        first, last = self._entry_range(segment) if segment.pass_number == 0 else (0, 0)
        if first == last:
            return first, np.zeros((0, len(self.manifest.sources), 2), np.int16)
        entries = np.fromfile(self._peaks_path(number), np.int16).reshape(-1, len(self.manifest.sources), 2)
        return first, entries[: last - first]

    def total_bytes(self) -> int:
        """Return the size in bytes of all segment files of the finished store."""
        width = len(self.manifest.sources) * self.manifest.channels * self._dtype.itemsize
        return sum(segment.frames for segment in self.grid.segments) * width

    def _encode(self, stems: NDArray[np.float32]) -> NDArray[np.generic]:
        """Convert `[sources, channels, frames]` to `[frames, sources, channels]` of the files' dtype."""
        if self._dtype.kind == "i":
            limits = np.iinfo(self._dtype)
            # Converted before the transposition: half as many bytes to move.
            stems = np.rint(stems * np.float32(_INT16_SCALE)).clip(limits.min, limits.max).astype(self._dtype)
        return np.ascontiguousarray(stems.transpose(2, 0, 1), dtype=self._dtype)

    def _read_segment(self, number: int, start: int, frames: int) -> NDArray[np.floating]:
        """Return `[frames, sources, channels]` of one segment from its frame `start` on."""
        width = len(self.manifest.sources) * self.manifest.channels
        offset = start * width * self._dtype.itemsize
        flat = np.fromfile(self._segment_path(number), self._dtype, frames * width, offset=offset)
        part = flat.reshape(frames, -1, self.manifest.channels)
        return part * np.float32(1 / _INT16_SCALE) if self._dtype.kind == "i" else part

    def _compute_peaks(self, segment: Segment, stems: NDArray[np.float32]) -> NDArray[np.int16]:
        """Return int16 `[entries, sources, 2]`. Of an overlap, each neighbour covers its half."""
        first, last = self._entry_range(segment)
        start = first * FRAMES_PER_ENTRY - segment.start
        own_part = stems[..., start : last * FRAMES_PER_ENTRY - segment.start]
        padding = (last - first) * FRAMES_PER_ENTRY - own_part.shape[-1]
        own_part = (
            np.pad(own_part, ((0, 0), (0, 0), (0, padding)), mode="edge") if padding and own_part.size else own_part
        )
        return np.stack([compute_entries(stem) for stem in own_part], axis=1)

    def _entry_range(self, segment: Segment) -> tuple[int, int]:
        segmentation, frames = self.manifest.segmentation, self.manifest.frames
        half = (segmentation.length - segmentation.stride) // 2
        first = 0 if segment.start <= 0 else segment.start + half
        following = segment.start + segmentation.stride
        last = frames if following >= frames else min(following + half, frames)
        return -(-first // FRAMES_PER_ENTRY), max(-(-first // FRAMES_PER_ENTRY), -(-last // FRAMES_PER_ENTRY))

    def _is_complete(self, number: int) -> bool:
        if number >= len(self.grid.segments):
            return False
        segment = self.grid.segments[number]
        width = len(self.manifest.sources) * self.manifest.channels * self._dtype.itemsize
        with suppress(OSError):
            return self._segment_path(number).stat().st_size == segment.frames * width
        return False

    def _segment_path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.{self.manifest.dtype}"

    def _peaks_path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.peaks"

    def _write_manifest(self) -> None:
        fields = asdict(self.manifest)
        # The keys of earlier versions, so that a job continues after an update.
        fields["leads"], fields["kept_as"] = fields.pop("shifts"), fields.pop("dtype")
        del fields["segmentation"]["takes_overlap"]  # `stride` already says with which overlap
        write_atomically(self.folder / _MANIFEST_FILE, json.dumps(fields))
