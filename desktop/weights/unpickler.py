"""Restricted unpickler for torch's pickles, which never runs code that a pickle names.

Tensors become `TensorView`s: references to elements of a storage. The elements themselves are outside the pickle.
"""

import io
import pickle
import pickletools
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

# torch's storage classes and their element types.
_STORAGE_DTYPES = {
    "torch.FloatStorage": "float32", "torch.HalfStorage": "float16", "torch.BFloat16Storage": "bfloat16",
    "torch.DoubleStorage": "float64", "torch.LongStorage": "int64", "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16", "torch.CharStorage": "int8", "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
}  # fmt: skip
ELEMENT_BYTES = {
    "float32": 4, "float16": 2, "bfloat16": 2, "float64": 8, "int64": 8, "int32": 4, "int16": 2, "int8": 1,
    "uint8": 1, "bool": 1,
}  # fmt: skip
"""Size of one element in bytes, by dtype."""


class ForbiddenGlobalError(Exception):
    """A pickle refers to a name that weights do not need and may try to run code. The message is that name."""


@dataclass(frozen=True)
class ClassReference:
    """Inert placeholder for a Demucs class. It is not callable, so that a pickle cannot create instances."""

    name: str
    """Dotted name including the module."""


@dataclass(frozen=True)
class Storage:
    """Array of elements outside the pickle."""

    key: str
    dtype: str
    """A key of `ELEMENT_BYTES`."""
    elements: int

    @property
    def size_bytes(self) -> int:
        """Size in the file, in bytes."""
        return self.elements * ELEMENT_BYTES[self.dtype]


@dataclass(frozen=True)
class TensorView:
    """Tensor as a view of a storage; offset and strides in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class PickleContent:
    """Content of a pickle."""

    value: Any
    storages: dict[str, Storage] = field(default_factory=dict)
    """All storages that the pickle refers to, by key."""


def read_pickle(stream: io.BytesIO) -> PickleContent:
    """Return the content of the next pickle in `stream`, and leave the stream positioned behind it.

    Raises ForbiddenGlobalError if the pickle refers to a name that weights do not need, and any error of `pickle` if
    it is damaged.
    """
    start, max_memo_index = stream.tell(), 0
    for opcode, argument, _ in pickletools.genops(stream):
        if "PUT" in opcode.name and isinstance(argument, int):
            max_memo_index = max(max_memo_index, argument)
    data = stream.getvalue()[start : stream.tell()]
    # A pickle may use memo index 4,000,000,000, for which Python would allocate as many entries.
    if max_memo_index > len(data):
        raise pickle.UnpicklingError("a memo index is too large")
    unpickler = _RestrictedUnpickler(io.BytesIO(data))
    return PickleContent(unpickler.load(), unpickler.storages)


def parse_fraction(*parts: object) -> Fraction:
    """Return the fraction for a numerator and denominator of at most nine digits each.

    The limit exists because `Fraction("1e999999999")` would fill the memory. Raises UnpicklingError for other values.
    """
    # Only int and str: the text of lists that contain each other twice, thirty levels deep, would fill the memory too.
    text = "/".join(str(part) for part in parts if isinstance(part, int | str))
    if not re.fullmatch(r"\d{1,9}(/[1-9]\d{0,8})?", text):
        raise pickle.UnpicklingError("a fraction has an invalid numerator or denominator")
    return Fraction(text)


@dataclass(frozen=True)
class _StorageType:
    dtype: str


def _build_tensor_view(
    storage: object, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> object:
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor has no storage")
    return TensorView(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _unwrap_parameter(tensor: object, *_: object) -> object:
    return tensor


def _discard(*_: object) -> None:
    """Replace values that weights do not need, such as the device that they were saved on, by None."""


_ALLOWED_GLOBALS: dict[str, Callable[..., object]] = {
    # torch stores module versions as an attribute of the state dict, which only an OrderedDict instance can have.
    "collections.OrderedDict": OrderedDict,
    "fractions.Fraction": parse_fraction,
    "torch._utils._rebuild_tensor": _build_tensor_view,
    "torch._utils._rebuild_tensor_v2": _build_tensor_view,
    "torch._utils._rebuild_parameter": _unwrap_parameter,
    "torch.Size": tuple,
    "torch.device": _discard,
}


def _wrap_callable(call: Callable[..., object]) -> Callable[..., object]:
    """Return a new function that calls `call`, since a pickle may set attributes of the objects it refers to."""

    def wrapper(*arguments: object) -> object:
        return call(*arguments)

    return wrapper


class _RestrictedUnpickler(pickle.Unpickler):
    """Unpickler that allows only the names that Demucs weights need, and maps them to inert values."""

    def __init__(self, data: io.BytesIO) -> None:
        super().__init__(data)
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        """Return the inert replacement for an allowed name. Raises ForbiddenGlobalError for any other name."""
        qualified_name = f"{module}.{name}"
        if qualified_name.startswith("demucs."):
            return ClassReference(qualified_name)
        if qualified_name in _STORAGE_DTYPES:
            return _StorageType(_STORAGE_DTYPES[qualified_name])
        if qualified_name not in _ALLOWED_GLOBALS:
            raise ForbiddenGlobalError(qualified_name)
        return _wrap_callable(_ALLOWED_GLOBALS[qualified_name])

    def persistent_load(self, pid: Any, /) -> Storage | ClassReference:
        """Return the storage that the pickle refers to, or the class in a legacy pickle that also stores its source.

        Raises UnpicklingError for anything else.
        """
        if pid[0] == "module" and isinstance(pid[1], ClassReference):
            return pid[1]
        kind, storage_type, key, _, elements = pid[:5]
        is_storage = kind == "storage" and isinstance(storage_type, _StorageType) and isinstance(key, str)
        if not is_storage or any(pid[5:]) or elements < 0:
            raise pickle.UnpicklingError("refers to something that is no storage")
        return self.storages.setdefault(key, Storage(key, storage_type.dtype, int(elements)))
