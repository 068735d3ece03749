import json
import pickle
import struct
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
from desktop.pipeline.engines.architecture import build
from desktop.pipeline.engines.weights import read_package
from tests.helpers.engines import SOURCES, TINY, write_tiny_htdemucs


class Hostile:
    """A pickle that writes a file when it is opened with `pickle`."""

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


def load(path: Path) -> HTDemucs:
    return build(path, read_package(path))


def saved(path: Path, content: object, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def exported(path: Path, package: dict[str, Any], **changes: str) -> Path:
    """A safetensors file as demucs's own exporter writes it."""
    kwargs = package["kwargs"] | {"segment": {"_type": "fraction", "numerator": 2, "denominator": 1}}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(kwargs)} | changes
    save_file({key: value.contiguous() for key, value in package["state"].items()}, path, metadata=metadata)
    return path


def test_a_demucs_file_gives_its_model(tiny: Path) -> None:
    model = load(tiny)
    assert tuple(model.sources) == SOURCES
    assert not model.training
    assert {weight.dtype for weight in model.state_dict().values()} == {torch.float32}


def test_the_file_format_before_2020_which_no_htdemucs_has_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    with pytest.raises(ModelRejectedError):
        load(saved(tmp_path / "old.th", package, _use_new_zipfile_serialization=False))


def test_safetensors_give_the_same_model(tmp_path: Path, tiny: Path, package: dict[str, Any]) -> None:
    one, other = load(tiny).state_dict(), load(exported(tmp_path / "tiny.safetensors", package)).state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_positional_arguments_and_unknown_ones_are_understood(tmp_path: Path, package: dict[str, Any]) -> None:
    kwargs = {key: value for key, value in package["kwargs"].items() if key != "sources"} | {"from_the_future": 1}
    path = saved(tmp_path / "positional.th", package | {"args": (SOURCES,), "kwargs": kwargs})
    assert tuple(load(path).sources) == SOURCES


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["klass", "args", "state", "training_args"])
def test_a_pickle_that_runs_code_is_not_opened(
    tmp_path: Path, package: dict[str, Any], place: str, zipped: bool
) -> None:
    trap = tmp_path / "ran"
    content = package | {place: Hostile(Path.touch, trap)}
    path = saved(tmp_path / "evil.th", content, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelRejectedError, match=r"evil\.th asks for .*run code" if zipped else r"evil\.th"):
        load(path)
    assert not trap.exists()


def test_a_bare_pickle_that_runs_code_is_not_opened(tmp_path: Path) -> None:
    trap, path = tmp_path / "ran", tmp_path / "evil.th"
    path.write_bytes(pickle.dumps(Hostile(eval, f"open({str(trap)!r}, 'w')")))
    with pytest.raises(ModelRejectedError):
        load(path)
    assert not trap.exists()


def test_a_pickle_cannot_build_the_model_itself(tmp_path: Path, package: dict[str, Any]) -> None:
    path = saved(tmp_path / "builder.th", package | {"training_args": Hostile(HTDemucs, list(SOURCES))})
    with pytest.raises(ModelRejectedError):
        load(path)


def test_a_number_that_would_fill_the_memory_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    path = saved(tmp_path / "bomb.th", package | {"kwargs": {"segment": Hostile(Fraction, "1e999999999")}})
    with pytest.raises(ModelRejectedError):
        load(path)


@pytest.mark.parametrize("klass", ["os.system", "builtins.exec", "demucs.hdemucs.HDemucs", "nonsense", ""])
def test_safetensors_of_another_class_are_refused(tmp_path: Path, package: dict[str, Any], klass: str) -> None:
    path = exported(tmp_path / "other.safetensors", package, klass=klass)
    with pytest.raises(ModelRejectedError, match="not an HTDemucs"):
        load(path)


@pytest.mark.parametrize("metadata", [{"kwargs": "{"}, {"kwargs": "[" * 100_000}, {"args": "3"}, {"structure": "[]"}])
def test_safetensors_with_senseless_metadata_are_refused(
    tmp_path: Path, package: dict[str, Any], metadata: dict[str, str]
) -> None:
    with pytest.raises(ModelRejectedError):
        load(exported(tmp_path / "odd.safetensors", package, **metadata))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", 10**9), ("depth", 10**6), ("t_layers", 10**9), ("audio_channels", 1), ("samplerate", 0),
        ("segment", 10**6), ("segment", float("nan")), ("sources", []), ("sources", ["a", "A"]), ("sources", [1, 2]),
        ("sources", ["bad\nname"]), ("sources", "drums"), ("sources", ["x" * 400]), ("nfft", 2**40),
        ("t_sparse_self_attn", True), ("multi_freqs", {"a": 1}), ("channels", "many"),
    ],
)  # fmt: skip
def test_arguments_out_of_bounds_are_refused(tmp_path: Path, package: dict[str, Any], name: str, value: object) -> None:
    path = saved(tmp_path / "odd.th", package | {"kwargs": package["kwargs"] | {name: value}})
    with pytest.raises(ModelRejectedError):
        load(path)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    for kwargs in ({"channels": 16}, {"sources": ["a", "b"]}):
        path = saved(tmp_path / "odd.th", package | {"kwargs": TINY | kwargs})
        with pytest.raises(ModelRejectedError, match="do not fit"):
            load(path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    key = next(iter(package["state"]))
    package["state"][key][...] = float("nan")
    with pytest.raises(ModelRejectedError, match="damaged"):
        load(saved(tmp_path / "nan.th", package))


@pytest.mark.parametrize("odd", [torch.zeros(1).expand(10**12), torch.zeros(3, dtype=torch.int8), 3, "weights"])
def test_weights_of_an_odd_form_are_refused(tmp_path: Path, package: dict[str, Any], odd: object) -> None:
    package["state"][next(iter(package["state"]))] = odd
    with pytest.raises(ModelRejectedError, match="unknown form"):
        load(saved(tmp_path / "odd.th", package))


def test_a_packed_archive_is_refused(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "packed.th"
    with zipfile.ZipFile(tiny) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(ModelRejectedError):
        load(path)


def test_another_kind_of_model_is_refused(tmp_path: Path, package: dict[str, Any]) -> None:
    with pytest.raises(ModelRejectedError, match="not an HTDemucs"):
        load(saved(tmp_path / "h.th", package | {"klass": HDemucs}))


@pytest.mark.parametrize("content", [{}, [], 3, {"klass": 1}, {"state_dict": {}}])
def test_files_without_a_model_are_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelRejectedError, match="no Demucs model"):
        load(saved(tmp_path / "odd.th", content))


@pytest.mark.parametrize("kept", [0.0, 1e-5, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(tmp_path: Path, tiny: Path, package: dict[str, Any], kept: float) -> None:
    whole = exported(tmp_path / "whole.safetensors", package)
    for source in (tiny, whole):
        path = tmp_path / "cut.th"
        whole_file = source.read_bytes()
        path.write_bytes(whole_file[: int(kept * len(whole_file))])
        with pytest.raises(ModelRejectedError):
            load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\x00\x00\x00\x00WAVE",
        b"<html>",
        b"\x80\x02}",
        struct.pack("<Q", 2**60) + b"{",
        b"PK\x03\x04",
        b"\x00" * 500,
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.th"
    path.write_bytes(content)
    with pytest.raises(ModelRejectedError):
        load(path)


def test_a_zip_of_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.th"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("song.txt", "la la")
    with pytest.raises(ModelRejectedError):
        load(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.th", tmp_path):
        with pytest.raises(ModelRejectedError, match="could not be read"):
            load(path)
