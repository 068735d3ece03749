"""The Demucs engine: one HTDemucs, or a bag of them whose answers are averaged with weights for each source."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from demucs.htdemucs import HTDemucs

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Samples, Segmentation
from desktop.pipeline.engines.hybrid import Hybrid
from desktop.pipeline.engines.runtimes import Runtime, on_processor

Bag = Sequence[Sequence[float]]
_OVERLAP = 0.25
_log = logging.getLogger(__name__)


class DemucsEngine:
    """Gives what `demucs.apply.apply_model(shifts=0, split=True, overlap=0.25)` gives for each segment."""

    def __init__(
        self,
        name: str,
        models: Sequence[HTDemucs],
        bag: Bag | None = None,
        runtime: Runtime | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        """Without a runtime, torch computes on the processor."""
        self.name = name
        self.notices = notices
        self._models = models
        self.sources: tuple[str, ...] = tuple(models[0].sources)
        self.sample_rate: int = models[0].samplerate
        self.segmentation = _segmentation(models[0])
        self._check_alike()
        self._hybrids = [Hybrid(model) for model in models]
        self._shares = self._shares_of(bag)
        self._runtime = runtime or on_processor(models)
        self.batch = self._runtime.batch

    @property
    def runtime(self) -> str:
        """What computes, such as "openvino bf16"."""
        return self._runtime.name

    def separate(self, segments: Samples) -> Samples:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`."""
        with torch.inference_mode():
            return self._separate(torch.from_numpy(np.ascontiguousarray(segments))).numpy()

    def _separate(self, mixture: torch.Tensor) -> torch.Tensor:
        """By smaller batches where the memory does not do, and on the processor where nothing else does."""
        while True:
            try:
                return torch.cat([self._computed(part) for part in mixture.split(self.batch)])
            except RuntimeError as error:
                self._give_way(error, min(self.batch, len(mixture)))

    def _computed(self, mixture: torch.Tensor) -> torch.Tensor:
        sound = _moved(mixture, self._runtime.device)
        answer = sound.new_zeros((len(sound), len(self.sources), *sound.shape[1:]))
        for hybrid, core, shares in zip(self._hybrids, self._runtime.cores, self._shares, strict=True):
            answer += hybrid.separate(sound, core) * shares.to(sound.device)
        return _moved(answer, mixture.device)

    def _give_way(self, error: RuntimeError, tried: int) -> None:
        """Make the next try an easier one. Raises the error when there is none."""
        if isinstance(error, torch.OutOfMemoryError) and tried > 1:
            self.batch = tried // 2
            self._tell(f"The graphics memory holds {self.batch} segments at once, not {tried}.", error)
            return
        if self._runtime.name == "torch":
            raise error
        short = isinstance(error, torch.OutOfMemoryError)
        reason = "The graphics memory is too small for this model" if short else f"{self.runtime} failed"
        self._runtime = on_processor(self._models)
        self.batch = self._runtime.batch
        self._tell(f"{reason}, so torch separates on the processor.", error)

    def _tell(self, notice: str, error: RuntimeError) -> None:
        _log.warning("%s", notice, exc_info=error)
        self.notices = (*self.notices, notice)

    def _shares_of(self, bag: Bag | None) -> Sequence[torch.Tensor]:
        """For each model, the share `[sources, 1, 1]` that its answer has of each source. They sum to one."""
        weights = torch.tensor(bag if bag is not None else [[1.0] * len(self.sources)] * len(self._models))
        if weights.shape != (len(self._models), len(self.sources)) or not bool((weights.sum(0) > 0).all()):
            raise ModelRejectedError(f"The weights that {self.name} gives its models do not fit them.")
        return list((weights / weights.sum(0))[..., None, None])

    def _check_alike(self) -> None:
        for model in self._models[1:]:
            if (tuple(model.sources), model.samplerate, _segmentation(model)) != (
                self.sources, self.sample_rate, self.segmentation,
            ):  # fmt: skip
                raise ModelRejectedError(f"The models of {self.name} differ in what they take or give.")


def _segmentation(model: HTDemucs) -> Segmentation:
    length = int(model.samplerate * model.segment)
    stride = int((1 - _OVERLAP) * length)
    return Segmentation(length, stride, centre_last=bool(model.use_train_segment), normalise=True)


def _moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """On that device. To and from a graphics card through pinned memory, which it reads and writes by itself."""
    if values.device == device:
        return values
    if device.type == "cuda":
        return values.pin_memory().to(device, non_blocking=True)
    if values.device.type == "cuda":
        target = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        target.copy_(values, non_blocking=True)
        torch.cuda.current_stream(values.device).synchronize()
        return target
    return values.to(device)
