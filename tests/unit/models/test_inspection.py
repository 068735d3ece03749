import json
import os
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

from desktop.errors import ModelRejectedError
from desktop.models.inspection import is_safetensors, sources_of
from tests.helpers.engines import SOURCES, write_tiny_htdemucs


class Hostile:
    """A pickle that calls something when it is opened with `pickle`."""

    def __init__(self, call: Callable[..., Any], *args: Any) -> None:
        self._reduced = (call, args)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reduced


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_htdemucs(tmp_path_factory.mktemp("weights") / "tiny.th")


@pytest.fixture
def package(tiny: Path) -> dict[str, Any]:
    return torch.load(tiny, weights_only=False)


def saved(path: Path, content: object, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def exported(path: Path, package: dict[str, Any], **changes: str) -> Path:
    kwargs = package["kwargs"] | {"segment": {"_type": "fraction", "numerator": 2, "denominator": 1}}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(kwargs)} | changes
    save_file({key: value.contiguous() for key, value in package["state"].items()}, path, metadata=metadata)
    return path


def with_pickle(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return path


def test_both_kinds_of_file_tell_their_stems(tmp_path: Path, tiny: Path, package: dict[str, Any]) -> None:
    other = exported(tmp_path / "tiny.th", package)
    assert sources_of(tiny) == sources_of(other) == SOURCES
    assert (is_safetensors(tiny), is_safetensors(other)) == (False, True)


def test_stems_given_by_position_are_found(tmp_path: Path, package: dict[str, Any]) -> None:
    kwargs = {key: value for key, value in package["kwargs"].items() if key != "sources"}
    path = saved(tmp_path / "positional.th", package | {"args": (SOURCES,), "kwargs": kwargs})
    assert sources_of(path) == SOURCES


@pytest.mark.parametrize("place", ["klass", "args", "kwargs", "state", "training_args"])
def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, package: dict[str, Any], place: str) -> None:
    trap = tmp_path / "ran"
    for call, args in ((Path.touch, (trap,)), (os.system, (f"touch {trap}",)), (eval, (f"open({str(trap)!r}, 'w')",))):
        path = saved(tmp_path / "evil.th", package | {place: Hostile(call, *args)})
        with pytest.raises(ModelRejectedError, match=r"evil\.th asks for .*may try to run code"):
            sources_of(path)
        assert not trap.exists()


def test_a_pickle_cannot_reach_beyond_the_known_names(tmp_path: Path) -> None:
    for module, name in (("collections", "OrderedDict.__class__"), ("torch", "load"), ("fractions", "sys.exit")):
        data = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name)) + b"\x93."
        with pytest.raises(ModelRejectedError, match="run code"):
            sources_of(with_pickle(tmp_path / "evil.th", data))


def test_demucs_and_its_parts_are_not_even_imported(tmp_path: Path, tiny: Path) -> None:
    code = "import sys; from desktop.models.inspection import sources_of; from pathlib import Path\n"
    code += f"sources_of(Path({str(tiny)!r})); sys.exit('torch' in sys.modules or 'demucs' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_number_that_would_fill_the_memory_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    path = saved(tmp_path / "bomb.th", package | {"kwargs": {"segment": Hostile(Fraction, "1e999999999")}})
    with pytest.raises(ModelRejectedError):
        sources_of(path)


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
)
def test_a_pickle_that_asks_for_too_much_or_makes_no_sense_is_refused_at_once(tmp_path: Path, data: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(ModelRejectedError, match="damaged"):
        sources_of(with_pickle(tmp_path / "odd.th", data))
    assert time.monotonic() - begun < 5


def test_a_packed_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "packed.th"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(b"\0" * (1 << 20)))
    with pytest.raises(ModelRejectedError, match="damaged"):
        sources_of(path)


@pytest.mark.parametrize("klass", ["os.system", "builtins.exec", "demucs.hdemucs.HDemucs", ""])
def test_another_kind_of_model_is_refused(tmp_path: Path, package: dict[str, Any], klass: str) -> None:
    for path in (
        exported(tmp_path / "other.safetensors", package, klass=klass),
        saved(tmp_path / "other.th", package | {"klass": HDemucs}),
    ):
        with pytest.raises(ModelRejectedError, match="not an HTDemucs"):
            sources_of(path)


@pytest.mark.parametrize("metadata", [{"kwargs": "{"}, {"kwargs": "[" * 100_000}, {"args": "3"}, {"kwargs": "[]"}])
def test_senseless_metadata_are_refused(tmp_path: Path, package: dict[str, Any], metadata: dict[str, str]) -> None:
    if metadata == {"args": "3"}:
        metadata |= {"kwargs": "{}"}
    with pytest.raises(ModelRejectedError):
        sources_of(exported(tmp_path / "odd.safetensors", package, **metadata))


@pytest.mark.parametrize(
    "sources", [[], "drums", ["a", "A"], [1, 2], ["bad\nname"], ["mixture"], ["x"] * 17, [""], {"a": 1}, None]
)
def test_stems_that_cannot_be_files_are_refused(tmp_path: Path, package: dict[str, Any], sources: object) -> None:
    path = saved(tmp_path / "odd.th", package | {"kwargs": package["kwargs"] | {"sources": sources}})
    with pytest.raises(ModelRejectedError, match="which stems"):
        sources_of(path)


@pytest.mark.parametrize("content", [{}, [], 3, {"klass": 1}, {"state_dict": {}}, {"klass": HTDemucs, "args": ()}])
def test_files_without_a_model_are_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelRejectedError):
        sources_of(saved(tmp_path / "odd.th", content))


@pytest.mark.parametrize("kept", [0.0, 1e-5, 0.001, 0.1, 0.5, 0.9, 0.9999])
def test_a_file_cut_short_is_refused(tmp_path: Path, tiny: Path, package: dict[str, Any], kept: float) -> None:
    whole = exported(tmp_path / "whole.safetensors", package)
    for source in (tiny, whole):
        path, data = tmp_path / "cut.th", source.read_bytes()
        path.write_bytes(data[: int(kept * len(data))])
        with pytest.raises(ModelRejectedError, match="damaged"):
            sources_of(path)


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\x00\x00\x00\x00WAVE",
        b"<html>",
        struct.pack("<Q", 2**60) + b"{",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 7) + b'{"a":1}',
        struct.pack("<Q", 18) + b'{"__metadata__":3}',
        b"PK\x03\x04",
        b"\x00" * 500,
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.th"
    path.write_bytes(content)
    with pytest.raises(ModelRejectedError, match="damaged"):
        sources_of(path)


def test_the_file_format_before_2020_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    with pytest.raises(ModelRejectedError):
        sources_of(saved(tmp_path / "old.th", package, _use_new_zipfile_serialization=False))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.th", tmp_path):
        with pytest.raises(ModelRejectedError, match="could not be read"):
            sources_of(path)


def test_names_in_sentences_cannot_disturb_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J.th"
    path.write_bytes(b"RIFF")
    with pytest.raises(ModelRejectedError) as caught:
        sources_of(path)
    assert "\x1b" not in str(caught.value)
