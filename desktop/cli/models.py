"""`unbraid models list|download|import|remove`: the shelf from the terminal."""

import argparse
import json
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from desktop.models.shelf import Model, Shelf
from desktop.opening import open_home
from desktop.sizes import in_words


def run(arguments: argparse.Namespace) -> int:
    """Answer one `models` command. Raises ModelUnavailableError, ModelRejectedError, StorageError."""
    library = open_home("terminal")
    shelf = Shelf(library)
    if arguments.word == "list":
        return _list(shelf, arguments.json)
    if arguments.word == "remove":
        shelf.remove(arguments.name)
        return _tell({"name": arguments.name, "present": False}, f"Removed {arguments.name}.", arguments.json)
    if arguments.word == "import":
        model = shelf.import_file(arguments.path, arguments.name)
    else:
        model = _download(shelf, arguments.name)
    how = f"{model.name} is here. Use it: unbraid separate --model {model.name} FILE"
    return _tell(_object(model), how, arguments.json)


def _list(shelf: Shelf, as_json: bool) -> int:
    models = shelf.models()
    if as_json:
        print(json.dumps([_object(model) for model in models]))
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Title", "Stems", "Size", "On this computer"):
        table.add_column(heading)
    for model in models:
        size = in_words(model.bytes) if model.bytes else "built in"
        cells = (model.name, model.title, ", ".join(model.sources), size, "yes" if model.present else "no")
        table.add_row(*map(Text, cells))
    Console(soft_wrap=True).print(table)
    return 0


def _download(shelf: Shelf, name: str) -> Model:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(name, total=None)
        return shelf.download(
            name, lambda done, total: progress.update(bar, completed=done, total=total), lambda: False
        )


def _tell(value: dict[str, Any], sentence: str, as_json: bool) -> int:
    print(json.dumps(value) if as_json else sentence)
    return 0


def _object(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "engine": model.kind,
        "sources": list(model.sources),
        "bytes": model.bytes,
        "present": model.present,
        "imported": model.imported,
        "files": [str(file) for file in model.files],
    }
