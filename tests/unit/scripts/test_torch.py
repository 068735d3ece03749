"""Which build of PyTorch is installed; local servers stand in for PyPI and PyTorch's package index."""

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

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have only one build")

SMALL = "torch-2.13.0+cpu-py3-none-any.whl"
FULL = "torch-2.13.0-py3-none-any.whl"
NVIDIA = "nvidia_cublas-1.0-py3-none-any.whl"
FULL_INSTALLED = {"torch-2.13.0", "nvidia_cublas-1.0"}
SMALL_INSTALLED = {"torch-2.13.0+cpu"}


@dataclass
class Servers:
    """PyPI with the CUDA build, and PyTorch's package index, empty at first."""

    pypi: FileServer
    pytorch: FileServer
    wheels: dict[str, bytes] = field(default_factory=dict)

    def offer_small(self, digest: str = "", content: bytes = b"") -> None:
        """Put the build without CUDA into PyTorch's index, optionally with another digest or other content."""
        digest = digest or hashlib.sha256(self.wheels[SMALL]).hexdigest()
        self.pytorch.files = {"torch": page(SMALL, digest), quote(SMALL): content or self.wheels[SMALL]}


def page(name: str, digest: str) -> bytes:
    """Return a project's page in a package index (PEP 503)."""
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
    copy = Environment(root)
    copy.state_folder.mkdir(exist_ok=True)
    return copy


def installed_packages(environment: Environment) -> set[str]:
    """Return names and versions of the installed packages, except those in every new environment."""
    return {
        path.stem
        for path in environment.site_packages.glob("*.dist-info")
        if not path.name.startswith(("pip-", "setuptools-"))
    }


def test_small_build_comes_from_pytorchs_index_where_pypi_has_none(environment: Environment, servers: Servers) -> None:
    servers.offer_small()
    setup_torch.install(environment)
    assert installed_packages(environment) == SMALL_INSTALLED
    requests_before = len(servers.pytorch.requests)
    setup_torch.install(environment)
    assert len(servers.pytorch.requests) == requests_before
    assert not [path for path, _ in servers.pypi.requests if path.endswith(".whl")]


@pytest.mark.release
def test_small_build_on_this_computer_is_used_without_asking_pytorchs_index(
    environment: Environment, servers: Servers, package_server: Path
) -> None:
    (package_server / SMALL).write_bytes(servers.wheels[SMALL])
    setup_torch.install(environment)
    assert installed_packages(environment) == SMALL_INSTALLED
    assert servers.pytorch.requests == []


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.release
def test_full_build_is_announced_and_installed_when_pytorchs_index_fails(
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
    assert installed_packages(environment) == FULL_INSTALLED
    output = capsys.readouterr().err
    assert output.index(f"taken in its place: {setup_torch.CUDA_SIZE}") < output.index(
        "Installing what PyTorch needs for NVIDIA"
    )
    setup_torch.install(environment)
    assert capsys.readouterr().err == ""


def test_file_with_another_digest_is_refused_and_nothing_is_installed_instead(
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
    # Newer versions of pip resume an interrupted download when the server supports it.
    servers.pytorch.cut_after_bytes, servers.pytorch.supports_ranges = len(small) - 10, False
    with pytest.raises(SetUpError):
        setup_torch.install(environment)
    assert installed_packages(environment) == set()


@pytest.mark.release
def test_requested_cuda_build_is_installed_and_stays_until_the_other_is_requested(
    environment: Environment, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.offer_small()
    setup_torch.install(environment)
    monkeypatch.setenv("UNBRAID_TORCH", "cuda")
    setup_torch.install(environment)
    assert installed_packages(environment) == FULL_INSTALLED
    monkeypatch.delenv("UNBRAID_TORCH")
    for stamp in environment.state_folder.glob("*.lock"):  # as the repair of a damaged package does
        stamp.unlink()
    setup_torch.install(environment)
    assert installed_packages(environment) == FULL_INSTALLED
    monkeypatch.setenv("UNBRAID_TORCH", "cpu")
    setup_torch.install(environment)
    assert installed_packages(environment) == SMALL_INSTALLED


@pytest.mark.release
def test_owner_of_an_nvidia_card_is_told_once_how_to_use_it(
    environment: Environment, servers: Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    servers.offer_small()
    monkeypatch.setattr(setup_torch, "NVIDIA_DRIVER", Path("/proc/version"))
    setup_torch.install(environment)
    setup_torch.install(environment)
    assert capsys.readouterr().err.count("UNBRAID_TORCH=cuda") == 1
