"""NVIDIA cards: which edition the packaged app is, and whom it tells of the other one."""

import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from desktop.runtime import nvidia


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the libraries of the app's PyTorch lie."""
    spec = ModuleSpec("torch", None, origin=str(tmp_path / "torch" / "__init__.py"))
    monkeypatch.setattr(nvidia, "find_spec", lambda name: spec)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    (tmp_path / "torch" / "lib").mkdir(parents=True)
    return tmp_path / "torch" / "lib"


@pytest.mark.parametrize("library", ["libtorch_cuda.so", "torch_cuda.dll"])
def test_an_app_with_cuda_in_its_pytorch_is_the_gpu_edition(torch: Path, library: str) -> None:
    assert nvidia.edition_name() == ""
    (torch / library).touch()
    assert nvidia.edition_name() == "GPU edition"


def test_only_who_has_a_card_that_is_not_used_is_told_of_the_gpu_edition(
    torch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia, "has_driver", lambda: False)
    assert nvidia.setup_hint() == ""
    monkeypatch.setattr(nvidia, "has_driver", lambda: True)
    assert nvidia.setup_hint() == nvidia.GPU_EDITION_HINT
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.setup_hint() == ""


def test_a_checkout_is_no_edition(torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "frozen")
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.edition_name() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PyPI has one PyTorch")
def test_owner_of_a_card_is_told_the_switch_of_a_checkouts_set_up_and_none_where_pip_installed_the_app(
    torch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sys, "frozen")
    monkeypatch.setattr(nvidia, "has_driver", lambda: True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert nvidia.setup_hint() == ""
    (tmp_path / "unbraid").mkdir()
    (tmp_path / "unbraid" / "torch").write_text("cpu\n")
    assert nvidia.setup_hint() == nvidia.CHECKOUT_HINT
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.setup_hint() == ""


def test_to_know_it_loads_no_torch() -> None:
    code = "import sys; sys.frozen = True; from desktop.runtime import nvidia; nvidia.edition_name(); nvidia.setup_hint(); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
