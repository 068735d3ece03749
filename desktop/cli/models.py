"""`unbraid models list|download|import|remove`: manage the model store."""

import argparse
import json
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from desktop.models.store import Model, ModelStore
from desktop.models.titles import find_model_title
from desktop.runtime.library import open_library
from desktop.text.message import tr
from desktop.text.sizes import format_size


def run_models(arguments: argparse.Namespace) -> int:
    """Run one `models` command. Return the exit status.

    Raises ModelUnavailableError if the model is unknown or cannot be downloaded, ModelRejectedError if an
    imported file is not usable or the built-in model is to be removed, StorageError if a file cannot be stored or
    deleted.
    """
    library = open_library("terminal")
    store = ModelStore(library)
    if arguments.command_name == "list":
        return _list_models(store, arguments.json)
    if arguments.command_name == "remove":
        store.remove(arguments.name)
        text = tr("Removed {model}.", model=arguments.name)
        return _print_result({"name": arguments.name, "present": False}, text, arguments.json)
    if arguments.command_name == "import":
        model = store.import_file(arguments.path, arguments.name)
    else:
        model = _download(store, arguments.name)
    usage_text = tr("{model} is on this computer. To use it: unbraid separate --model {model} FILE", model=model.name)
    return _print_result(_model_to_json(model), usage_text, arguments.json)


def _list_models(store: ModelStore, as_json: bool) -> int:
    models = store.list_models()
    if as_json:
        print(json.dumps([_model_to_json(model) for model in models]))
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in (tr("Name"), tr("Title"), tr("Stems"), tr("Size"), tr("On this computer")):
        table.add_column(Text(heading))
    for model in models:
        size = format_size(model.size_bytes) if model.size_bytes else tr("built in")
        present = tr("yes") if model.is_installed else tr("no")
        title = str(find_model_title(model.name, model.title))
        cells = (model.name, title, ", ".join(model.sources), size, present)
        table.add_row(*map(Text, cells))
    Console(soft_wrap=True).print(table)
    return 0


def _download(store: ModelStore, name: str) -> Model:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(name, total=None)
        return store.download(
            name, lambda done, total: progress.update(bar, completed=done, total=total), lambda: False
        )


def _print_result(value: dict[str, Any], text: str, as_json: bool) -> int:
    print(json.dumps(value) if as_json else text)
    return 0


def _model_to_json(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "engine": model.kind,
        "sources": list(model.sources),
        "bytes": model.size_bytes,
        "present": model.is_installed,
        "imported": model.is_imported,
        "files": [str(file) for file in model.files],
    }
