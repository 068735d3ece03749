"""Weights files in the formats of torch and Demucs, and pickles that would run code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


class HostilePickle:
    """An object that calls a function when it is unpickled."""

    def __init__(self, call: Callable[..., Any], *args: Any) -> None:
        self._reduce_value = (call, args)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reduce_value


def save_torch_file(path: Path, content: object, is_zip: bool = True) -> Path:
    """Save in the zip format of torch, or in the format before version 1.6."""
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


def save_safetensors(path: Path, package: dict[str, Any], **changes: str) -> Path:
    """Save a package as a safetensors file, as Demucs' own exporter does."""
    kwargs = package["kwargs"] | {"segment": {"_type": "fraction", "numerator": 2, "denominator": 1}}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(kwargs)} | changes
    save_file({key: value.contiguous() for key, value in package["state"].items()}, path, metadata=metadata)
    return path
