"""The engine for a job: cached between jobs, its model downloaded if missing, replaced by Sketch if unavailable."""

import logging
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from desktop.errors import ModelUnavailableError
from desktop.models.store import Model, ModelStore
from desktop.models.titles import find_model_title
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.runtime.settings_file import SettingsFile
from desktop.settings import SKETCH_MODEL, Settings
from desktop.text.message import Message

# Seconds after a failed download in which further jobs use Sketch at once.
_DOWNLOAD_RETRY_S = 300.0
# Seconds: half of the segment that HTDemucs was trained on.
_LOW_MEMORY_SEGMENT_S = 3.9
_LOW_MEMORY_NOTICE = Message("Separated in shorter segments, because there was not enough memory for longer ones.")
_log = logging.getLogger(__name__)


class EngineCache:
    """Cache of one engine: the last one used."""

    def __init__(self, model_store: ModelStore, home: Home | None = None) -> None:
        """Create the cache. `home` provides the settings and the OpenVINO cache; without it, the defaults are used."""
        self._model_store = model_store
        self._home = home
        self._settings_file = SettingsFile(home) if home else None
        self._spec: EngineSpec | None = None
        self._engine: Engine | None = None
        self._failed_downloads: dict[str, tuple[float, Message]] = {}

    def get(
        self,
        name: str,
        report: Callable[[float], None],
        should_stop: Callable[[], bool],
        low_memory: bool = False,
        fall_back: bool = True,
    ) -> tuple[Engine, tuple[Message, ...]]:
        """Return the engine of the model `name`, and notices for the user.

        `report` receives the downloaded part, 0 to 1. `low_memory` selects torch on the CPU with shorter segments.
        `fall_back` uses Sketch if the model cannot be downloaded. Raises ModelUnavailableError for an unknown name, or
        if the download fails without `fall_back`; ModelRejectedError, StorageError, and CancelledError if `should_stop`
        returns True.
        """
        model = self._model_store.get(name)
        try:
            if not model.is_installed:
                model = self._download(model, report, should_stop, reuse_failure=fall_back)
            engine = self._load(model, low_memory)
            is_shortened = low_memory and model.name != SKETCH_MODEL
            return engine, (*engine.notices, _LOW_MEMORY_NOTICE) if is_shortened else engine.notices
        except ModelUnavailableError as error:
            if not fall_back:
                raise ModelUnavailableError(
                    Message(
                        "{title} is not downloaded. {problem}",
                        title=find_model_title(name, model.title),
                        problem=error.problem,
                    ),
                    error.advice,
                ) from error
            _log.warning("Sketch replaced model %s: %s", name, error)
            notice = Message(
                "Separated with Sketch in draft quality, because {model} is not on this computer. {error}",
                model=find_model_title(name, model.title),
                error=error.message,
            )
            return self._load(self._model_store.get(SKETCH_MODEL)), (notice,)

    def clear(self) -> None:
        """Drop the engine to free its memory."""
        self._engine = self._spec = None

    @property
    def fingerprint(self) -> str:
        """Text that identifies the loaded engine and its files; empty without an engine.

        Engines with different fingerprints may give different stems.
        """
        spec = self._spec
        if spec is None:
            return ""
        files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in spec.files]
        runtime = self._engine.runtime if self._engine else ""
        return repr((spec.name, spec.kind, files, spec.bag, spec.segment, runtime))

    def _download(
        self, model: Model, report: Callable[[float], None], should_stop: Callable[[], bool], reuse_failure: bool
    ) -> Model:
        """Download a model. `reuse_failure` fails at once if a download failed within `_DOWNLOAD_RETRY_S`."""
        last_failure = self._failed_downloads.get(model.name)
        if reuse_failure and last_failure and monotonic() - last_failure[0] < _DOWNLOAD_RETRY_S:
            raise ModelUnavailableError(last_failure[1])
        try:
            return self._model_store.download(model.name, lambda done, total: report(done / max(total, 1)), should_stop)
        except ModelUnavailableError as error:
            self._failed_downloads[model.name] = (monotonic(), error.message)
            raise

    def _load(self, model: Model, low_memory: bool = False) -> Engine:
        settings = self._current_settings()
        spec = EngineSpec(
            model.name,
            model.kind,
            model.files,
            model.bag_weights,
            runtime=settings.runtime,
            fast=settings.fast,
            cache=self._home.openvino_cache if self._home else None,
        )
        if low_memory:
            spec = replace(spec, segment=_LOW_MEMORY_SEGMENT_S, runtime="torch")
        if self._engine is None or spec != self._spec:
            self.clear()  # free the memory of the old engine first
            self._engine = load_engine(spec)
            self._spec = spec
        return self._engine

    def _current_settings(self) -> Settings:
        """Return the settings, read for each job: a change applies to the next one."""
        return self._settings_file.refresh() if self._settings_file else Settings()
