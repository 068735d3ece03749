"""Formats of weights files: ZIP archives and legacy pickles by torch.save, and safetensors.

For each format, read the values and the position of each storage in the file.
"""

import io
import json
import math
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from desktop.weights.unpickler import ClassReference, Storage, TensorView, parse_fraction, read_pickle

# Every file of torch.save before 1.6 begins with a pickle of the number 0x1950a86a20f9469cfc6c.
_LEGACY_SIGNATURE = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# Maximum size in bytes of the description that precedes the numbers. That of a full-size HTDemucs has 0.1 MB.
_MAX_DESCRIPTION_BYTES = 16 << 20
_SAFETENSORS_DTYPES = {
    "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


@dataclass(frozen=True)
class WeightsContent:
    """Content of a weights file."""

    value: Any
    """Plain values with a `TensorView` for each tensor and a `ClassReference` for each class."""
    storage_offsets: Mapping[str, int]
    """Offset in bytes of each storage in the file, by its key."""
    file_bytes: int
    """Size of the file in bytes."""


def is_safetensors(path: Path) -> bool:
    """Return whether a file's content is in safetensors format. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def read_weights_file(path: Path) -> WeightsContent:
    """Return the content of a weights file.

    Raises OSError if the file cannot be read, ForbiddenGlobalError if it refers to a name that weights do not need, and
    any error of `pickle`, `zipfile`, `struct` or `json` if it is damaged.
    """
    with path.open("rb") as file:
        start = file.read(len(_LEGACY_SIGNATURE))
        file.seek(0)
        if start[8:9] == b"{":
            return _read_safetensors(file)
        return _read_legacy(file) if start == _LEGACY_SIGNATURE else _read_zip(file)


def _read_zip(file: BinaryIO) -> WeightsContent:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        # torch stores entries uncompressed; a compressed entry could expand to any size.
        if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries.values()):
            raise ValueError("the archive has compressed or encrypted entries")
        description = next((name for name in entries if name.endswith("/data.pkl")), "")
        root = description.removesuffix("data.pkl")
        if not root or entries[description].file_size > _MAX_DESCRIPTION_BYTES:
            raise ValueError("the description of the model is missing or too large")
        _check_byte_order(f"{root}byteorder" not in entries or archive.read(f"{root}byteorder") == b"little")
        pickled = read_pickle(io.BytesIO(archive.read(description)))
        offsets = {key: _content_offset(file, entries[f"{root}data/{key}"]) for key in pickled.storages}
    size = file.seek(0, io.SEEK_END)
    if _end_offset(pickled.storages, offsets) > size:
        raise ValueError("the file ends before its data")
    return WeightsContent(pickled.value, offsets, size)


def _content_offset(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Return the offset in bytes of an entry's content, behind the entry's header of variable length."""
    file.seek(entry.header_offset)
    name, extra = struct.unpack("<26xHH", file.read(30))
    return entry.header_offset + 30 + name + extra


def _read_legacy(file: BinaryIO) -> WeightsContent:
    stream = io.BytesIO(file.read(_MAX_DESCRIPTION_BYTES))
    _magic, _version, system, pickled, keys = (read_pickle(stream) for _ in range(5))
    _check_byte_order(system.value["little_endian"])
    offsets: dict[str, int] = {}
    file.seek(stream.tell())
    for key in keys.value:
        storage = pickled.storages[key]
        if struct.unpack("<q", file.read(8)) != (storage.elements,):
            raise ValueError("a storage does not have the size that the description gives")
        offsets[key] = file.tell()
        file.seek(storage.size_bytes, io.SEEK_CUR)
    size = file.seek(0, io.SEEK_END)
    if _end_offset(pickled.storages, offsets) > size:
        raise ValueError("the file ends before its data")
    return WeightsContent(pickled.value, offsets, size)


def _read_safetensors(file: BinaryIO) -> WeightsContent:
    data_offset = 8 + int.from_bytes(file.read(8), "little")
    if data_offset > _MAX_DESCRIPTION_BYTES:
        raise ValueError("the header is too large")
    header: dict[str, Any] = json.loads(file.read(data_offset - 8))
    metadata = header.pop("__metadata__", {})
    storages: dict[str, Storage] = {}
    offsets: dict[str, int] = {}
    state: dict[str, TensorView] = {}
    for name, tensor in header.items():
        shape = tuple(map(int, tensor["shape"]))
        storages[name] = Storage(name, _SAFETENSORS_DTYPES[tensor["dtype"]], math.prod(shape))
        offsets[name] = data_offset + int(tensor["data_offsets"][0])
        state[name] = TensorView(storages[name], 0, shape, _contiguous_strides(shape))
    size = file.seek(0, io.SEEK_END)
    if _end_offset(storages, offsets, data_offset) != size:
        raise ValueError("the file is shorter or longer than its header says")
    if "klass" not in metadata:
        return WeightsContent(state, offsets, size)
    package = {
        "klass": ClassReference(str(metadata["klass"])),
        "args": _decode_value(json.loads(metadata.get("args", "[]"))),
        "kwargs": _decode_value(json.loads(metadata.get("kwargs", "{}"))),
        "state": _flatten_state(state, json.loads(metadata["structure"])) if "structure" in metadata else state,
    }
    return WeightsContent(package, offsets, size)


def _flatten_state(tensors: Mapping[str, TensorView], structure: dict[str, Any]) -> dict[str, TensorView]:
    """Return the state dict for the structure that the Demucs exporter writes.

    Raises KeyError or TypeError for nested structures, which only quantized models have.
    """
    return {key: tensors[item["_tensor"]] for key, item in structure["_dict"]}


def _decode_value(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return parse_fraction(value["numerator"], value["denominator"])
        return {str(key): _decode_value(item) for key, item in value.items()}
    return [_decode_value(item) for item in value] if isinstance(value, list) else value


def _contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in elements, of a contiguous tensor of this shape."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _end_offset(storages: Mapping[str, Storage], offsets: Mapping[str, int], default_offset: int = 0) -> int:
    return max((offsets[key] + storage.size_bytes for key, storage in storages.items()), default=default_offset)


def _check_byte_order(is_little_endian: bool) -> None:
    if not is_little_endian:
        raise ValueError("the byte order is big-endian")
