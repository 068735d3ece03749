"""Finished segments on disk: kept through every kill, and readable while others are still in work.

One file a segment, that appears when it is whole; which files there are says which segments are done. Reading
overlap-adds: the same bits whatever the order in which the segments came.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from desktop.audio.peaks import FRAMES_PER_ENTRY, compute_entries
from desktop.segments.grid import Segment, Segmentation, SegmentGrid, triangular_window

_MANIFEST_FILE = "about.json"
# Steps a unit where integers are kept: loud stems go up to twice full scale.
_INT16_SCALE = 1 << 14


@dataclass(frozen=True)
class StoreManifest:
    """What the segments in a folder are."""

    key: str
    """Names all that their numbers depend on beside the fields here: the song, the model, what computes it."""
    sources: tuple[str, ...]
    sample_rate: int
    """Of the engine, in Hz."""
    channels: int
    frames: int
    """Length of the track at that rate."""
    segmentation: Segmentation
    leads: tuple[int, ...] = (0,)
    """One turn of segments for each: frames that it begins before the track."""
    kept_as: str = "float32"
    """numpy's name of the numbers in the files: "float32", or "int16" for half the room, rough to a step of 2^-14."""


class SegmentStore:
    """The finished segments of one track."""

    def __init__(self, folder: Path, manifest: StoreManifest) -> None:
        """Use `create` or `open`."""
        self.folder = folder
        self.manifest = manifest
        self.grid = SegmentGrid(manifest.frames, manifest.segmentation, manifest.leads)
        self.finished: set[int] = set()
        """Numbers of the finished segments, as `look` found them and `put` added them."""
        how = manifest.segmentation
        self._window = triangular_window(how.length) if how.overlaps else np.ones(how.length)
        self._dtype = np.dtype(manifest.kept_as)

    @classmethod
    def create(cls, folder: Path, manifest: StoreManifest) -> Self:
        """The store in `folder`: what is there already goes on, if it is about the same. Raises OSError."""
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
        """The store that is in `folder`. Raises OSError, ValueError, TypeError or KeyError when there is none."""
        store = cls(folder, cls.read_manifest(folder))
        store.refresh()
        return store

    @staticmethod
    def read_manifest(folder: Path) -> StoreManifest:
        """What the segments in `folder` are. Raises as `open`."""
        fields = json.loads((folder / _MANIFEST_FILE).read_text(encoding="utf-8"))
        segmentation = Segmentation(**fields.pop("segmentation"))
        lists = {name: tuple(fields.pop(name)) for name in ("sources", "leads")}
        return StoreManifest(segmentation=segmentation, **lists, **fields)

    def with_length(self, frames: int) -> "SegmentStore":
        """The same store of a track whose length is known better now. Raises OSError."""
        store = SegmentStore(self.folder, replace(self.manifest, frames=frames))
        store._write_manifest()
        store.refresh()
        return store

    def refresh(self) -> set[int]:
        """Find segments that were finished since the last look, by whomever: their numbers."""
        suffix = f".{self.manifest.kept_as}"
        with suppress(OSError):  # gone: its job ended
            files = {int(file.stem) for file in self.folder.iterdir() if file.suffix == suffix}
            new = {number for number in files - self.finished if self._is_complete(number)}
            self.finished |= new
            return new
        return set()

    def write(self, segment: Segment, stems: NDArray[np.float32], is_durable: bool = True) -> None:
        """Keep what a segment came to, float32 `[sources, channels, frames]`. Raises OSError.

        `durable` waits until it is on the disk: then a power cut takes no more than the segment in work.
        """
        if segment.pass_number == 0:
            self._write_atomically(
                self._peaks_path(segment.number), self._compute_peaks(segment, stems).data, is_durable
            )
        self._write_atomically(self._segment_path(segment.number), self._encode(stems).data, is_durable)
        self.finished.add(segment.number)

    def is_ready(self, start: int, end: int) -> bool:
        """True when every segment that answers for frames from `start` to before `end` is done."""
        return all(segment.number in self.finished for segment in self.grid.overlapping(start, end))

    def ready_until(self, start: int, end: int) -> int:
        """The last frame, at most `end`, up to which all is ready from `start` on; `start` when nothing is."""
        missing = (part.start for part in self.grid.overlapping(start, end) if part.number not in self.finished)
        return min(max(start, next(missing, end)), end)

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """float64 `[frames, sources, channels]` from frame `start` on, of segments that are ready. Raises OSError."""
        shape = (frames, len(self.manifest.sources), self.manifest.channels)
        sums = np.zeros((self.grid.pass_count, *shape))
        weights = np.zeros((self.grid.pass_count, frames, 1, 1))
        for segment in self.grid.overlapping(start, start + frames):
            first, last = max(start, segment.start), min(start + frames, segment.end)
            window = self._window[first - segment.start : last - segment.start, None, None]
            here = slice(first - start, last - start)
            sums[segment.pass_number, here] += window * self._read_segment(
                segment.number, first - segment.start, last - first
            )
            weights[segment.pass_number, here] += window
        sums /= weights
        return sums[0] if self.grid.pass_count == 1 else sums.mean(axis=0)

    def peaks(self, number: int) -> tuple[int, NDArray[np.int16]]:
        """The part of the lanes' waveforms that a finished segment fills: int16 `[entries, sources, 2]`.

        The first number says where: entry n is about `FRAMES_PER_ENTRY` frames from frame `n * FRAMES_PER_ENTRY` on. Raises OSError.
        """
        segment = self.grid.segments[number]
        first, last = self._entry_range(segment) if segment.pass_number == 0 else (0, 0)
        if first == last:
            return first, np.zeros((0, len(self.manifest.sources), 2), np.int16)
        entries = np.fromfile(self._peaks_path(number), np.int16).reshape(-1, len(self.manifest.sources), 2)
        return first, entries[: last - first]

    def total_bytes(self) -> int:
        """Bytes that the files take together once all segments are done."""
        width = len(self.manifest.sources) * self.manifest.channels * self._dtype.itemsize
        return sum(segment.frames for segment in self.grid.segments) * width

    def _encode(self, stems: NDArray[np.float32]) -> NDArray[np.generic]:
        """`[sources, channels, frames]` to `[frames, sources, channels]`."""
        if self._dtype.kind == "i":
            limits = np.iinfo(self._dtype)
            # Converted before it is turned round: it is half as much to move.
            stems = np.rint(stems * np.float32(_INT16_SCALE)).clip(limits.min, limits.max).astype(self._dtype)
        return np.ascontiguousarray(stems.transpose(2, 0, 1), dtype=self._dtype)

    def _read_segment(self, number: int, start: int, frames: int) -> NDArray[np.floating]:
        """`[frames, sources, channels]` of one segment from its frame `start` on."""
        width = len(self.manifest.sources) * self.manifest.channels
        offset = start * width * self._dtype.itemsize
        flat = np.fromfile(self._segment_path(number), self._dtype, frames * width, offset=offset)
        part = flat.reshape(frames, -1, self.manifest.channels)
        return part * np.float32(1 / _INT16_SCALE) if self._dtype.kind == "i" else part

    def _compute_peaks(self, segment: Segment, stems: NDArray[np.float32]) -> NDArray[np.int16]:
        """int16 `[entries, sources, 2]`. Where neighbours overlap, each shows its own half."""
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
        return self.folder / f"{number:06d}.{self.manifest.kept_as}"

    def _peaks_path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.peaks"

    def _write_manifest(self) -> None:
        self._write_atomically(
            self.folder / _MANIFEST_FILE, json.dumps(asdict(self.manifest)).encode(), is_durable=True
        )

    def _write_atomically(self, path: Path, data: bytes | memoryview, is_durable: bool) -> None:
        # A worker that was thought dead may write the same file: each has a name of its own for it.
        temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                if is_durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
