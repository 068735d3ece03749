from pathlib import Path
from typing import Any

import pytest
import torch
from demucs.htdemucs import HTDemucs

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.htdemucs_loader import build_model
from desktop.weights.package import read_package
from tests.helpers.engines import SOURCES, TINY_KWARGS, write_tiny_htdemucs
from tests.helpers.weights import save_torch_file


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_htdemucs(tmp_path_factory.mktemp("weights") / "tiny.th")


@pytest.fixture
def package(tiny: Path) -> dict[str, Any]:
    return torch.load(tiny, weights_only=False)


def load(path: Path) -> HTDemucs:
    return build_model(path, read_package(path))


def test_demucs_file_loads_as_its_model(tiny: Path) -> None:
    model = load(tiny)
    assert tuple(model.sources) == SOURCES
    assert not model.training
    assert {weight.dtype for weight in model.state_dict().values()} == {torch.float32}


def test_positional_and_unknown_arguments_are_accepted(tmp_path: Path, package: dict[str, Any]) -> None:
    kwargs = {key: value for key, value in package["kwargs"].items() if key != "sources"} | {"from_the_future": 1}
    path = save_torch_file(tmp_path / "positional.th", package | {"args": (SOURCES,), "kwargs": kwargs})
    assert tuple(load(path).sources) == SOURCES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", 10**9), ("depth", 10**6), ("t_layers", 10**9), ("audio_channels", 1), ("samplerate", 0),
        ("segment", 10**6), ("segment", float("nan")), ("sources", []), ("sources", ["a", "A"]), ("sources", [1, 2]),
        ("sources", ["bad\nname"]), ("sources", "drums"), ("sources", ["x" * 400]), ("nfft", 2**40),
        ("t_sparse_self_attn", True), ("multi_freqs", {"a": 1}), ("channels", "many"),
    ],
)  # fmt: skip
def test_out_of_range_arguments_are_rejected(tmp_path: Path, package: dict[str, Any], name: str, value: object) -> None:
    path = save_torch_file(tmp_path / "odd.th", package | {"kwargs": package["kwargs"] | {name: value}})
    with pytest.raises(ModelRejectedError):
        load(path)


def test_weights_that_do_not_fit_the_architecture_are_rejected(tmp_path: Path, package: dict[str, Any]) -> None:
    for kwargs in ({"channels": 16}, {"sources": ["a", "b"]}):
        path = save_torch_file(tmp_path / "odd.th", package | {"kwargs": TINY_KWARGS | kwargs})
        with pytest.raises(ModelRejectedError, match="do not match"):
            load(path)


def test_weights_with_nan_are_rejected(tmp_path: Path, package: dict[str, Any]) -> None:
    key = next(iter(package["state"]))
    package["state"][key][...] = float("nan")
    with pytest.raises(ModelRejectedError, match="damaged"):
        load(save_torch_file(tmp_path / "nan.th", package))
