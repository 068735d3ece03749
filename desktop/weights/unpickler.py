"""Pickles as torch writes them, read without running anything that they name.

Tensors become `TensorView`: which numbers of which storage they are. The numbers themselves lie outside the pickle.
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

# torch's classes of storages, and the type of their numbers as torch and safetensors tell it apart.
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


class ForbiddenGlobalError(Exception):
    """A pickle names something that weights do not need: it may try to run code. The message is that name."""


@dataclass(frozen=True)
class ClassReference:
    """Stands for a class of Demucs. It cannot be called, so no pickle can build anything of it."""

    name: str
    """Dotted, with its module."""


@dataclass(frozen=True)
class Storage:
    """An array of numbers that lies outside the pickle."""

    key: str
    dtype: str
    """A key of `ELEMENT_BYTES`."""
    elements: int

    @property
    def size_bytes(self) -> int:
        """Its size in the file."""
        return self.elements * ELEMENT_BYTES[self.dtype]


@dataclass(frozen=True)
class TensorView:
    """A tensor as a part of a storage. Offset and strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class PickleContent:
    """What a pickle holds."""

    value: Any
    storages: dict[str, Storage] = field(default_factory=dict)
    """All that it refers to, by key."""


def read_pickle(stream: io.BytesIO) -> PickleContent:
    """Read the next pickle of `stream`, and leave the stream at its end.

    Raises ForbiddenNameError, and for a damaged pickle whatever its nonsense makes of `pickle`.
    """
    start, max_memo_index = stream.tell(), 0
    for opcode, argument, _ in pickletools.genops(stream):
        if "PUT" in opcode.name and isinstance(argument, int):
            max_memo_index = max(max_memo_index, argument)
    data = stream.getvalue()[start : stream.tell()]
    # A pickle may ask to keep a value in place number four thousand million: Python would make that many places.
    if max_memo_index > len(data):
        raise pickle.UnpicklingError("place out of bounds")
    unpickler = _RestrictedUnpickler(io.BytesIO(data))
    return PickleContent(unpickler.load(), unpickler.storages)


def parse_fraction(*parts: object) -> Fraction:
    """Return a fraction of whole numbers of at most nine digits: `Fraction("1e999999999")` would fill the memory.

    Raises UnpicklingError for any other.
    """
    # Not of other things: the text of lists that hold each other twice, thirty deep, would fill the memory as well.
    text = "/".join(str(part) for part in parts if isinstance(part, int | str))
    if not re.fullmatch(r"\d{1,9}(/[1-9]\d{0,8})?", text):
        raise pickle.UnpicklingError("not a fraction")
    return Fraction(text)


@dataclass(frozen=True)
class _StorageType:
    dtype: str


def _build_tensor_view(
    storage: object, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> object:
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return TensorView(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _unwrap_parameter(tensor: object, *_: object) -> object:
    return tensor


def _discard(*_: object) -> None:
    """Stands for what weights have no use for, such as the device that they were saved from."""


_ALLOWED_GLOBALS: dict[str, Callable[..., object]] = {
    # torch keeps versions of modules beside the items of a state. Only the class itself can hold both.
    "collections.OrderedDict": OrderedDict,
    "fractions.Fraction": parse_fraction,
    "torch._utils._rebuild_tensor": _build_tensor_view,
    "torch._utils._rebuild_tensor_v2": _build_tensor_view,
    "torch._utils._rebuild_parameter": _unwrap_parameter,
    "torch.Size": tuple,
    "torch.device": _discard,
}


def _wrap_callable(call: Callable[..., object]) -> Callable[..., object]:
    """Return a function that does what `call` does: a pickle may set attributes of what it has named."""

    def called(*arguments: object) -> object:
        return call(*arguments)

    return called


class _RestrictedUnpickler(pickle.Unpickler):
    """Knows the names that weights files of Demucs need, and makes inert values of them."""

    def __init__(self, data: io.BytesIO) -> None:
        super().__init__(data)
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        """Return something inert for a known name. Raises ForbiddenNameError for any other."""
        full = f"{module}.{name}"
        if full.startswith("demucs."):
            return ClassReference(full)
        if full in _STORAGE_DTYPES:
            return _StorageType(_STORAGE_DTYPES[full])
        if full not in _ALLOWED_GLOBALS:
            raise ForbiddenGlobalError(full)
        return _wrap_callable(_ALLOWED_GLOBALS[full])

    def persistent_load(self, pid: Any, /) -> Storage | ClassReference:
        """Return the storage that the pickle refers to, or in an old pickle the class, whose source is beside it."""
        if pid[0] == "module" and isinstance(pid[1], ClassReference):
            return pid[1]
        kind, storage_type, key, _, elements = pid[:5]
        known = kind == "storage" and isinstance(storage_type, _StorageType) and isinstance(key, str)
        if not known or any(pid[5:]) or elements < 0:
            raise pickle.UnpicklingError("refers to something that is no storage")
        return self.storages.setdefault(key, Storage(key, storage_type.dtype, int(elements)))
