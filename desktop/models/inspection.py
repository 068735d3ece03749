"""What a weights file says of itself, found out without running anything in it and without torch.

A pickle is read by an unpickler that knows a handful of names and makes nothing of them but inert marks.
"""

import io
import json
import pickle
import pickletools
import re
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from desktop.audio.names import safe_name, shown
from desktop.errors import ModelRejectedError

_HTDEMUCS = "demucs.htdemucs.HTDemucs"
_TORCH = {
    *("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.device"),
    *(f"torch.{kind}Storage" for kind in ("Float", "Half", "BFloat16", "Double", "Long")),
}
_LARGEST_HEADER = 64 << 20
_DAMAGED = (
    pickle.UnpicklingError, zipfile.BadZipFile, ValueError, LookupError, TypeError, AttributeError, EOFError,
    MemoryError, RecursionError, OverflowError, ArithmeticError, NotImplementedError,
)  # fmt: skip


class _AsksForCodeError(Exception):
    """A pickle names something that weights do not need."""


def sources_of(path: Path) -> tuple[str, ...]:
    """The stems that a `.th` or `.safetensors` file of an HTDemucs makes. Raises ModelRejectedError."""
    try:
        package = _safetensors_package(path) if is_safetensors(path) else _pickled_package(path)
        return _sources(path, package)
    except _AsksForCodeError as error:
        raise ModelRejectedError(
            f"{shown(path.name)} asks for {shown(str(error))}, which weights do not need: it may try to run code, so it "
            "was not opened. Use a file from a source that you trust."
        ) from error
    except OSError as error:
        raise ModelRejectedError(f"{shown(path.name)} could not be read: {error.strerror or error}.") from error
    except _DAMAGED as error:
        raise ModelRejectedError(f"{shown(path.name)} is damaged, or not a Demucs model. Get it again.") from error


def is_safetensors(path: Path) -> bool:
    """Told by content. Raises OSError."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _safetensors_package(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > _LARGEST_HEADER:
            raise ValueError("header too large")
        header = json.loads(file.read(size))
    if 8 + size + _bytes_of_tensors(header) != path.stat().st_size:
        raise ValueError("cut short, or something hangs on")
    said = header.get("__metadata__", {})
    return {
        "klass": said.get("klass"),
        "args": json.loads(said.get("args", "[]")),
        "kwargs": json.loads(said["kwargs"]),
    }


def _bytes_of_tensors(header: dict[str, Any]) -> int:
    return max((tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"), default=0)


def _pickled_package(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        entry = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if entry.file_size > _LARGEST_HEADER or entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError("packed, or too large")
        data = archive.read(entry)
    _check_places(data)
    return _InertUnpickler(io.BytesIO(data)).load()


def _check_places(data: bytes) -> None:
    """A pickle may ask to keep a value in place number four thousand million: Python would make that many places."""
    for opcode, argument, _ in pickletools.genops(data):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > len(data):
            raise pickle.UnpicklingError("place out of bounds")


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
    sources: Any = package["kwargs"].get("sources") or (args[0] if args else None)
    if not _can_be_stems(sources):
        raise ModelRejectedError(f"{shown(path.name)} does not say which stems it makes.")
    return tuple(sources)


def _can_be_stems(sources: Any) -> bool:
    """One to sixteen names, each of which can be a file's beside the others and beside the mixture."""
    if not isinstance(sources, list | tuple) or not 1 <= len(sources) <= 16:
        return False
    names = [name for name in sources if isinstance(name, str) and name.isprintable() and name.strip()]
    return len({safe_name(name).casefold() for name in names} - {"mixture"}) == len(sources)
