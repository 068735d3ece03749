import os
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from hypothesis import given, settings
from safetensors.torch import save_file

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.htdemucs_loader import build_model
from desktop.weights.formats import is_safetensors
from desktop.weights.package import read_package
from tests.fuzz.mutations import Mutation, mutated, mutations
from tests.helpers.engines import SOURCES, TINY_KWARGS, write_tiny_htdemucs
from tests.helpers.weights import HostilePickle, save_safetensors, save_torch_file


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_htdemucs(tmp_path_factory.mktemp("weights") / "tiny.th")


@pytest.fixture
def package(tiny: Path) -> dict[str, Any]:
    return torch.load(tiny, weights_only=False)


def read_sources(path: Path) -> tuple[str, ...]:
    return read_package(path).sources


@pytest.fixture(scope="module")
def tiny_in_each_format(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> list[bytes]:
    """Return a model in each file format, to be damaged."""
    folder, package = tmp_path_factory.mktemp("forms"), torch.load(tiny, weights_only=False)
    legacy = save_torch_file(folder / "legacy.th", package, is_zip=False)
    return [file.read_bytes() for file in (tiny, legacy, save_safetensors(folder / "tiny.safetensors", package))]


def write_zip_with_pickle(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return path


def test_both_file_formats_list_their_stems(tmp_path: Path, tiny: Path, package: dict[str, Any]) -> None:
    other = save_safetensors(tmp_path / "tiny.th", package)
    assert read_sources(tiny) == read_sources(other) == SOURCES
    assert (is_safetensors(tiny), is_safetensors(other)) == (False, True)


def test_stems_passed_as_positional_argument_are_found(tmp_path: Path, package: dict[str, Any]) -> None:
    kwargs = {key: value for key, value in package["kwargs"].items() if key != "sources"}
    path = save_torch_file(tmp_path / "positional.th", package | {"args": (SOURCES,), "kwargs": kwargs})
    assert read_sources(path) == SOURCES


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("field", ["klass", "args", "kwargs", "state", "training_args"])
def test_pickle_that_runs_code_is_refused(tmp_path: Path, package: dict[str, Any], field: str, zipped: bool) -> None:
    marker = tmp_path / "ran"
    for call, args in (
        (Path.touch, (marker,)),
        (os.system, (f"touch {marker}",)),
        (eval, (f"open({str(marker)!r}, 'w')",)),
    ):
        path = save_torch_file(tmp_path / "evil.th", package | {field: HostilePickle(call, *args)}, zipped)
        with pytest.raises(ModelRejectedError, match=r"evil\.th refers to .*may try to run code"):
            read_sources(path)
        assert not marker.exists()


def test_bare_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "evil.th"
    path.write_bytes(pickle.dumps(HostilePickle(eval, f"open({str(marker)!r}, 'w')")))
    with pytest.raises(ModelRejectedError):
        read_sources(path)
    assert not marker.exists()


def test_pickle_cannot_build_the_model_itself(tmp_path: Path, package: dict[str, Any]) -> None:
    path = save_torch_file(tmp_path / "builder.th", package | {"training_args": HostilePickle(HTDemucs, list(SOURCES))})
    with pytest.raises(ModelRejectedError):
        read_sources(path)


def test_pickle_cannot_reach_names_outside_the_allowlist(tmp_path: Path) -> None:
    for module, name in (("collections", "OrderedDict.__class__"), ("torch", "load"), ("fractions", "sys.exit")):
        data = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name)) + b"\x93."
        with pytest.raises(ModelRejectedError, match="run code"):
            read_sources(write_zip_with_pickle(tmp_path / "evil.th", data))


def test_reading_a_package_imports_neither_torch_nor_demucs(tmp_path: Path, tiny: Path) -> None:
    script = "import sys; from desktop.weights.package import read_package; from pathlib import Path\n"
    script += f"read_package(Path({str(tiny)!r})); sys.exit('torch' in sys.modules or 'demucs' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_number_that_would_exhaust_memory_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    path = save_torch_file(
        tmp_path / "bomb.th", package | {"kwargs": {"segment": HostilePickle(Fraction, "1e999999999")}}
    )
    with pytest.raises(ModelRejectedError):
        read_sources(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02K\x01r\xff\xff\xff\x3f.",
        b"\x80\x02K\x01p4000000000\n.",
        b"\x80\x04\x96\xff\xff\xff\xff\x00\x00\x00\x00.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02" + b"(" * 100_000 + b".",
        b"\x80\x02]" + b"]a" * 100_000 + b".",
        b"",
        b".",
        b"\x80\x02}u.",
        b"\x80\xff.",
    ],
    ids=[
        "huge binary memo index",
        "huge text memo index",
        "huge bytearray",
        "huge bytes",
        "huge integer",
        "many marks",
        "many appends",
        "empty file",
        "only a stop",
        "items without a mark",
        "unknown protocol",
    ],
)
def test_oversized_or_malformed_pickle_is_refused_at_once(tmp_path: Path, data: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(ModelRejectedError, match=r"damaged|does not contain a Demucs model"):
        read_sources(write_zip_with_pickle(tmp_path / "odd.th", data))
    assert time.monotonic() - started < 5


def test_compressed_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "packed.th"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(b"\0" * (1 << 20)))
    with pytest.raises(ModelRejectedError, match="damaged"):
        read_sources(path)


