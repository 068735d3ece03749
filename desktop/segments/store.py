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

from desktop.audio.peaks import BASE, envelope
from desktop.segments.cut import Cut, Segment, Segmentation, triangle

_ABOUT = "about.json"
# Steps a unit where integers are kept: loud stems go up to twice full scale.
_STEPS = 1 << 14


@dataclass(frozen=True)
class About:
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

    def __init__(self, folder: Path, about: About) -> None:
        """Use `create` or `open`."""
        self.folder = folder
        self.about = about
        self.cut = Cut(about.frames, about.segmentation, about.leads)
        self.done: set[int] = set()
        """Numbers of the finished segments, as `look` found them and `put` added them."""
        how = about.segmentation
        self._window = triangle(how.length) if how.overlaps else np.ones(how.length)
        self._numbers = np.dtype(about.kept_as)

    @classmethod
    def create(cls, folder: Path, about: About) -> Self:
        """The store in `folder`: what is there already goes on, if it is about the same. Raises OSError."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            store = cls.open(folder)
            if store.about == about:
                return store
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        store = cls(folder, about)
        store._say()
        return store

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The store that is in `folder`. Raises OSError, ValueError, TypeError or KeyError when there is none."""
        store = cls(folder, cls.read_about(folder))
        store.look()
        return store

    @staticmethod
    def read_about(folder: Path) -> About:
        """What the segments in `folder` are. Raises as `open`."""
        said = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        how = Segmentation(**said.pop("segmentation"))
        lists = {name: tuple(said.pop(name)) for name in ("sources", "leads")}
        return About(segmentation=how, **lists, **said)

    def lengthened(self, frames: int) -> "SegmentStore":
        """The same store of a track whose length is known better now. Raises OSError."""
        store = SegmentStore(self.folder, replace(self.about, frames=frames))
        store._say()
        store.look()
        return store

    def look(self) -> set[int]:
        """Find segments that were finished since the last look, by whomever: their numbers."""
        ends = f".{self.about.kept_as}"
        with suppress(OSError):  # gone: its job ended
            files = {int(file.stem) for file in self.folder.iterdir() if file.suffix == ends}
            new = {number for number in files - self.done if self._is_whole(number)}
            self.done |= new
            return new
        return set()

    def put(self, segment: Segment, answer: NDArray[np.float32], durable: bool = True) -> None:
        """Keep what a segment came to, float32 `[sources, channels, frames]`. Raises OSError.

        `durable` waits until it is on the disk: then a power cut takes no more than the segment in work.
        """
        if segment.turn == 0:
            self._write(self._peaks_file(segment.number), self._envelopes(segment, answer).data, durable)
        self._write(self._file(segment.number), self._as_kept(answer).data, durable)
        self.done.add(segment.number)

    def ready(self, start: int, end: int) -> bool:
        """True when every segment that answers for frames from `start` to before `end` is done."""
        return all(segment.number in self.done for segment in self.cut.over(start, end))

    def ready_until(self, start: int, end: int) -> int:
        """The last frame, at most `end`, up to which all is ready from `start` on; `start` when nothing is."""
        missing = (part.start for part in self.cut.over(start, end) if part.number not in self.done)
        return min(max(start, next(missing, end)), end)

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """float64 `[frames, sources, channels]` from frame `start` on, of segments that are ready. Raises OSError."""
        shape = (frames, len(self.about.sources), self.about.channels)
        sums = np.zeros((self.cut.turns, *shape))
        weights = np.zeros((self.cut.turns, frames, 1, 1))
        for segment in self.cut.over(start, start + frames):
            first, last = max(start, segment.start), min(start + frames, segment.end)
            window = self._window[first - segment.start : last - segment.start, None, None]
            here = slice(first - start, last - start)
            sums[segment.turn, here] += window * self._part(segment.number, first - segment.start, last - first)
            weights[segment.turn, here] += window
        sums /= weights
        return sums[0] if self.cut.turns == 1 else sums.mean(axis=0)

    def peaks(self, number: int) -> tuple[int, NDArray[np.int16]]:
        """The part of the lanes' waveforms that a finished segment fills: int16 `[entries, sources, 2]`.

        The first number says where: entry n is about `BASE` frames from frame `n * BASE` on. Raises OSError.
        """
        segment = self.cut.segments[number]
        first, last = self._entries(segment) if segment.turn == 0 else (0, 0)
        if first == last:
            return first, np.zeros((0, len(self.about.sources), 2), np.int16)
        entries = np.fromfile(self._peaks_file(number), np.int16).reshape(-1, len(self.about.sources), 2)
        return first, entries[: last - first]

    def size(self) -> int:
        """Bytes that the files take together once all segments are done."""
        width = len(self.about.sources) * self.about.channels * self._numbers.itemsize
        return sum(segment.frames for segment in self.cut.segments) * width

    def _as_kept(self, answer: NDArray[np.float32]) -> NDArray[np.generic]:
        """`[sources, channels, frames]` to `[frames, sources, channels]`."""
        if self._numbers.kind == "i":
            limits = np.iinfo(self._numbers)
            # Converted before it is turned round: it is half as much to move.
            answer = np.rint(answer * np.float32(_STEPS)).clip(limits.min, limits.max).astype(self._numbers)
        return np.ascontiguousarray(answer.transpose(2, 0, 1), dtype=self._numbers)

    def _part(self, number: int, start: int, frames: int) -> NDArray[np.floating]:
        """`[frames, sources, channels]` of one segment from its frame `start` on."""
        width = len(self.about.sources) * self.about.channels
        offset = start * width * self._numbers.itemsize
        flat = np.fromfile(self._file(number), self._numbers, frames * width, offset=offset)
        part = flat.reshape(frames, -1, self.about.channels)
        return part * np.float32(1 / _STEPS) if self._numbers.kind == "i" else part

    def _envelopes(self, segment: Segment, answer: NDArray[np.float32]) -> NDArray[np.int16]:
        """int16 `[entries, sources, 2]`. Where neighbours overlap, each shows its own half."""
        first, last = self._entries(segment)
        start = first * BASE - segment.start
        shown = answer[..., start : last * BASE - segment.start]
        short = (last - first) * BASE - shown.shape[-1]
        shown = np.pad(shown, ((0, 0), (0, 0), (0, short)), mode="edge") if short and shown.size else shown
        return np.stack([envelope(stem) for stem in shown], axis=1)

    def _entries(self, segment: Segment) -> tuple[int, int]:
        how, frames = self.about.segmentation, self.about.frames
        half = (how.length - how.stride) // 2
        first = 0 if segment.start <= 0 else segment.start + half
        following = segment.start + how.stride
        last = frames if following >= frames else min(following + half, frames)
        return -(-first // BASE), max(-(-first // BASE), -(-last // BASE))

    def _is_whole(self, number: int) -> bool:
        if number >= len(self.cut.segments):
            return False
        segment = self.cut.segments[number]
        width = len(self.about.sources) * self.about.channels * self._numbers.itemsize
        with suppress(OSError):
            return self._file(number).stat().st_size == segment.frames * width
        return False

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.{self.about.kept_as}"

    def _peaks_file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.peaks"

    def _say(self) -> None:
        self._write(self.folder / _ABOUT, json.dumps(asdict(self.about)).encode(), durable=True)

    def _write(self, path: Path, data: bytes | memoryview, durable: bool) -> None:
        # A worker that was thought dead may write the same file: each has a name of its own for it.
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
