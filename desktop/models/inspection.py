"""What a weights file says of itself, found out without running anything in it and without torch.

A pickle is read by an unpickler that knows a handful of names and makes nothing of them but inert marks.
"""

import io
import json
import pickle
import re
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from desktop.audio.names import shown
from desktop.errors import ModelRejectedError

_HTDEMUCS = "demucs.htdemucs.HTDemucs"
_TORCH = {
    *("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.device"),
    *(f"torch.{kind}Storage" for kind in ("Float", "Half", "BFloat16", "Double", "Long")),
}
_LARGEST_HEADER = 64 << 20
_DAMAGED = (
    pickle.UnpicklingError, zipfile.BadZipFile, OSError, ValueError, LookupError, TypeError, AttributeError, EOFError,
    MemoryError, RecursionError, OverflowError, ArithmeticError, NotImplementedError,
)  # fmt: skip


class _AsksForCodeError(Exception):
    """A pickle names something that weights do not need."""


def sources_of(path: Path) -> tuple[str, ...]:
    """The stems that a `.th` or `.safetensors` file of an HTDemucs makes. Raises ModelRejectedError."""
    try:
        package = _safetensors_package(path) if _is_safetensors(path) else _pickled_package(path)
        return _sources(path, package)
    except _AsksForCodeError as error:
        raise ModelRejectedError(
            f"{shown(path.name)} asks for {shown(str(error))}, which weights do not need: it may try to run code, so it "
            "was not opened. Use a file from a source that you trust."
        ) from error
    except _DAMAGED as error:
        raise ModelRejectedError(f"{shown(path.name)} is damaged, or not a Demucs model. Get it again.") from error


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _safetensors_package(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > _LARGEST_HEADER:
            raise ValueError("header too large")
        said = json.loads(file.read(size)).get("__metadata__", {})
    return {"klass": said.get("klass"), "args": json.loads(said.get("args", "[]")), "kwargs": json.loads(said["kwargs"])}


def _pickled_package(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        entry = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if entry.file_size > _LARGEST_HEADER or entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError("packed, or too large")
        return _InertUnpickler(io.BytesIO(archive.read(entry))).load()


class _InertUnpickler(pickle.Unpickler):
    """Knows only what weights files of Demucs name, and makes marks of it."""

    def find_class(self, module: str, name: str, /) -> Any:
        """Something inert for a known name. Raises _AsksForCodeError for any other."""
        full = f"{module}.{name}"
        if full == "collections.OrderedDict":
            return dict
        if full == "fractions.Fraction":
            return _fraction
        if full.startswith("demucs."):
            return _Mark(full)
        if full in _TORCH:
            return _Mark(full)
        raise _AsksForCodeError(full)

    def persistent_load(self, pid: Any, /) -> None:
        """Storages are not looked at."""


class _Mark:
    """Stands for a class or function; calling it gives nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: object) -> None:
        """Nothing."""


def _fraction(*parts: object) -> Fraction:
    """Whole numbers of a sane size only: `Fraction("1e999999999")` would fill the memory."""
    text = "/".join(str(part) for part in parts)
    if not re.fullmatch(r"\d{1,9}(/[1-9]\d{0,8})?", text):
        raise pickle.UnpicklingError("not a fraction")
    return Fraction(text)


def _sources(path: Path, package: Any) -> tuple[str, ...]:
    klass = getattr(package["klass"], "name", package["klass"])
    if klass != _HTDEMUCS:
        raise ModelRejectedError(f"{shown(path.name)} is not an HTDemucs model, the only kind that can be run here.")
    args = package["args"]
    sources = package["kwargs"].get("sources") or (args[0] if args else None)
    if not isinstance(sources, list | tuple) or not sources or not all(isinstance(name, str) for name in sources):
        raise ModelRejectedError(f"{shown(path.name)} does not say which stems it makes.")
    return tuple(sources)

