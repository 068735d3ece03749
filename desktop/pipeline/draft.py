"""Draft of all stems, made by Sketch within seconds: decoding and separation in one pass, playable from the start."""

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.conform import ConformedTrack, decode_conformed
from desktop.audio.resample import StreamResampler
from desktop.audio.streaming import prefetch
from desktop.errors import CancelledError
from desktop.pipeline.engines.engine import Engine, Samples
from desktop.segments.grid import Segment
from desktop.segments.store import SegmentStore, StoreManifest
from desktop.text.message import Message

# Assumed if the header does not contain the length.
_DEFAULT_LENGTH_S = 240.0
# A header may claim any length, and the grid of a wrong one would fill the memory. For longer tracks, the store is
# extended during decoding.
_MAX_PLANNED_LENGTH_S = 4 * 3600.0
# A draft is optional, so it takes at most this part of the free disk space.
_MAX_SHARE_OF_FREE_SPACE = 0.25


def make_draft(
    track: Path, folder: Path, engine: Engine, on_growth: Callable[[], None], should_stop: Callable[[], bool]
) -> None:
    """Separate the track into a new segment store in `folder`; call `on_growth` after each batch of segments.

    Raises UnusableTrackError, CancelledError, and OSError if the disk is full or nearly full.
    """

    def decode(decoded_track: ConformedTrack) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        with ThreadPoolExecutor(engine.batch, "store") as executor:
            _DraftMaker(decoded_track, folder, engine, executor).make(on_growth, should_stop)

    decode_conformed(track, should_stop, decode)


class _DraftMaker:
    def __init__(self, track: ConformedTrack, folder: Path, engine: Engine, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._track = track
        self._engine = engine
        self._channels = track.format.channels
        self._resampler = StreamResampler(track.format.sample_rate, engine.sample_rate, self._channels)
        seconds = min(track.seconds, _MAX_PLANNED_LENGTH_S) if track.seconds else _DEFAULT_LENGTH_S
        self._store = SegmentStore.create(folder, self._store_manifest(max(1, round(seconds * engine.sample_rate))))
        if self._store.total_bytes() > _MAX_SHARE_OF_FREE_SPACE * shutil.disk_usage(folder).free:
            raise OSError(f"A draft of {self._store.total_bytes()} bytes would take too much of the disk")
        # Decoded samples that later segments need; `_buffer_start` is the frame of the track at which they begin.
        self._buffer = np.zeros((self._channels, 0), np.float32)
        self._new_blocks: list[Samples] = []
        self._buffer_start = 0
        self._decoded_frames = 0
        self._next_segment = 0

    def make(self, on_growth: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        with closing(prefetch(map(self._resampler.push, self._track.blocks()))) as blocks:
            self._process_blocks(blocks, on_growth, should_stop)
        self._append(self._resampler.flush())
        self._store = self._store.with_length(max(1, self._decoded_frames))
        while batch := self._store.grid.segments[self._next_segment :][: self._engine.batch]:
            self._separate_batch(batch)
            self._notify_growth(on_growth, should_stop)

    def _process_blocks(
        self, blocks: Iterable[NDArray[np.floating]], on_growth: Callable[[], None], should_stop: Callable[[], bool]
    ) -> None:
        for block in blocks:
            self._append(block)
            while batch := self._ready_batch():
                self._separate_batch(batch)
                self._notify_growth(on_growth, should_stop)

    def _notify_growth(self, on_growth: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        if should_stop():
            raise CancelledError(Message("Cancelled."))
        on_growth()

    def _store_manifest(self, frames: int) -> StoreManifest:
        engine = self._engine
        return StoreManifest(
            "draft", engine.sources, engine.sample_rate, self._channels, frames, engine.segmentation,
            dtype="int16",
        )  # fmt: skip

    def _append(self, block: NDArray[np.floating]) -> None:
        self._new_blocks.append(block.astype(np.float32))
        self._decoded_frames += block.shape[1]
        if self._decoded_frames > self._store.manifest.frames:  # the header claimed less
            self._store = self._store.with_length(2 * self._decoded_frames)

    def _ready_batch(self) -> tuple[Segment, ...]:
        """Return the next batch of segments if all of their input is decoded, else an empty tuple."""
        candidates = self._store.grid.segments[self._next_segment :][: self._engine.batch]
        decoded = tuple(part for part in candidates if part.input_start + part.input_frames <= self._decoded_frames)
        return decoded if len(decoded) == self._engine.batch else ()

    def _separate_batch(self, segments: tuple[Segment, ...]) -> None:
        self._buffer, self._new_blocks = np.concatenate([self._buffer, *self._new_blocks], axis=1), []
        inputs = [self._read_input(segment) for segment in segments]
        longest = max(samples.shape[1] for samples in inputs)
        padded = np.stack([np.pad(samples, ((0, 0), (0, longest - samples.shape[1]))) for samples in inputs])
        list(self._executor.map(self._store_stems, segments, self._engine.separate(padded)()))
        self._next_segment = segments[-1].number + 1
        self._drop_used_samples(self._next_segment)

    def _store_stems(self, segment: Segment, output: Samples) -> None:
        stems = output[..., segment.trim_start : segment.trim_start + segment.frames]
        stems = stems if self._channels == 2 else stems.mean(axis=1, keepdims=True)
        self._store.write(segment, stems, is_durable=False)

    def _read_input(self, segment: Segment) -> Samples:
        """Return float32 `[2, input_frames]` with silence beyond the track's ends."""
        start, end = segment.input_start, segment.input_start + segment.input_frames
        samples = self._buffer[:, max(start - self._buffer_start, 0) : max(end - self._buffer_start, 0)]
        before, after = max(-start, 0), max(end - self._decoded_frames, 0)
        return np.pad(np.broadcast_to(samples, (2, samples.shape[1])), ((0, 0), (before, after)))

    def _drop_used_samples(self, next_segment: int) -> None:
        """Discard decoded samples that no later segment needs."""
        segments = self._store.grid.segments
        if next_segment < len(segments):
            dropped_frames = max(0, segments[next_segment].input_start - self._buffer_start)
            self._buffer, self._buffer_start = self._buffer[:, dropped_frames:], self._buffer_start + dropped_frames
