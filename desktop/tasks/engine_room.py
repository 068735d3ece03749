"""The engine for a job: kept loaded between jobs, downloaded when missing, Sketch when there is no way to it."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Literal, cast

from desktop.errors import ModelUnavailableError
from desktop.models.shelf import Model, Shelf
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.load import EngineSpec, load_engine

SKETCH = "sketch"
# After a download failed, the next songs go straight to Sketch for as long (seconds).
_RETRY_AFTER = 300.0
_log = logging.getLogger(__name__)


class EngineRoom:
    """Holds one engine: the last one used."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._spec: EngineSpec | None = None
        self._engine: Engine | None = None
        self._unreachable: dict[str, tuple[float, str]] = {}

    def engine(
        self, name: str, report: Callable[[float], None], should_stop: Callable[[], bool]
    ) -> tuple[Engine, tuple[str, ...]]:
        """The engine of the model `name`, and notices for the user. `report` gets the part downloaded, 0 to 1.

        Raises ModelUnavailableError for an unknown name, ModelRejectedError, StorageError, CancelledError.
        """
        model = self._shelf.get(name)
        if model.present:
            return self._load(model), ()
        try:
            return self._load(self._download(model, report, should_stop)), ()
        except ModelUnavailableError as error:
            _log.warning("Sketch stands in for %s: %s", name, error)
            notice = f"Separated with Sketch in draft quality, because {model.title} is not on this computer. {error}"
            return self._load(self._shelf.get(SKETCH)), (notice,)

    @property
    def identity(self) -> str:
        """Names the engine that is loaded, down to its files: another identity may give other stems."""
        spec = self._spec
        if spec is None:
            return ""
        files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in spec.files]
        return repr((spec.name, spec.kind, files, spec.bag, spec.segment))

    def _download(self, model: Model, report: Callable[[float], None], should_stop: Callable[[], bool]) -> Model:
        failed = self._unreachable.get(model.name)
        if failed and monotonic() - failed[0] < _RETRY_AFTER:
            raise ModelUnavailableError(failed[1])
        try:
            return self._shelf.download(model.name, lambda done, total: report(done / max(total, 1)), should_stop)
        except ModelUnavailableError as error:
            self._unreachable[model.name] = (monotonic(), str(error))
            raise

    def _load(self, model: Model) -> Engine:
        kind = cast('Literal["demucs", "sketch"]', model.kind)
        spec = EngineSpec(model.name, kind, model.files, model.bag, model.segment)
        if self._engine is None or spec != self._spec:
            self._engine = self._spec = None  # the old one's memory goes first
            self._engine = load_engine(spec)
            self._spec = spec
        return self._engine
