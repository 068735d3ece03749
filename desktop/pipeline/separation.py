"""Separation of a mixture by an engine into blocks of stems at the mixture's sample rate."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture
from desktop.audio.resample import StreamResampler
from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Engine, PendingStems, Samples
from desktop.pipeline.normalization import Normalization, NormalizationMeter
from desktop.pipeline.progress import Progress
from desktop.pipeline.request import Request
from desktop.pipeline.schedule import Playhead, Schedule
from desktop.pipeline.spool import BLOCK_FRAMES, AudioReader, Spool, StemBlock, read_blocks
from desktop.segments.grid import Segment, Segmentation, random_shifts
from desktop.segments.store import SegmentStore, StoreManifest
from desktop.stage import Stage
from desktop.text.message import Message


class Separation:
    """Separation of one track by one engine."""

    def __init__(
        self,
        mixture: Mixture,
        normalization: Normalization,
        engine: Engine,
        request: Request,
        progress: Progress,
        playhead: Playhead,
    ) -> None:
        """Prepare the separation; `normalization` is that of the mixture at its own sample rate."""
        self._mixture = mixture
        self._normalization = normalization
        self._engine = engine
        self._request = request
        self._progress = progress
        self._playhead = playhead

    def stem_blocks(self, spool_path: Path) -> Generator[StemBlock]:
        """Yield blocks `[sources, channels, n <= 65536]` that together have exactly the mixture's frames.

        If the engine's sample rate differs from the mixture's, the resampled mixture is kept in the file `spool_path`
        meanwhile. Raises ModelRejectedError, CancelledError, StorageError, OSError.
        """
        if self._mixture.sample_rate == self._engine.sample_rate:
            yield from self._blocks_of_exact_length(self._mixture, self._normalization)
            return
        with Spool(spool_path, self._mixture.channels) as resampled:
            yield from self._blocks_of_exact_length(resampled, self._resample_into(resampled))

    def _resample_into(self, spool: Spool) -> Normalization:
        """Write the mixture at the engine's sample rate to `spool`; return its normalization."""
        mixture, meter = self._mixture, NormalizationMeter()

        def append(block: NDArray[np.floating]) -> None:
            spool.write(block)
            meter.add(block)

        resampler = StreamResampler(mixture.sample_rate, self._engine.sample_rate, mixture.channels)
        for block in read_blocks(mixture, self._progress.raise_if_cancelled):
            append(resampler.push(block))
        append(resampler.flush())
        return meter.normalization

    def _blocks_of_exact_length(self, audio: AudioReader, normalization: Normalization) -> Iterator[StemBlock]:
        mixture = self._mixture
        frames_yielded = 0
        for block in self._blocks_at_mixture_rate(audio, normalization):
            for start in range(0, block.shape[-1], BLOCK_FRAMES):
                part = block[..., start : min(start + BLOCK_FRAMES, start + mixture.frames - frames_yielded)]
                frames_yielded += part.shape[-1]
                if part.shape[-1]:
                    yield part
        # Resampling twice may lose a frame at the end by rounding; a track of a frame or two may become empty.
        if frames_yielded < mixture.frames:
            yield np.zeros((len(self._engine.sources), mixture.channels, mixture.frames - frames_yielded))

    def _blocks_at_mixture_rate(self, audio: AudioReader, normalization: Normalization) -> Iterator[StemBlock]:
        resampler = _OutputResampler(len(self._engine.sources), self._mixture, self._engine.sample_rate)
        for block in self._blocks_at_engine_rate(audio, normalization):
            yield resampler.push(block)
        yield resampler.flush()

    def _blocks_at_engine_rate(self, audio: AudioReader, normalization: Normalization) -> Iterator[StemBlock]:
        """Yield blocks `[sources, channels, n]` at the engine's sample rate in order, each as soon as it is ready."""
        store = SegmentStore.create(self._request.segments_folder, self._store_manifest(audio))
        schedule = Schedule(store, self._playhead)
        segment_normalization = normalization if self._engine.segmentation.normalise else Normalization()
        with closing(SegmentWorker(audio, self._engine, store, segment_normalization)) as worker:
            for start in range(0, audio.frames, BLOCK_FRAMES):
                size = min(BLOCK_FRAMES, audio.frames - start)
                while not store.is_ready(start, start + size):
                    self._progress.advance(Stage.SEPARATING, schedule.fraction_done)
                    worker.separate(schedule.next_batch(self._engine.batch))
                self._progress.advance(Stage.SEPARATING, schedule.fraction_done)
                yield store.read(start, size).transpose(1, 2, 0)

    def _store_manifest(self, audio: AudioReader) -> StoreManifest:
        engine = self._engine
        pass_shifts = random_shifts(self._request.shifts, engine.sample_rate)
        segmentation = with_overlap(engine.segmentation, self._request.overlap)
        return StoreManifest(
            self._request.key,
            engine.sources,
            engine.sample_rate,
            audio.channels,
            audio.frames,
            segmentation,
            pass_shifts,
        )


