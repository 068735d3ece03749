"""The shelf: the models on this computer, and those that could be."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop.audio.names import safe_name, shown
from desktop.errors import ModelRejectedError, ModelUnavailableError, StorageError
from desktop.models.catalogue import Entry, catalogue
from desktop.models.download import download, sha256
from desktop.models.inspection import sources_of
from desktop.paths import Home

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
        self._imported = home.models / "imported"

    def models(self) -> tuple[Model, ...]:
        """The catalogue, what was imported, and Sketch."""
        return (*map(self._of_catalogue, catalogue()), *self._of_the_user(), _SKETCH)

    def get(self, name: str) -> Model:
        """Raises ModelUnavailableError when there is no model of that name."""
        for model in self.models():
            if model.name == name:
                return model
        raise ModelUnavailableError(f"There is no model {shown(name)}. `unbraid models list` names those there are.")

    def download(self, name: str, report: Callable[[int, int], None], should_stop: Callable[[], bool]) -> Model:
        """Bring a model of the catalogue here. `report` gets bytes done and in all.

        Raises ModelUnavailableError, StorageError, CancelledError.
        """
        entry = next((entry for entry in catalogue() if entry.name == name), None)
        if entry is None:
            raise ModelUnavailableError(f"{shown(name)} is not a model that can be downloaded.")
        self._folder.mkdir(parents=True, exist_ok=True)
        share = entry.bytes // len(entry.files)
        for number, file in enumerate(entry.files):
            target = self._folder / file.name
            if target.exists() and sha256(target).startswith(file.sha256):
                continue
            before = number * share

            def told(done: int, total: int, before: int = before) -> None:
                report(before + done, max(entry.bytes, total))

            download(file, target, told, should_stop)
        _log.info("%s was downloaded", name)
        return self.get(name)

    def import_file(self, path: Path, name: str | None = None) -> Model:
        """Copy a weights file of the user's to the shelf, under its own name or `name`.

        Raises ModelRejectedError, StorageError.
        """
        title = safe_name(name or path.stem, max_bytes=60)
        if any(model.name == title for model in self.models()):
            raise ModelRejectedError(f"There is a model {shown(title)} already. Give another name with --name.")
        if not path.is_file():
            raise ModelRejectedError(f"{shown(path.name)} was not found.")
        sources = sources_of(path)
        target = self._imported / f"{title}{path.suffix.lower() or '.th'}"
        try:
            self._imported.mkdir(parents=True, exist_ok=True)
            part = target.with_name(target.name + ".part")
            shutil.copyfile(path, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(target)
            self._note(title).write_text(json.dumps({"file": target.name, "sources": sources}), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"The model could not be stored: {error.strerror}. Make room on the disk.") from error
        return self.get(title)

    def remove(self, name: str) -> None:
        """Delete a model's files. Raises ModelUnavailableError for an unknown, ModelRejectedError for the built-in one."""
        model = self.get(name)
        if model.name == SKETCH:
            raise ModelRejectedError("Sketch is built in, and takes no room.")
        for file in model.files:
            file.unlink(missing_ok=True)
        if model.imported:
            self._note(name).unlink(missing_ok=True)

    def _note(self, name: str) -> Path:
        return self._imported / f"{name}.json"

    def _of_catalogue(self, entry: Entry) -> Model:
        files = tuple(self._folder / file.name for file in entry.files)
        present = all(file.exists() for file in files)
        return Model(entry.name, entry.title, "demucs", files, entry.bag, None, entry.bytes, present, False, entry.sources)

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