@pytest.mark.parametrize("klass", ["os.system", "builtins.exec", "demucs.hdemucs.HDemucs", ""])
def test_model_of_another_class_is_refused(tmp_path: Path, package: dict[str, Any], klass: str) -> None:
    for path in (
        save_safetensors(tmp_path / "other.safetensors", package, klass=klass),
        save_torch_file(tmp_path / "other.th", package | {"klass": HDemucs}),
    ):
        with pytest.raises(ModelRejectedError, match="not an HTDemucs"):
            read_sources(path)


@pytest.mark.parametrize("metadata", [{"kwargs": "{"}, {"kwargs": "[" * 100_000}, {"args": "3"}, {"kwargs": "[]"}])
def test_invalid_metadata_is_refused(tmp_path: Path, package: dict[str, Any], metadata: dict[str, str]) -> None:
    if metadata == {"args": "3"}:
        metadata |= {"kwargs": "{}"}
    with pytest.raises(ModelRejectedError):
        read_sources(save_safetensors(tmp_path / "odd.safetensors", package, **metadata))


@pytest.mark.parametrize(
    "sources", [[], "drums", ["a", "A"], [1, 2], ["bad\nname"], ["mixture"], ["x"] * 17, [""], {"a": 1}, None]
)
def test_stems_that_cannot_be_file_names_are_refused(tmp_path: Path, package: dict[str, Any], sources: object) -> None:
    path = save_torch_file(tmp_path / "odd.th", package | {"kwargs": package["kwargs"] | {"sources": sources}})
    with pytest.raises(ModelRejectedError, match="which stems"):
        read_sources(path)


@pytest.mark.parametrize("content", [{}, [], 3, {"klass": 1}, {"state_dict": {}}, {"klass": HTDemucs, "args": ()}])
def test_files_without_a_model_are_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelRejectedError):
        read_sources(save_torch_file(tmp_path / "odd.th", content))


@pytest.mark.parametrize("fraction", [0.0, 1e-5, 0.001, 0.1, 0.5, 0.9, 0.9999])
def test_truncated_file_is_refused(tmp_path: Path, tiny: Path, package: dict[str, Any], fraction: float) -> None:
    whole = save_safetensors(tmp_path / "whole.safetensors", package)
    for source in (tiny, whole):
        path, data = tmp_path / "cut.th", source.read_bytes()
        path.write_bytes(data[: int(fraction * len(data))])
        with pytest.raises(ModelRejectedError, match="damaged"):
            read_sources(path)


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\x00\x00\x00\x00WAVE",
        b"<html>",
        struct.pack("<Q", 2**60) + b"{",
        struct.pack("<Q", 7) + b'{"a":1}',
        struct.pack("<Q", 18) + b'{"__metadata__":3}',
        b"PK\x03\x04",
        b"\x00" * 500,
    ],
    ids=[
        "WAV",
        "HTML",
        "safetensors with a huge header",
        "safetensors with an invalid entry",
        "safetensors with invalid metadata",
        "truncated ZIP",
        "zeros",
    ],
)
def test_file_of_another_type_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.th"
    path.write_bytes(content)
    with pytest.raises(ModelRejectedError, match="damaged"):
        read_sources(path)


@pytest.mark.parametrize("kind", ["th", "legacy", "safetensors"])
def test_every_format_that_torch_saves_gives_the_same_weights(
    tmp_path: Path, package: dict[str, Any], kind: str
) -> None:
    state = HTDemucs(**TINY_KWARGS).state_dict()
    assert hasattr(state, "_metadata")
    path = tmp_path / "model"
    if kind == "safetensors":
        save_safetensors(path, package | {"state": state})
    else:
        save_torch_file(path, package | {"state": state}, is_zip=kind == "th")
    assert read_sources(path) == SOURCES
    assert_same_weights(build_model(path, read_package(path)).state_dict(), state)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_every_float_type_are_read(
    tmp_path: Path, package: dict[str, Any], dtype: torch.dtype, zipped: bool
) -> None:
    state = {key: value.to(dtype) for key, value in package["state"].items()}
    path = save_torch_file(tmp_path / "model", package | {"state": state}, is_zip=zipped)
    assert_same_weights(build_model(path, read_package(path)).state_dict(), state)


def test_parameters_and_views_of_larger_tensors_are_read(tmp_path: Path, package: dict[str, Any]) -> None:
    state = {key: torch.nn.Parameter(value.float()) for key, value in package["state"].items()}
    key = next(key for key, value in state.items() if value.ndim > 2)
    larger = torch.rand(3, *reversed(state[key].shape))
    state[key] = larger[1].permute(*reversed(range(state[key].ndim)))
    path = save_torch_file(tmp_path / "model", package | {"state": state})
    assert_same_weights(build_model(path, read_package(path)).state_dict(), state)


