"""The Demucs engine: one HTDemucs, or a bag of models whose stems are averaged with weights for each source."""

import logging
from collections.abc import Sequence

import numpy as np

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import (
    ModelSignature,
    OutOfMemoryError,
    PendingStems,
    Runtime,
    RuntimeFactory,
    Samples,
)
from desktop.segments.grid import Segmentation
from desktop.text.message import Message

BagWeights = Sequence[Sequence[float]]
"""Weight of each model of a bag for each source, `[models, sources]`."""
_DEFAULT_OVERLAP = 0.25
_log = logging.getLogger(__name__)


class DemucsEngine:
    """Engine with the results of `demucs.apply.apply_model(shifts=0, split=True, overlap=0.25)` for each segment."""

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        start_fallback: RuntimeFactory,
        bag: BagWeights | None = None,
        notices: tuple[Message, ...] = (),
    ) -> None:
        """Use `start_fallback` if the runtime fails. Raises ModelRejectedError if the bag does not fit."""
        self.name = name
        self.notices = notices
        self._runtime = runtime
        self._start_fallback = start_fallback
        signature = _common_signature(name, runtime.signatures)
        self.sources = signature.sources
        self.sample_rate = signature.sample_rate
        stride = int((1 - _DEFAULT_OVERLAP) * signature.length)
        self.segmentation = Segmentation(
            signature.length, stride, centre_last=signature.pads_short_input, normalise=True, takes_overlap=True
        )
        self._bag_weights = _normalized_weights(name, bag, len(runtime.signatures), len(signature.sources))
        self.batch = runtime.batch

    @property
    def runtime(self) -> str:
        """Name of the runtime in use, such as "openvino bf16"."""
        return self._runtime.name

    def separate(self, segments: Samples) -> PendingStems:
        """Separate segments; see `Engine`. Halves the batch if memory runs out, then uses the fallback runtime.

        Raises RuntimeError if the fallback fails too.
        """
        while True:
            try:
                starts = range(0, len(segments), self.batch)
                parts = [
                    self._start_batch(np.ascontiguousarray(segments[start : start + self.batch])) for start in starts
                ]
            except RuntimeError as error:
                self._fall_back(error, min(self.batch, len(segments)))
            else:
                return lambda: np.concatenate([part() for part in parts])

    def _start_batch(self, segments: Samples) -> PendingStems:
        """Start all models of the bag; the result is the weighted mean of their stems."""
        pending = [network(segments) for network in self._runtime.networks]
        if len(pending) == 1:
            return pending[0]
        weights = self._bag_weights

        def weighted_mean() -> Samples:
            stems = pending[0]() * weights[0]
            for other, weight in zip(pending[1:], weights[1:], strict=True):
                stems += other() * weight
            return stems

        return weighted_mean

    def _fall_back(self, error: RuntimeError, batch_size: int) -> None:
        """Halve the batch or switch to the fallback runtime. Raises `error` if neither is left."""
        is_out_of_memory = isinstance(error, OutOfMemoryError)
        if is_out_of_memory and batch_size > 1:
            self.batch = batch_size // 2
            self._add_notice(
                Message(
                    "The graphics memory holds only {held} segments at once instead of {wanted}.",
                    held=self.batch,
                    wanted=batch_size,
                ),
                error,
            )
            return
        if self._runtime.name == "torch":
            raise error
        notice = (
            Message("The graphics memory is too small for this model, so PyTorch separated the song on the processor.")
            if is_out_of_memory
            else Message("{runtime} failed, so PyTorch separated the song on the processor.", runtime=self.runtime)
        )
        self._runtime = self._start_fallback()
        self.batch = self._runtime.batch
        self._add_notice(notice, error)

    def _add_notice(self, notice: Message, error: RuntimeError) -> None:
        _log.warning("%s", notice, exc_info=error)
        self.notices = (*self.notices, notice)


def _common_signature(name: str, signatures: Sequence[ModelSignature]) -> ModelSignature:
    """Return the signature that all models of a bag share. Raises ModelRejectedError if they differ."""
    if any(signature != signatures[0] for signature in signatures):
        raise ModelRejectedError(
            Message("The networks of the model {name} differ in their inputs or outputs.", name=name)
        )
    return signatures[0]


def _normalized_weights(name: str, bag: BagWeights | None, model_count: int, source_count: int) -> list[Samples]:
    """Return each model's weights `[sources, 1, 1]`, with sum 1 over all models. Raises ModelRejectedError."""
    weights = np.asarray(bag if bag is not None else np.ones((model_count, source_count)), dtype=np.float32)
    if weights.shape != (model_count, source_count) or not (weights.sum(axis=0) > 0).all():
        raise ModelRejectedError(
            Message("The source weights of the model {name} do not match its networks.", name=name)
        )
    return list((weights / weights.sum(axis=0))[..., None, None])
