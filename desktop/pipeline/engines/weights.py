"""Weights files, read without ever running what is in them.

A `.th` file is a pickle that names the model's class; a `.safetensors` file names it in its metadata. Demucs imports
and calls whatever is named there. Here the names are only compared with the one class that is known, and the
arguments are checked before anything is built of them.
"""

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from desktop.audio.names import shown
from desktop.errors import ModelRejectedError

HTDEMUCS = "demucs.htdemucs.HTDemucs"
# What reading a file raises when its bytes are not what they should be: torch has no error class of its own.
_DAMAGED = (
    pickle.UnpicklingError, RuntimeError, ValueError, LookupError, EOFError, TypeError, AttributeError, AssertionError,
    OverflowError, MemoryError, zipfile.BadZipFile, SafetensorError,
)  # fmt: skip


@dataclass(frozen=True)
class Package:
    """What a weights file holds: plain values and tensors, not yet a model."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    state: dict[str, torch.Tensor]


class _HTDemucsName:
    """Stands for the class where a pickle names it, so that a pickle cannot call the real one."""


def read_package(path: Path) -> Package:
    """The package in a `.th` or `.safetensors` file, told apart by content. Raises ModelRejectedError."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
        content = _read_safetensors(path) if start[8:] == b"{" else _read_pickle(path)
    except OSError as error:
        raise ModelRejectedError(f"{shown(path.name)} could not be read: {error.strerror or error}.") from error
    except _DAMAGED as error:
        raise ModelRejectedError(_sentence(path, str(error))) from error
    return _package(path, content)


def _read_pickle(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        # torch stores without packing; what is packed may unfold to any size.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise pickle.UnpicklingError("packed")
    with _allow_list(), warnings.catch_warnings():
        # torch remarks on other pickle protocols than its own; whether the file can be read shows by reading it.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _allow_list() -> AbstractContextManager[None]:
    return torch.serialization.safe_globals([(_HTDemucsName, HTDEMUCS), (_fraction, "fractions.Fraction")])


def _fraction(*parts: object) -> Fraction:
    """Whole numbers of a sane size only: `Fraction("1e999999999")` would fill the memory."""
    text = "/".join(str(part) for part in parts)
    if not re.fullmatch(r"\d{1,9}(/[1-9]\d{0,8})?", text):
        raise pickle.UnpicklingError("not a fraction")
    return Fraction(text)


def _read_safetensors(path: Path) -> dict[str, Any]:
    with safe_open(str(path), framework="pt") as file:
        metadata: dict[str, str] = file.metadata() or {}
        tensors: dict[str, torch.Tensor] = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if "structure" in metadata:
        tensors = _renamed(tensors, json.loads(metadata["structure"]))
    return {
        "klass": _HTDemucsName if metadata.get("klass") == HTDEMUCS else metadata.get("klass"),
        "args": tuple(_plain(json.loads(metadata.get("args", "[]")))),
        "kwargs": _plain(json.loads(metadata.get("kwargs", "{}"))),
        "state": tensors,
    }


def _renamed(tensors: Mapping[str, torch.Tensor], structure: dict[str, Any]) -> dict[str, torch.Tensor]:
    """A flat state out of the structure that demucs's exporter writes; deeper ones are quantised models."""
    return {key: tensors[item["_tensor"]] for key, item in structure["_dict"]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return _fraction(value["numerator"], value["denominator"])
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _package(path: Path, content: Any) -> Package:
    if not isinstance(content, dict) or not {"klass", "args", "kwargs", "state"} <= content.keys():
        raise ModelRejectedError(f"{shown(path.name)} holds no Demucs model.")
    args, kwargs, state = content["args"], content["kwargs"], content["state"]
    if content["klass"] is not _HTDemucsName:
        raise ModelRejectedError(_other_kind(path))
    if not (isinstance(args, tuple | list) and isinstance(kwargs, dict) and isinstance(state, dict)):
        raise ModelRejectedError(f"{shown(path.name)} holds no Demucs model.")
    if state.get("__quantized"):
        raise ModelRejectedError(f"{shown(path.name)} is a quantised model, which cannot be run here.")
    if not all(isinstance(key, str) and _is_weight(value) for key, value in state.items()):
        raise ModelRejectedError(f"{shown(path.name)} holds weights of an unknown form.")
    return Package(tuple(args), kwargs, state)


def _is_weight(value: object) -> bool:
    """Numbers that lie in the file as many as they are: a tensor may claim to repeat one of them a million times."""
    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.is_floating_point()
        and value.numel() * value.element_size() <= value.untyped_storage().nbytes()
    )


def _sentence(path: Path, reason: str) -> str:
    unknown = re.search(r"Unsupported global: GLOBAL ([\w.]+)", reason)
    if unknown is None:
        return f"{shown(path.name)} is damaged, or not a Demucs model. Get it again."
    if unknown.group(1).startswith("demucs."):
        return _other_kind(path)
    return (
        f"{shown(path.name)} asks for {shown(unknown.group(1))}, which weights do not need: it may try to run code, "
        "so it was not opened. Use a file from a source that you trust."
    )


def _other_kind(path: Path) -> str:
    return f"{shown(path.name)} is not an HTDemucs model, the only kind that can be run here."
