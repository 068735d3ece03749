"""The shelf: the models on this computer, and those that could be."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.names import safe_name, shown
from desktop.errors import ModelRejectedError, ModelUnavailableError
from desktop.models.catalogue import Entry, WeightsFile, catalogue
from desktop.models.digest import is_whole, note_of
from desktop.models.importing import copy_whole, write_whole
from desktop.models.storage import part_of, storage_error
from desktop.paths import Home, converted_name
from desktop.weights.files import is_safetensors
from desktop.weights.package import read_package

SKETCH = "sketch"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """A model of the shelf, on this computer or not."""

    name: str
    """What `--model` takes."""
    title: str
    kind: str
    """"demucs" or "sketch"."""
    files: tuple[Path, ...] = ()
    """Its weights, where they lie or would lie."""
    bag: tuple[tuple[float, ...], ...] | None = None
    """For each file its weight for each source; None weighs all alike."""
    segment: float | None = None
    """Seconds, where it shall be shorter than the model's own."""
    bytes: int = 0
    """0 for the built-in engine."""
    present: bool = True
    imported: bool = False
    sources: tuple[str, ...] = ()


_SKETCH = Model(SKETCH, "Sketch", "sketch", sources=("vocals", "drums", "bass", "other"))


class Shelf:
    """The folder `home.models`: `<file>` for each file of the catalogue, `imported/<name>.th` and `.json` for others."""

    def __init__(self, home: Home) -> None:
        self._folder = home.models
        self._converted = home.converted
        self._imported = home.models / "imported"

    def models(self) -> tuple[Model, ...]:
        """The catalogue, what was imported, and Sketch."""
        return tuple(self._one_by_one())

    def get(self, name: str) -> Model:
        """Raises ModelUnavailableError when there is no model of that name."""
        for model in self._one_by_one():
            if model.name == name:
                return model
        raise ModelUnavailableError(f"There is no model {shown(name)}. `unbraid models list` names those there are.")

    def download(self, name: str, report: Callable[[int, int], None], should_stop: Callable[[], bool]) -> Model:
        """Bring a model of the catalogue here. `report` gets bytes done and in all.

        Raises ModelUnavailableError, StorageError, CancelledError.
        """
        from desktop.models.download import download  # not sooner: the window looks at the shelf, and downloads nothing

        entry = _entry(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            missing = self._missing(entry)
        except OSError as error:
            raise storage_error(error, self._folder) from error
        told = _Together(report, entry.bytes, len(entry.files), len(entry.files) - len(missing))
        for file in missing:
            download(file, self._folder / file.name, told.of_one, should_stop)
            told.next()
        _log.info("%s was downloaded", name)
        return self.get(name)

    def check_available(self, name: str) -> None:
        """Find out whether a model is here, or could be downloaded now. May take seconds.

        Raises ModelUnavailableError when it is neither, or unknown.
        """
        from desktop.models.download import check_reachable  # as in `download`

        model = self.get(name)
        if model.present:
            return
        try:
            check_reachable(self._missing(_entry(name))[0])
        except ModelUnavailableError as error:
            raise ModelUnavailableError(
                f"{model.title} is not downloaded, and {error}. Try again when you are online, or choose another model."
            ) from error

    def import_file(self, path: Path, name: str | None = None) -> Model:
        """Copy a weights file of the user's to the shelf, under its own name or `name`.

        Raises ModelRejectedError, StorageError.
        """
        title = safe_name(name or path.stem, max_bytes=60)
        # Two names that differ in case alone would be one file on many disks.
        if any(model.name.casefold() == title.casefold() for model in self.models()):
            raise ModelRejectedError(f"There is a model {shown(title)} already. Give another name with --name.")
        sources = read_package(path).sources
        try:
            target = self._imported / f"{title}{'.safetensors' if is_safetensors(path) else '.th'}"
            copy_whole(path, target)
            write_whole(json.dumps({"file": target.name, "sources": sources}), self._note(title))
        except OSError as error:
            raise storage_error(error, self._folder) from error
        return self.get(title)

    def remove(self, name: str) -> None:
        """Delete a model's files.

        Raises ModelUnavailableError for one that is not here, ModelRejectedError for the built-in one, StorageError.
        """
        model = self.get(name)
        if model.name == SKETCH:
            raise ModelRejectedError("Sketch is built in, and takes no room.")
        weights = [found for file in model.files for found in (file, part_of(file)) if found.exists()]
        if not weights:
            raise ModelUnavailableError(f"{model.title} is not on this computer.")
        try:
            for file in filter(Path.exists, model.files):
                self._forget_conversions(file)
            for file in (self._note(name), *weights, *map(note_of, model.files)):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def _missing(self, entry: Entry) -> list[WeightsFile]:
        """Return the files of a model that are not here, or damaged. Raises OSError."""
        return [file for file in entry.files if not is_whole(self._folder / file.name, file.sha256)]

    def _forget_conversions(self, weights: Path) -> None:
        for folder in self._converted.glob(converted_name(weights, "*")):
            shutil.rmtree(folder, ignore_errors=True)

    def _one_by_one(self) -> Iterator[Model]:
        """Each is only looked at when it is asked for: counting the sum of a file takes a while."""
        yield from map(self._of_catalogue, catalogue())
        yield from self._of_the_user()
        yield _SKETCH

    def _note(self, name: str) -> Path:
        return self._imported / f"{name}.json"

    def _of_catalogue(self, entry: Entry) -> Model:
        files = tuple(self._folder / file.name for file in entry.files)
        present = all(_is_good(self._folder / file.name, file.sha256) for file in entry.files)
        return Model(
            entry.name, entry.title, "demucs", files, entry.bag, None, entry.bytes, present, False, entry.sources
        )

    def _of_the_user(self) -> list[Model]:
        return [model for note in sorted(self._imported.glob("*.json")) if (model := self._from_note(note))]

    def _from_note(self, note: Path) -> Model | None:
        try:
            said = json.loads(note.read_text(encoding="utf-8"))
            file = self._imported / Path(said["file"]).name
            size = file.stat().st_size
            sources = tuple(str(source) for source in said["sources"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s was passed over: %s", note.name, error)
            return None
        return Model(note.stem, note.stem, "demucs", (file,), bytes=size, imported=True, sources=sources)


def _entry(name: str) -> Entry:
    """Return a model of the catalogue. Raises ModelUnavailableError."""
    entry = next((entry for entry in catalogue() if entry.name == name), None)
    if entry is None:
        raise ModelUnavailableError(f"{shown(name)} is not a model that can be downloaded.")
    return entry


class _Together:
    """Progress of several files as one: each counts as an equal share until its true size is known."""

    def __init__(self, report: Callable[[int, int], None], all_bytes: int, files: int, done: int) -> None:
        self._report = report
        self._share = all_bytes // files
        self._before = done * self._share
        self._left = files - done - 1
        self._size = self._share

    def of_one(self, done: int, total: int) -> None:
        """`done` of `total` bytes of the present file; 0 where the total is unknown."""
        self._size = total or max(done, self._share)
        self._report(self._before + done, self._before + self._size + self._left * self._share)

    def next(self) -> None:
        """The present file is here."""
        self._before += self._size
        self._left -= 1


def _is_good(path: Path, digits: str) -> bool:
    try:
        return is_whole(path, digits)
    except OSError as error:
        _log.warning("%s cannot be read: %s", path.name, error)
        return False
