"""NVIDIA cards: the edition of the packaged app, and who gets a hint at the GPU edition."""

import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from desktop.runtime import nvidia


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the libraries of the packaged app's PyTorch."""
    spec = ModuleSpec("torch", None, origin=str(tmp_path / "torch" / "__init__.py"))
    monkeypatch.setattr(nvidia, "find_spec", lambda name: spec)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    (tmp_path / "torch" / "lib").mkdir(parents=True)
    return tmp_path / "torch" / "lib"


@pytest.mark.parametrize("library", ["libtorch_cuda.so", "torch_cuda.dll"])
def test_app_with_cuda_in_its_pytorch_is_the_gpu_edition(torch: Path, library: str) -> None:
    assert nvidia.edition_name() is None
    (torch / library).touch()
    assert str(nvidia.edition_name()) == "GPU edition"


def test_gpu_edition_is_suggested_only_if_a_card_is_unused(torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia, "has_driver", lambda: False)
    assert nvidia.setup_hint() is None
    monkeypatch.setattr(nvidia, "has_driver", lambda: True)
    assert nvidia.setup_hint() == nvidia.GPU_EDITION_HINT
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.setup_hint() is None


def test_checkout_has_no_edition_name(torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "frozen")
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.edition_name() is None


@pytest.mark.skipif(sys.platform != "linux", reason="for other systems, PyPI has one PyTorch")
def test_hint_of_a_checkout_names_its_setup_switch_and_a_pip_install_has_no_hint(
    torch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sys, "frozen")
    monkeypatch.setattr(nvidia, "has_driver", lambda: True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert nvidia.setup_hint() is None
    (tmp_path / "unbraid").mkdir()
    (tmp_path / "unbraid" / "torch").write_text("cpu\n")
    assert nvidia.setup_hint() == nvidia.CHECKOUT_HINT
    (torch / "libtorch_cuda.so").touch()
    assert nvidia.setup_hint() is None


def test_edition_and_hint_are_found_without_importing_torch() -> None:
    script = "import sys; sys.frozen = True; from desktop.runtime import nvidia; nvidia.edition_name(); nvidia.setup_hint(); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0