def assert_same_weights(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value.detach().float(), rtol=0, atol=0)


@pytest.mark.parametrize(
    "wrap",
    [lambda state: state, lambda state: {"state": state}, lambda state: {"state_dict": state}],
    ids=["bare", "state", "state_dict"],
)
def test_weights_without_their_model_are_reported_as_such(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    state = HTDemucs(**TINY_KWARGS).state_dict()
    with pytest.raises(ModelRejectedError, match="only weights"):
        read_package(save_torch_file(tmp_path / "bare.th", wrap(state)))
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "bare.safetensors")
    with pytest.raises(ModelRejectedError, match="only weights"):
        read_package(tmp_path / "bare.safetensors")


def test_zip_without_a_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.th"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(ModelRejectedError, match=r"other\.th is damaged, or not a Demucs model"):
        read_package(path)
    encrypted = bytearray(path.read_bytes())
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(encrypted)
    with pytest.raises(ModelRejectedError, match=r"other\.th is damaged, or not a Demucs model"):
        read_package(path)


def test_tensors_that_share_storage_cannot_exceed_the_size_of_the_file(tmp_path: Path, package: dict[str, Any]) -> None:
    shared = torch.zeros(100_000)
    state = {f"weight {n}": shared for n in range(1000)}
    with pytest.raises(ModelRejectedError, match="unknown form"):
        read_package(save_torch_file(tmp_path / "odd.th", package | {"state": state}))


@pytest.mark.parametrize("odd", [torch.zeros(1).expand(10**12), torch.zeros(3, dtype=torch.int8), 3, "weights"])
def test_weights_of_an_unsupported_type_or_shape_are_refused(
    tmp_path: Path, package: dict[str, Any], odd: object
) -> None:
    package["state"][next(iter(package["state"]))] = odd
    with pytest.raises(ModelRejectedError, match="unknown form"):
        read_package(save_torch_file(tmp_path / "odd.th", package))


def test_big_endian_weights_are_refused(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "big.th"
    with zipfile.ZipFile(tiny) as original, zipfile.ZipFile(path, "w") as changed:
        for entry in original.infolist():
            is_byte_order = entry.filename.endswith("/byteorder")
            changed.writestr(entry.filename, b"big" if is_byte_order else original.read(entry))
    with pytest.raises(ModelRejectedError, match="damaged"):
        read_package(path)


def test_pickle_cannot_change_how_the_next_one_is_read(tmp_path: Path, package: dict[str, Any], tiny: Path) -> None:
    # Each of these pickles sets attributes of the global that it names.
    for module, name in (("torch", "HalfStorage"), ("demucs.htdemucs", "HTDemucs"), ("fractions", "Fraction")):
        for state in (b"}X\5\0\0\0dtypeX\4\0\0\0int8s", b"N}X\x0c\0\0\0__defaults__K\1\x85s\x86"):
            data = b"\x80\2c" + module.encode() + b"\n" + name.encode() + b"\n" + state + b"b."
            with pytest.raises(ModelRejectedError):
                read_package(write_zip_with_pickle(tmp_path / "evil.th", data))
    assert read_sources(tiny) == SOURCES


def test_nested_shared_lists_cannot_exhaust_memory(tmp_path: Path) -> None:
    nested = b"](K\1K\2e" + b"".join(
        b"q" + bytes([n]) + b"0](h" + bytes([n]) + b"h" + bytes([n]) + b"e" for n in range(60)
    )
    data = b"\x80\2cfractions\nFraction\n" + nested + b"\x85R."
    started = time.monotonic()
    with pytest.raises(ModelRejectedError):
        read_package(write_zip_with_pickle(tmp_path / "bomb.th", data))
    assert time.monotonic() - started < 5


def test_missing_file_folder_and_pipe_are_reported_differently(tmp_path: Path) -> None:
    with pytest.raises(ModelRejectedError, match=r"none\.th was not found"):
        read_package(tmp_path / "none.th")
    with pytest.raises(ModelRejectedError, match="is a folder"):
        read_package(tmp_path)
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe.th")
        with pytest.raises(ModelRejectedError, match="device or a pipe"):
            read_package(tmp_path / "pipe.th")


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(mutations(3))
def test_damaged_file_is_read_or_rejected(tiny_in_each_format: list[bytes], mutation: Mutation) -> None:
    with NamedTemporaryFile() as file:
        file.write(mutated(mutation, tiny_in_each_format))
        file.flush()
        with suppress(ModelRejectedError):
            build_model(Path(file.name), read_package(Path(file.name)))


def test_file_names_in_error_messages_contain_no_escape_characters(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J.th"
    path.write_bytes(b"RIFF")
    with pytest.raises(ModelRejectedError) as caught:
        read_sources(path)
    assert "\x1b" not in str(caught.value)
