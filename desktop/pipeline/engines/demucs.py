"""The Demucs engine: one HTDemucs, or a bag of them whose answers are averaged with weights for each source."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from demucs.htdemucs import HTDemucs

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Samples, Segmentation

Bag = Sequence[Sequence[float]]
_OVERLAP = 0.25


class DemucsEngine:
    """Gives what `demucs.apply.apply_model(shifts=0, split=True, overlap=0.25)` gives for each segment."""

    def __init__(self, name: str, models: Sequence[HTDemucs], bag: Bag | None = None) -> None:
        self.name = name
        self.batch = 1
        self._models = models
        self.sources: tuple[str, ...] = tuple(models[0].sources)
        self.sample_rate: int = models[0].samplerate
        self.segmentation = _segmentation(models[0])
        self._check_alike()
        self._shares = self._shares_of(bag)

    def separate(self, segments: Samples) -> Samples:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`."""
        with torch.inference_mode(), _exact_attention():
            mixture = torch.from_numpy(np.ascontiguousarray(segments))
            answer = torch.zeros(len(segments), len(self.sources), *segments.shape[1:])
            for model, shares in zip(self._models, self._shares, strict=True):
                answer += model(mixture) * shares
            return answer.numpy()

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


@contextmanager
def _exact_attention() -> Generator[None]:
    """Attention by the general kernel: the fast path of `MultiheadAttention` is the slower one on these shapes."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