class _OutputResampler:
    """Resampler of stems from the engine's sample rate to the mixture's."""

    def __init__(self, source_count: int, mixture: Mixture, engine_rate: int) -> None:
        self._shape = (source_count, mixture.channels, -1)
        self._resampler = StreamResampler(engine_rate, mixture.sample_rate, source_count * mixture.channels)

    def push(self, block: StemBlock) -> StemBlock:
        """Resample the next block, `[sources, channels, n]` to `[sources, channels, m]`."""
        flat = np.ascontiguousarray(block).reshape(-1, block.shape[-1])
        # The resampler's output is interleaved in memory; there, each sum over stems would take ten times as long.
        return np.ascontiguousarray(self._resampler.push(flat)).reshape(self._shape)

    def flush(self) -> StemBlock:
        """Return the remaining frames, `[sources, channels, m]`."""
        return self._resampler.flush().reshape(self._shape)


def with_overlap(segmentation: Segmentation, overlap: float) -> Segmentation:
    """Return the segmentation with this overlap, as in demucs `apply_model`; unchanged without `takes_overlap`."""
    return (
        replace(segmentation, stride=max(1, int((1 - overlap) * segmentation.length)))
        if segmentation.takes_overlap
        else segmentation
    )


class SegmentWorker:
    """Worker that separates segments, and stores the results while the engine computes the next ones."""

    def __init__(self, audio: AudioReader, engine: Engine, store: SegmentStore, normalization: Normalization) -> None:
        self._audio = audio
        self._engine = engine
        self._store = store
        self._normalization = normalization
        self._store_executor = ThreadPoolExecutor(1, "store")
        self._pending_store: Future[None] | None = None
        self._silence_value = normalization.apply(np.zeros(1))[0]
        self._silence_stems: Samples | None = None

    def separate(self, segments: Sequence[Segment]) -> None:
        """Separate segments of one input length, and wait until the previous ones are stored.

        An empty sequence only waits. Raises ModelRejectedError, OSError.
        """
        pending = (
            self._separate_batch(np.stack([self._read_input(segment) for segment in segments])) if segments else None
        )
        if self._pending_store:
            self._pending_store.result()
        self._pending_store = self._store_executor.submit(self._store_segments, segments, pending) if pending else None

    def close(self) -> None:
        """Wait until all results are stored."""
        self._store_executor.shutdown()

    def _separate_batch(self, inputs: Samples) -> PendingStems:
        """Separate inputs `[n, 2, input_frames]`. The stems of silence are computed only once."""
        if not (inputs == self._silence_value).all():
            return self._engine.separate(inputs)
        if self._silence_stems is None or self._silence_stems.shape[-1] != inputs.shape[-1]:
            self._silence_stems = self._engine.separate(inputs[:1])()
        stems = np.broadcast_to(self._silence_stems, (len(inputs), *self._silence_stems.shape[1:]))
        return lambda: stems

    def _read_input(self, segment: Segment) -> Samples:
        """Return the engine's input, float32 `[2, input_frames]`, with silence beyond the track's ends."""
        start = max(segment.input_start, 0)
        end = min(segment.input_start + segment.input_frames, self._audio.frames)
        samples = np.zeros((2, segment.input_frames), dtype=np.float32)
        if start < end:
            normalized = self._normalization.apply(self._audio.read(start, end - start))
            samples[:, start - segment.input_start : end - segment.input_start] = normalized
        return samples

    def _store_segments(self, segments: Sequence[Segment], pending: PendingStems) -> None:
        for segment, stems in zip(segments, pending(), strict=True):
            self._store.write(
                segment, self._convert_output(stems[..., segment.trim_start : segment.trim_start + segment.frames])
            )

    def _convert_output(self, output: Samples) -> Samples:
        """Convert the engine's output `[sources, 2, frames]` to the track's level and channels."""
        if not np.isfinite(output).all():
            raise ModelRejectedError(
                Message(
                    "The model {name} produced invalid audio. Its file may be damaged: remove it, download "
                    "it again, or choose another model.",
                    name=self._engine.name,
                )
            )
        stems = self._normalization.invert(output)
        # A mono track was passed to the engine as two equal channels; their mean is the stem.
        return stems if self._audio.channels == 2 else stems.mean(axis=1, keepdims=True)
