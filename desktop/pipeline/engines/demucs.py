"""The Demucs engine: one HTDemucs, or a bag of them whose answers are averaged with weights for each source."""

import logging
from collections.abc import Sequence

import numpy as np

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Answer, Samples
from desktop.pipeline.engines.network import Form, OutOfMemoryError, Runtime, Start
from desktop.segments.cut import Segmentation

Bag = Sequence[Sequence[float]]
_OVERLAP = 0.25
_log = logging.getLogger(__name__)


class DemucsEngine:
    """Gives what `demucs.apply.apply_model(shifts=0, split=True, overlap=0.25)` gives for each segment."""

    def __init__(
        self, name: str, runtime: Runtime, stand_in: Start, bag: Bag | None = None, notices: tuple[str, ...] = ()
    ) -> None:
        """`stand_in` is started when the runtime fails. Raises ModelRejectedError."""
        self.name = name
        self.notices = notices
        self._runtime = runtime
        self._stand_in = stand_in
        form = _common(name, runtime.forms)
        self.sources = form.sources
        self.sample_rate = form.sample_rate
        stride = int((1 - _OVERLAP) * form.length)
        self.segmentation = Segmentation(form.length, stride, centre_last=form.fills, normalise=True)
        self._shares = _shares(name, bag, len(runtime.forms), len(form.sources))
        self.batch = runtime.batch

    @property
    def runtime(self) -> str:
        """What computes, such as "openvino bf16"."""
        return self._runtime.name

    def separate(self, segments: Samples) -> Answer:
        """As `Engine` says: by smaller batches where the memory does not do, by the stand-in where nothing else does."""
        while True:
            try:
                starts = range(0, len(segments), self.batch)
                parts = [self._begun(np.ascontiguousarray(segments[start : start + self.batch])) for start in starts]
            except RuntimeError as error:
                self._give_way(error, min(self.batch, len(segments)))
            else:
                return lambda: np.concatenate([part() for part in parts])

    def _begun(self, segments: Samples) -> Answer:
        """The mean of what all models of the bag make of the segments."""
        answers = [network(segments) for network in self._runtime.networks]
        if len(answers) == 1:
            return answers[0]
        shares = self._shares

        def mean() -> Samples:
            stems = answers[0]() * shares[0]
            for answer, share in zip(answers[1:], shares[1:], strict=True):
                stems += answer() * share
            return stems

        return mean

    def _give_way(self, error: RuntimeError, tried: int) -> None:
        """Make the next try an easier one. Raises the error when there is none."""
        short = isinstance(error, OutOfMemoryError)
        if short and tried > 1:
            self.batch = tried // 2
            self._tell(f"The graphics memory holds {self.batch} segments at once, not {tried}.", error)
            return
        if self._runtime.name == "torch":
            raise error
        reason = "The graphics memory is too small for this model" if short else f"{self.runtime} failed"
        self._runtime = self._stand_in()
        self.batch = self._runtime.batch
        self._tell(f"{reason}, so torch separates on the processor.", error)

    def _tell(self, notice: str, error: RuntimeError) -> None:
        _log.warning("%s", notice, exc_info=error)
        self.notices = (*self.notices, notice)


def _common(name: str, forms: Sequence[Form]) -> Form:
    """What all models of a bag take and give. Raises ModelRejectedError."""
    if any(form != forms[0] for form in forms):
        raise ModelRejectedError(f"The models of {name} differ in what they take or give.")
    return forms[0]


def _shares(name: str, bag: Bag | None, models: int, sources: int) -> list[Samples]:
    """For each model, the share `[sources, 1, 1]` that its answer has of each source. They sum to one."""
    weights = np.asarray(bag if bag is not None else np.ones((models, sources)), dtype=np.float32)
    if weights.shape != (models, sources) or not (weights.sum(axis=0) > 0).all():
        raise ModelRejectedError(f"The weights that {name} gives its models do not fit them.")
    return list((weights / weights.sum(axis=0))[..., None, None])
