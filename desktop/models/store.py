"""The model store: installed, downloadable and imported models, and the built-in engine Sketch."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.atomic_file import atomic_file, write_atomically
from desktop.audio.names import printable, safe_file_name
from desktop.errors import ModelRejectedError, ModelUnavailableError
from desktop.models.catalogue import CatalogueEntry, WeightsFile, catalogue
from desktop.models.digest import digest_path, matches_sha256
from desktop.models.storage import partial_path, storage_error
from desktop.models.titles import find_model_title
from desktop.paths import Home
from desktop.settings import SKETCH_MODEL
from desktop.text.message import Message
from desktop.weights.formats import is_safetensors
from desktop.weights.package import openvino_cache_name, read_package

# The kind of engine that every weights file that can be imported is for: `read_package` rejects others.
_IMPORTED_KIND = "demucs"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """A model of the model store, installed or not."""

    name: str
    """Name for `--model`."""
    title: str
    kind: str
    """Kind of the engine that computes it, as `load_engine` knows it."""
    files: tuple[Path, ...] = ()
    """Paths of the weights files, whether they exist or not."""
    bag_weights: tuple[tuple[float, ...], ...] | None = None
    """Weight of each file for each source; None for equal weights."""
    size_bytes: int = 0
    """Size of all files together in bytes; 0 for the built-in engine."""
    is_installed: bool = True
    is_imported: bool = False
    sources: tuple[str, ...] = ()


_SKETCH = Model(SKETCH_MODEL, "Sketch", "sketch", sources=("vocals", "drums", "bass", "other"))


class ModelStore:
    """Models in the folder `home.models`.

    Files of catalogue models are stored directly in it, imported models as `imported/<name>.th` (or
    `.safetensors`) with `imported/<name>.json`.
    """

    def __init__(self, home: Home) -> None:
        self._folder = home.models
        self._openvino_cache = home.openvino_cache
        self._imported = home.models / "imported"

    def list_models(self) -> tuple[Model, ...]:
        """Return the catalogue models, the imported models and Sketch."""
        return tuple(self._iter_models())

    def get(self, name: str) -> Model:
        """Return the model with this name. Raises ModelUnavailableError if there is none."""
        for model in self._iter_models():
            if model.name == name:
                return model
        raise ModelUnavailableError(
            Message("There is no model {name}. `unbraid models list` lists all models.", name=printable(name))
        )

    def download(self, name: str, report: Callable[[int, int], None], should_stop: Callable[[], bool]) -> Model:
        """Download the missing files of a catalogue model; call `report` with received and total bytes.

        Raises ModelUnavailableError if the model is unknown or the download fails, StorageError if a file cannot be
        stored, CancelledError if `should_stop` returns True.
        """
        # Imported only here: the window lists models but downloads nothing.
        from desktop.models.download import download

        entry = _find_entry(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            missing = self._missing_files(entry)
        except OSError as error:
            raise storage_error(error, self._folder) from error
        progress = _CombinedProgress(report, entry.size_bytes, len(entry.files), len(entry.files) - len(missing))
        for file in missing:
            download(file, self._folder / file.name, progress.report_file, should_stop)
            progress.finish_file()
        _log.info("Model %s was downloaded", name)
        return self.get(name)

    def check_available(self, name: str) -> None:
        """Check that a model is installed or can be downloaded now. May take a few seconds.

        Raises ModelUnavailableError if it is unknown, or neither installed nor downloadable.
        """
        from desktop.models.download import check_reachable  # imported here for the same reason as in `download`

        model = self.get(name)
        if model.is_installed:
            return
        try:
            check_reachable(self._missing_files(_find_entry(name))[0])
        except ModelUnavailableError as error:
            raise ModelUnavailableError(
                Message(
                    "{title} is not downloaded, and {reason}. Try again when you are online, or choose another model.",
                    title=find_model_title(name, model.title),
                    reason=error.problem,
                )
            ) from error

    def import_file(self, path: Path, name: str | None = None) -> Model:
        """Copy a weights file into the model store as `name`, by default the file's name.

        Raises ModelRejectedError if the file is not a usable model or the name is taken, StorageError if it cannot be
        stored.
        """
        title = safe_file_name(name or path.stem, max_bytes=60)
        # Compare without case: on many disks, names that differ only in case are the same file.
        if any(model.name.casefold() == title.casefold() for model in self.list_models()):
            raise ModelRejectedError(
                Message(
                    "A model named {title} already exists. Choose another name with --name.", title=printable(title)
                )
            )
        sources = read_package(path).sources
        try:
            target = self._imported / f"{title}{'.safetensors' if is_safetensors(path) else '.th'}"
            self._imported.mkdir(parents=True, exist_ok=True)
            with atomic_file(target) as part:
                shutil.copyfile(path, part)
            write_atomically(self._metadata_path(title), json.dumps({"file": target.name, "sources": sources}))
        except OSError as error:
            raise storage_error(error, self._folder) from error
        return self.get(title)

    def remove(self, name: str) -> None:
        """Delete a model's files, including its OpenVINO cache.

        Raises ModelUnavailableError if the model is not installed, ModelRejectedError for the built-in engine,
        StorageError if a file cannot be deleted.
        """
        model = self.get(name)
        if model.name == SKETCH_MODEL:
            raise ModelRejectedError(Message("Sketch is built in and cannot be removed."))
        weights = [path for file in model.files for path in (file, partial_path(file)) if path.exists()]
        if not weights:
            raise ModelUnavailableError(
                Message("{title} is not on this computer.", title=find_model_title(name, model.title))
            )
        try:
            for file in filter(Path.exists, model.files):
                self._delete_openvino_cache(file)
            for file in (self._metadata_path(name), *weights, *map(digest_path, model.files)):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def _missing_files(self, entry: CatalogueEntry) -> list[WeightsFile]:
        """Return the files of a model that are missing or damaged. Raises OSError if one cannot be read."""
        return [file for file in entry.files if not matches_sha256(self._folder / file.name, file.sha256_prefix)]

    def _delete_openvino_cache(self, weights: Path) -> None:
        for folder in self._openvino_cache.glob(openvino_cache_name(weights, "*")):
            shutil.rmtree(folder, ignore_errors=True)

    def _iter_models(self) -> Iterator[Model]:
        """Yield all models lazily: computing a file's digest takes a while."""
        yield from map(self._catalogue_model, catalogue())
        yield from self._imported_models()
        yield _SKETCH

    def _metadata_path(self, name: str) -> Path:
        return self._imported / f"{name}.json"

    def _catalogue_model(self, entry: CatalogueEntry) -> Model:
        files = tuple(self._folder / file.name for file in entry.files)
        is_installed = all(_is_intact(self._folder / file.name, file.sha256_prefix) for file in entry.files)
        return Model(
            entry.name,
            entry.title,
            entry.kind,
            files,
            entry.bag_weights,
            entry.size_bytes,
            is_installed,
            False,
            entry.sources,
        )

    def _imported_models(self) -> list[Model]:
        return [model for path in sorted(self._imported.glob("*.json")) if (model := self._read_imported_model(path))]

    def _read_imported_model(self, metadata_path: Path) -> Model | None:
        try:
            metadata = json.loads(metadata_path.read_text(encoding="utf-8"))
            file = self._imported / Path(metadata["file"]).name
            size = file.stat().st_size
            sources = tuple(str(source) for source in metadata["sources"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("Imported model %s was skipped: %s", metadata_path.name, error)
            return None
        return Model(
            metadata_path.stem,
            metadata_path.stem,
            _IMPORTED_KIND,
            (file,),
            size_bytes=size,
            is_imported=True,
            sources=sources,
        )


def _find_entry(name: str) -> CatalogueEntry:
    """Return the catalogue entry with this name. Raises ModelUnavailableError if there is none."""
    entry = next((entry for entry in catalogue() if entry.name == name), None)
    if entry is None:
        raise ModelUnavailableError(Message("{name} is not a model that can be downloaded.", name=printable(name)))
    return entry


class _CombinedProgress:
    """Combined progress of several files; each counts as an equal share until its true size is known."""

    def __init__(
        self, report: Callable[[int, int], None], total_bytes: int, file_count: int, finished_count: int
    ) -> None:
        self._report = report
        self._bytes_per_file = total_bytes // file_count
        self._finished_bytes = finished_count * self._bytes_per_file
        self._files_left = file_count - finished_count - 1
        self._current_bytes = self._bytes_per_file

    def report_file(self, done: int, total: int) -> None:
        """Report that `done` of `total` bytes of the current file are received; `total` is 0 if unknown."""
        self._current_bytes = total or max(done, self._bytes_per_file)
        self._report(
            self._finished_bytes + done,
            self._finished_bytes + self._current_bytes + self._files_left * self._bytes_per_file,
        )

    def finish_file(self) -> None:
        """Count the current file as finished."""
        self._finished_bytes += self._current_bytes
        self._files_left -= 1


def _is_intact(path: Path, sha256_prefix: str) -> bool:
    try:
        return matches_sha256(path, sha256_prefix)
    except OSError as error:
        _log.warning("Weights file %s cannot be read: %s", path.name, error)
        return False
