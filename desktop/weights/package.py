"""The package of an HTDemucs model: its constructor arguments and the position of its weights, all validated."""

import hashlib
import json
import math
import pickle
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.audio.names import printable, safe_file_name
from desktop.errors import ModelRejectedError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message
from desktop.weights.formats import WeightsContent, read_weights_file
from desktop.weights.unpickler import ELEMENT_BYTES, ClassReference, ForbiddenGlobalError, TensorView

_HTDEMUCS = ClassReference("demucs.htdemucs.HTDemucs")
_FLOAT_DTYPES = ("float32", "float16", "bfloat16", "float64")
_MAX_STEMS = 16
# Errors that a damaged file raises in the libraries that read it.
_DAMAGED_FILE_ERRORS = (
    pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, struct.error, json.JSONDecodeError, ValueError, LookupError,
    TypeError, AttributeError, EOFError, MemoryError, RuntimeError, ArithmeticError, AssertionError,
)  # fmt: skip


@dataclass(frozen=True)
class StoredTensor:
    """Position of a tensor in its file.

    Index `i` (each component below `shape`) is the element `sum(i * strides)` counted from `offset_bytes`.
    """

    dtype: str
    """ "float32", "float16", "bfloat16" or "float64"."""
    offset_bytes: int
    """Offset of the first element in the file, in bytes."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """Stride of each axis, in elements."""

    @property
    def span_elements(self) -> int:
        """Number of elements in the file from the tensor's first to its last, inclusive."""
        return _span_elements(self.shape, self.strides)

    @property
    def span_bytes(self) -> int:
        """Size of this span in bytes."""
        return self.span_elements * ELEMENT_BYTES[self.dtype]


@dataclass(frozen=True)
class Package:
    """Constructor arguments of an HTDemucs model, and its weights."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    state: dict[str, StoredTensor]
    sources: tuple[str, ...]
    """Names of the stems that the model outputs."""


def read_package(path: Path) -> Package:
    """Return the package in a `.th` or `.safetensors` file; its content determines the format.

    Raises ModelRejectedError if the file cannot be read, is damaged, unsafe, or not a supported model.
    """
    name = printable(path.name)
    try:
        _check_regular_file(path)
        return _parse_package(name, read_weights_file(path))
    except ForbiddenGlobalError as error:
        raise ModelRejectedError(
            Message(
                "{name} refers to {error}, which weights do not need. It may try to run code, so it was "
                "not opened. Use a file from a source that you trust.",
                name=name,
                error=printable(str(error)),
            )
        ) from error
    except FileNotFoundError as error:
        raise ModelRejectedError(
            Message("{name} was not found. It may have been moved or deleted.", name=name)
        ) from error
    except OSError as error:
        raise ModelRejectedError(
            Message("{name} could not be read: {reason}.", name=name, reason=disk_error_reason(error))
        ) from error
    except _DAMAGED_FILE_ERRORS as error:
        raise ModelRejectedError(
            Message("{name} is damaged, or not a Demucs model. Download it again.", name=name)
        ) from error


def _check_regular_file(path: Path) -> None:
    """Raise ModelRejectedError unless `path` is a regular file, OSError if it does not exist."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ModelRejectedError(Message("{name} is a folder. Choose the model's file.", name=printable(path.name)))
    if not stat.S_ISREG(mode):
        raise ModelRejectedError(
            Message("{name} is a device or a pipe. Choose the model's file.", name=printable(path.name))
        )


def _parse_package(name: str, content: WeightsContent) -> Package:
    value = content.value
    if not isinstance(value, dict) or not {"klass", "args", "kwargs", "state"} <= value.keys():
        raise ModelRejectedError(_not_a_package_message(name, value))
    args, kwargs, state = value["args"], value["kwargs"], value["state"]
    if value["klass"] != _HTDEMUCS:
        raise ModelRejectedError(Message("{name} is not an HTDemucs model. Unbraid cannot run other kinds.", name=name))
    if not (isinstance(args, tuple | list) and isinstance(kwargs, dict) and isinstance(state, dict)):
        raise ModelRejectedError(Message("{name} does not contain a Demucs model.", name=name))
    if state.get("__quantized"):
        raise ModelRejectedError(Message("{name} is a quantised model, which Unbraid cannot run.", name=name))
    if not all(isinstance(key, str) and _is_valid_weight(item) for key, item in state.items()):
        raise ModelRejectedError(Message("{name} contains weights in an unknown format.", name=name))
    sources: Any = kwargs.get("sources") or (args[0] if args else None)
    if not _are_valid_stem_names(sources):
        raise ModelRejectedError(Message("{name} does not say which stems it makes.", name=name))
    stored = {key: _locate_tensor(item, content.storage_offsets) for key, item in state.items()}
    # Tensors may share elements. In HTDemucs none do, and a thousand copies of the same bytes would fill the memory.
    if sum(weight.span_bytes for weight in stored.values()) > content.file_bytes:
        raise ModelRejectedError(Message("{name} contains weights in an unknown format.", name=name))
    return Package(tuple(args), kwargs, stored, tuple(sources))


def _not_a_package_message(name: str, value: object) -> Message:
    state = value.get("state_dict", value.get("state", value)) if isinstance(value, dict) else None
    if isinstance(state, dict) and any(isinstance(item, TensorView) for item in state.values()):
        return Message(
            "{name} contains only weights: it does not say which model they belong to or which stems it makes. Get the "
            "model as a package that Demucs itself can load.",
            name=name,
        )
    return Message("{name} does not contain a Demucs model.", name=name)


def _is_valid_weight(item: object) -> bool:
    """Return True if `item` is a float tensor whose elements are all inside its storage.

    A tensor with zero strides could repeat one element a million times, so it may not have more elements than its
    storage.
    """
    return (
        isinstance(item, TensorView)
        and item.storage.dtype in _FLOAT_DTYPES
        and len(item.shape) == len(item.strides)
        and min((0, item.offset, *item.shape, *item.strides)) == 0
        and item.offset + _span_elements(item.shape, item.strides) <= item.storage.elements
        and math.prod(item.shape) <= item.storage.elements
    )


def _locate_tensor(item: TensorView, storage_offsets: Mapping[str, int]) -> StoredTensor:
    storage = item.storage
    start = storage_offsets[storage.key] + item.offset * ELEMENT_BYTES[storage.dtype]
    return StoredTensor(storage.dtype, start, item.shape, item.strides)


def _span_elements(shape: Sequence[int], strides: Sequence[int]) -> int:
    if 0 in shape:
        return 0
    return 1 + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))


def _are_valid_stem_names(sources: Any) -> bool:
    """Return True if `sources` has 1 to 16 names that give distinct file names, none of them "mixture"."""
    if not isinstance(sources, list | tuple) or not 1 <= len(sources) <= _MAX_STEMS:
        return False
    names = [name for name in sources if isinstance(name, str) and name.isprintable() and name.strip()]
    return len({safe_file_name(name).casefold() for name in names} - {"mixture"}) == len(sources)


def openvino_cache_name(weights: Path, variant: str) -> str:
    """Return the folder name for a converted model: digest of the file `weights`, and `variant`. Raises OSError."""
    with weights.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}-{variant}"
