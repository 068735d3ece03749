"""The engine for a job: kept loaded between jobs, downloaded when missing, Sketch when there is no way to it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Literal, cast

from desktop.errors import ModelUnavailableError
from desktop.models.store import Model, ModelStore
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.settings import Settings, load_settings

SKETCH = "sketch"
# After a download failed, the next songs go straight to Sketch for as long (seconds).
_DOWNLOAD_RETRY_S = 300.0
# Half of what HTDemucs was trained on (seconds).
_LOW_MEMORY_SEGMENT_S = 3.9
_LOW_MEMORY_NOTICE = "Separated in shorter segments, because there was not enough memory for longer ones."
_log = logging.getLogger(__name__)


class EngineCache:
    """Holds one engine: the last one used."""

    def __init__(self, model_store: ModelStore, home: Home | None = None) -> None:
        """The settings are those of `home`, which also keeps what is converted for a runtime; without it, defaults."""
        self._model_store = model_store
        self._home = home
        self._spec: EngineSpec | None = None
        self._engine: Engine | None = None
        self._failed_downloads: dict[str, tuple[float, str]] = {}

    def get(
        self,
        name: str,
        report: Callable[[float], None],
        should_stop: Callable[[], bool],
        low_memory: bool = False,
        fall_back: bool = True,
    ) -> tuple[Engine, tuple[str, ...]]:
        """The engine of the model `name`, and notices for the user. `report` gets the part downloaded, 0 to 1.

        `sparing`: such a one as needs less memory, by torch on the processor. `fall_back`: use Sketch when the model
        cannot be downloaded. Raises ModelUnavailableError for an unknown name, and for a model that cannot be
        downloaded without `fall_back`, ModelRejectedError, StorageError, CancelledError.
        """
        model = self._model_store.get(name)
        try:
            if not model.is_installed:
                model = self._download(model, report, should_stop, reuse_failure=fall_back)
            engine = self._load(model, low_memory)
            return engine, (
                *engine.notices,
                _LOW_MEMORY_NOTICE,
            ) if low_memory and model.name != SKETCH else engine.notices
        except ModelUnavailableError as error:
            if not fall_back:
                raise ModelUnavailableError(
                    f"{model.title} is not downloaded. {error.problem}", error.advice
                ) from error
            _log.warning("Sketch stands in for %s: %s", name, error)
            notice = f"Separated with Sketch in draft quality, because {model.title} is not on this computer. {error}"
            return self._load(self._model_store.get(SKETCH)), (notice,)

    def clear(self) -> None:
        """Let go of the engine: its memory is needed."""
        self._engine = self._spec = None

    @property
    def fingerprint(self) -> str:
        """Names the engine that is loaded, down to its files: another identity may give other stems."""
        spec = self._spec
        if spec is None:
            return ""
        files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in spec.files]
        runtime = self._engine.runtime if self._engine else ""
        return repr((spec.name, spec.kind, files, spec.bag, spec.segment, runtime))

    def _download(
        self, model: Model, report: Callable[[float], None], should_stop: Callable[[], bool], reuse_failure: bool
    ) -> Model:
        """Download a model, or fail at once when that failed a moment ago, if `remember`."""
        last_failure = self._failed_downloads.get(model.name)
        if reuse_failure and last_failure and monotonic() - last_failure[0] < _DOWNLOAD_RETRY_S:
            raise ModelUnavailableError(last_failure[1])
        try:
            return self._model_store.download(model.name, lambda done, total: report(done / max(total, 1)), should_stop)
        except ModelUnavailableError as error:
            self._failed_downloads[model.name] = (monotonic(), str(error))
            raise

    def _load(self, model: Model, low_memory: bool = False) -> Engine:
        kind = cast('Literal["demucs", "sketch"]', model.kind)
        spec = EngineSpec(
            model.name, kind, model.files, model.bag_weights, model.segment_seconds, *self._runtime_options()
        )
        if low_memory:
            spec = replace(
                spec,
                segment=min(model.segment_seconds or _LOW_MEMORY_SEGMENT_S, _LOW_MEMORY_SEGMENT_S),
                runtime="torch",
            )
        if self._engine is None or spec != self._spec:
            self.clear()  # the old one's memory goes first
            self._engine = load_engine(spec)
            self._spec = spec
        return self._engine

    def _runtime_options(self) -> tuple[str, bool, Path | None]:
        """Runtime, speed mode and cache, as they are set now: a change counts for the next song."""
        if self._home is None:
            return Settings().runtime, Settings().fast, None
        settings = load_settings(self._home)
        return settings.runtime, settings.fast, self._home.openvino_cache
