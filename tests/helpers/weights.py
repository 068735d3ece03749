"""Weights files as torch and Demucs save them, and pickles that would run code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


class HostilePickle:
    """A pickle that calls something when it is opened with `pickle`."""

    def __init__(self, call: Callable[..., Any], *args: Any) -> None:
        self._reduce_value = (call, args)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reduce_value


def save_torch_file(path: Path, content: object, is_zip: bool = True) -> Path:
    """Save as torch does, or as it did before version 1.6."""
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


def save_safetensors(path: Path, package: dict[str, Any], **changes: str) -> Path:
    """Save a package as the safetensors file that Demucs's own exporter writes."""
    kwargs = package["kwargs"] | {"segment": {"_type": "fraction", "numerator": 2, "denominator": 1}}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(kwargs)} | changes
    save_file({key: value.contiguous() for key, value in package["state"].items()}, path, metadata=metadata)
    return path
