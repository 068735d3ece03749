"""Playback of a track that is still being separated: the model's finished segments, the draft elsewhere."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.stems import sort_stem_names
from desktop.playback.ring import LaneSamples
from desktop.playback.source import SourceStream
from desktop.segments.partial_result import PartialResult
from desktop.segments.store import SegmentStore, StoreManifest

# Seconds of the cross-fade between the draft and the model's segments.
_FADE_S = 0.02


class PartialSource:
    """Playback source of a job's finished segments and draft, which may grow while they are read.

    A stream returns no frames where neither exists yet.
    """

    def __init__(self, segments: Path, draft: Path, manifest: StoreManifest) -> None:
        """Describe the track without opening files.

        `segments` and `draft` are folders of the job, `manifest` is the last known manifest of its primary store.
        """
        self._folders = (segments, draft)
        self.lane_names = sort_stem_names(manifest.sources)
        self.sample_rate = manifest.sample_rate
        self.frames = manifest.frames
        self.lanes = len(manifest.sources)

    def open_stream(self, start: int) -> SourceStream:
        """Return a stream from frame `start` on."""
        return _PartialStream(self, PartialResult(*self._folders), start)


class _PartialStream:
    def __init__(self, source: PartialSource, result: PartialResult, start: int) -> None:
        self._sample_rate, self._lane_names, self._frames = source.sample_rate, source.lane_names, source.frames
        self._result = result
        self._result.refresh()
        self._fade_frames = max(1, int(_FADE_S * source.sample_rate))
        self.seek(start)

    @property
    def has_ended(self) -> bool:
        """Whether the track's last frame was returned."""
        return self._position >= self._frames

    def read(self, frames: int) -> LaneSamples:
        """Return at most `frames` frames, float32 `[frames, lanes, 2]`, up to the next border of a finished part.

        Returns none at the end, and where neither a segment nor the draft exists yet.
        """
        end = min(self._position + frames, self._frames)
        try:
            sound = self._read_range(self._position, end)
        except (OSError, ValueError):  # the files are gone: the job has ended or was restarted
            self._result.reload()
            sound = self._read_lanes(None, end, end)
        self._position += len(sound)
        return sound

    def seek(self, frame: int) -> None:
        """Continue at `frame`."""
        self._position = frame
        self._final_weight = 1.0 if self._ready_until(self._usable_stores()[0], frame, frame + 1) > frame else 0.0

    def close(self) -> None:
        """Do nothing: the stream holds no file open."""

    def _read_range(self, start: int, end: int) -> LaneSamples:
        final, draft = self._usable_stores()
        if self._ready_until(final, start, end) < end or self._final_weight < 1.0:
            self._result.refresh()
            final, draft = self._usable_stores()
        final_to = self._ready_until(final, start, end + self._fade_frames)
        if final and final_to > start:
            return self._read_final(final, draft, start, min(end, final_to), final_to)
        self._final_weight = 0.0
        draft_to = min(self._ready_until(draft, start, end), self._next_final_start(final, start, end))
        return (
            self._read_lanes(draft, start, draft_to)
            if draft and draft_to > start
            else self._read_lanes(None, start, start)
        )

    def _usable_stores(self) -> tuple[SegmentStore | None, SegmentStore | None]:
        """Return the model's store and the draft's, or None for one that is missing or at another sample rate."""
        stores = self._result.final, self._result.draft
        final, draft = (
            store if store and store.manifest.sample_rate == self._sample_rate else None for store in stores
        )
        return final, draft

    def _read_final(
        self, final: SegmentStore, draft: SegmentStore | None, start: int, end: int, final_to: int
    ) -> LaneSamples:
        """Return the model's sound, cross-faded with the draft where a finished part begins or ends."""
        sound = self._read_lanes(final, start, end)
        weights = self._final_weights(start, end, final_to)
        if draft is None or weights.min() == 1.0 or self._ready_until(draft, start, end) < end:
            self._final_weight = 1.0
            return sound
        self._final_weight = float(weights[-1])
        frame_weights = weights[:, None, None]
        sound *= frame_weights
        sound += (1.0 - frame_weights).astype(np.float32) * self._read_lanes(draft, start, end)
        return sound

    def _final_weights(self, start: int, end: int, final_to: int) -> NDArray[np.float32]:
        """Return the model's weight in each frame: it rises from its last value, and reaches 0 where its sound ends."""
        count = np.arange(1, end - start + 1, dtype=np.float32)
        rising = self._final_weight + count / self._fade_frames
        if final_to >= self._frames:
            return np.minimum(rising, 1.0).astype(np.float32)
        falling = (final_to - start - count) / self._fade_frames
        return np.minimum(np.minimum(rising, 1.0), np.maximum(falling, 0.0)).astype(np.float32)

    def _ready_until(self, store: SegmentStore | None, start: int, end: int) -> int:
        return store.ready_until(start, min(end, self._frames)) if store else start

    def _next_final_start(self, final: SegmentStore | None, start: int, end: int) -> int:
        """Return the first frame after `start` at which the model's sound begins, at most `end`."""
        if final is None:
            return end
        borders = {border for part in final.grid.overlapping(start, end) for border in (part.start, part.end)}
        ready = (border for border in borders if start < border < end and final.is_ready(border, border + 1))
        return min(ready, default=end)

    def _read_lanes(self, store: SegmentStore | None, start: int, end: int) -> LaneSamples:
        """Return float32 `[frames, lanes, 2]`: lanes that the store lacks are silent, a mono stem is on both sides."""
        sound = np.zeros((end - start, len(self._lane_names), 2), np.float32)
        if store is None or start == end:
            return sound
        stored = store.read(start, end - start)
        for lane, name in enumerate(self._lane_names):
            if name in store.manifest.sources:
                sound[:, lane] = stored[:, store.manifest.sources.index(name)]
        return sound
