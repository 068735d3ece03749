"""One track's segments through the engine into the store."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Answer, Engine, Samples
from desktop.pipeline.level import Level
from desktop.pipeline.spool import Track
from desktop.segments.cut import Segment
from desktop.segments.store import SegmentStore


class Work:
    """What the engine made of some segments is finished and stored while it works on the next."""

    def __init__(self, track: Track, engine: Engine, store: SegmentStore, normal: Level) -> None:
        self._track = track
        self._engine = engine
        self._store = store
        self._normal = normal
        self._keeper = ThreadPoolExecutor(1, "keep")
        self._keeping: Future[None] | None = None
        self._silence = normal.apply(np.zeros(1))[0]
        self._of_silence: Samples | None = None

    def separate(self, segments: Sequence[Segment]) -> None:
        """Segments that are heard equally long, or none: then those before them are waited for.

        Raises ModelRejectedError, OSError.
        """
        answer = self._answer(np.stack([self._heard(segment) for segment in segments])) if segments else None
        if self._keeping:
            self._keeping.result()
        self._keeping = self._keeper.submit(self._keep, segments, answer) if answer else None

    def close(self) -> None:
        """Store what is still to be stored."""
        self._keeper.shutdown()

    def _answer(self, heard: Samples) -> Answer:
        """Of segments `[n, 2, heard]`. Silence is the same wherever it is, so it is separated once."""
        if not (heard == self._silence).all():
            return self._engine.separate(heard)
        if self._of_silence is None or self._of_silence.shape[-1] != heard.shape[-1]:
            self._of_silence = self._engine.separate(heard[:1])()
        stems = np.broadcast_to(self._of_silence, (len(heard), *self._of_silence.shape[1:]))
        return lambda: stems

    def _heard(self, segment: Segment) -> Samples:
        """What the engine hears of a segment: float32 `[2, heard]`, silence beyond the track's ends."""
        start = max(segment.heard_from, 0)
        end = min(segment.heard_from + segment.heard, self._track.frames)
        heard = np.zeros((2, segment.heard), dtype=np.float32)
        if start < end:
            sound = self._normal.apply(self._track.read(start, end - start))
            heard[:, start - segment.heard_from : end - segment.heard_from] = sound
        return heard

    def _keep(self, segments: Sequence[Segment], answer: Answer) -> None:
        for segment, stems in zip(segments, answer(), strict=True):
            self._store.put(segment, self._stem(stems[..., segment.skip : segment.skip + segment.frames]))

    def _stem(self, answer: Samples) -> Samples:
        """An answer `[sources, 2, frames]` as it is kept: at the track's level, with the track's channels."""
        if not np.isfinite(answer).all():
            raise ModelRejectedError(
                f"The model {self._engine.name} gave something that is not sound. "
                "Its file may be damaged: remove it, download it again, or choose another model."
            )
        stem = self._normal.undo(answer)
        # A mono song was given to the engine as two equal channels; their mean is its stem.
        return stem if self._track.channels == 2 else stem.mean(axis=1, keepdims=True)
