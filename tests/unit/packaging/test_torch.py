"""Which build of PyTorch is installed, with servers of our own in the places of PyPI and of PyTorch's package index."""

import hashlib
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import setup_torch
from setup_console import SetUpError
from setup_environment import Environment

from tests.helpers.http_server import FileServer

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is one build")

SMALL = "torch-2.13.0+cpu-py3-none-any.whl"
FULL = "torch-2.13.0-py3-none-any.whl"
NVIDIA = "nvidia_cublas-1.0-py3-none-any.whl"
FULL_INSTALLED = {"torch-2.13.0", "nvidia_cublas-1.0"}
SMALL_INSTALLED = {"torch-2.13.0+cpu"}


@dataclass
class Servers:
    """PyPI, which has the build with CUDA, and PyTorch's package index, which has nothing yet."""

    pypi: FileServer
    pytorch: FileServer
    wheels: dict[str, bytes] = field(default_factory=dict)

    def offer_small(self, digest: str = "", content: bytes = b"") -> None:
        """Put the build without CUDA into PyTorch's index: with another digest in its list, or another content."""
        digest = digest or hashlib.sha256(self.wheels[SMALL]).hexdigest()
        self.pytorch.files = {"torch": page(SMALL, digest), quote(SMALL): content or self.wheels[SMALL]}


def page(name: str, digest: str) -> bytes:
    """A project's page in a package index, as PEP 503 has it."""
    return f'<!DOCTYPE html><a href="/{quote(name)}#sha256={digest}">{name}</a>'.encode()


@pytest.fixture
def servers(
    package_server: Path, wheel: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Servers]:
    locks = {
        "SMALL": wheel("torch", "2.13.0+cpu"),
        "FULL": wheel("torch", "2.13.0", requires="Requires-Dist: nvidia-cublas\n"),
        "CUDA": wheel("nvidia_cublas").replace("_", "-", 1),
    }
    for name, text in locks.items():
        lock = tmp_path / getattr(setup_torch, name).name
        lock.write_text(text)
        monkeypatch.setattr(setup_torch, name, lock)
    wheels = {path.name: path.read_bytes() for path in package_server.iterdir()}
    for path in package_server.iterdir():
        path.unlink()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    files = wheels | {
        name: page(file, hashlib.sha256(wheels[file]).hexdigest())
        for name, file in {"torch": FULL, "nvidia-cublas": NVIDIA}.items()
    }
    del files[SMALL]
    with FileServer(files, content_type="text/html") as pypi, FileServer(content_type="text/html") as pytorch:
        monkeypatch.setenv("PIP_INDEX_URL", pypi.url)
        monkeypatch.setattr(setup_torch, "INDEX", pytorch.url)
        yield Servers(pypi, pytorch, wheels)


@pytest.fixture
def environment(pristine: Path, tmp_path: Path) -> Environment:
    root = tmp_path / "checkout"
    shutil.copytree(pristine, root, symlinks=True)
    made = Environment(root)
    made.state_folder.mkdir(exist_ok=True)
    return made


def installed(environment: Environment) -> set[str]:
    """Names and versions of the packages that are installed, without those of every new environment."""
    return {
        path.stem
        for path in environment.site_packages.glob("*.dist-info")
        if not path.name.startswith(("pip-", "setuptools-"))
    }


def test_small_build_comes_from_pytorchs_index_where_pypi_has_none(environment: Environment, servers: Servers) -> None:
    servers.offer_small()
    setup_torch.install(environment)
    assert installed(environment) == SMALL_INSTALLED
    asked = len(servers.pytorch.requests)
    setup_torch.install(environment)
    assert len(servers.pytorch.requests) == asked
    assert not [path for path, _ in servers.pypi.requests if path.endswith(".whl")]


def test_small_build_on_this_computer_is_taken_and_no_index_of_pytorchs_is_asked(
    environment: Environment, servers: Servers, package_server: Path
) -> None:
    (package_server / SMALL).write_bytes(servers.wheels[SMALL])
    setup_torch.install(environment)
    assert installed(environment) == SMALL_INSTALLED
    assert servers.pytorch.requests == []


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_full_build_is_announced_and_taken_where_pytorchs_index_gives_none(
    environment: Environment, servers: Servers, silent: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(setup_torch, "TIMEOUT_S", 1)
    for index in ("http://127.0.0.1:9", silent):
        with monkeypatch.context() as patch:
            patch.setattr(setup_torch, "INDEX", index)
            assert not setup_torch.install_small(environment)
            assert "It does not answer" in capsys.readouterr().err
    servers.offer_small()
    servers.pytorch.forced_status = 503
    assert not setup_torch.install_small(environment)
    assert len(servers.pytorch.requests) == 1
    servers.pytorch.forced_status, servers.pytorch.files = None, {}  # not found
    setup_torch.install(environment)
    assert installed(environment) == FULL_INSTALLED
    said = capsys.readouterr().err
    assert said.index(f"taken in its place: {setup_torch.CUDA_SIZE}") < said.index(
        "Installing what PyTorch needs for NVIDIA"
    )
    setup_torch.install(environment)
    assert capsys.readouterr().err == ""


def test_file_that_is_not_the_locked_one_is_refused_and_nothing_is_taken_in_its_place(
    environment: Environment, servers: Servers
) -> None:
    forged, small = servers.wheels[FULL], servers.wheels[SMALL]
    servers.offer_small(content=forged)
    with pytest.raises(SetUpError, match="not the one that was locked"):
        setup_torch.install(environment)
    servers.offer_small(digest=hashlib.sha256(forged).hexdigest(), content=forged)
    with pytest.raises(SetUpError, match="not the one that was locked"):
        setup_torch.install(environment)
    servers.offer_small()
    # Newer versions of pip go on where a download broke off, when the server can.
    servers.pytorch.cut_after_bytes, servers.pytorch.supports_ranges = len(small) - 10, False
    with pytest.raises(SetUpError):
        setup_torch.install(environment)
    assert installed(environment) == set()


def test_build_with_cuda_is_taken_when_it_is_asked_for_and_stays_until_the_other_is(
    environment: Environment, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.offer_small()
    setup_torch.install(environment)
    monkeypatch.setenv("UNBRAID_TORCH", "cuda")
    setup_torch.install(environment)
    assert installed(environment) == FULL_INSTALLED
    monkeypatch.delenv("UNBRAID_TORCH")
    for mark in environment.state_folder.glob("*.lock"):  # as when a damaged package is mended
        mark.unlink()
    setup_torch.install(environment)
    assert installed(environment) == FULL_INSTALLED
    monkeypatch.setenv("UNBRAID_TORCH", "cpu")
    setup_torch.install(environment)
    assert installed(environment) == SMALL_INSTALLED


def test_owner_of_an_nvidia_card_is_told_once_how_to_use_it(
    environment: Environment, servers: Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    servers.offer_small()
    monkeypatch.setattr(setup_torch, "NVIDIA_DRIVER", Path("/proc/version"))
    setup_torch.install(environment)
    setup_torch.install(environment)
    assert capsys.readouterr().err.count("UNBRAID_TORCH=cuda") == 1
