"""The editions: the default one keeps its names, and the one for NVIDIA cards has names of its own beside it."""

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import editions
import make_locks
import pytest
from editions import CPU, CUDA
from linux import make_packages
from sources import BuildError

from tests.unit.packaging.conftest import ROOT

FIELDS = ("Package", "Provides", "Conflicts", "Replaces")


def control_fields(edition: editions.Edition) -> dict[str, str]:
    lines = make_packages.control(edition, 1).splitlines()
    return {name: value for name, _, value in (line.partition(": ") for line in lines) if name in FIELDS}


def test_default_edition_is_named_unbraid_and_replaces_nothing() -> None:
    assert control_fields(CPU) == {"Package": "unbraid"}
    assert make_packages.control(CPU, 1).endswith("nothing leaves it.\n")
    assert CPU.bundle.parent == ROOT / "dist"
    assert CPU.build == ROOT / "build"


def test_debian_package_of_the_cuda_edition_replaces_the_default_one() -> None:
    assert control_fields(CUDA) == {"Package": "unbraid-cuda"} | dict.fromkeys(
        ("Provides", "Conflicts", "Replaces"), "unbraid"
    )


def test_editions_share_no_folder_and_no_file_name() -> None:
    for part in ("build", "bundle", "deb", "tar"):
        assert getattr(CPU, part) != getattr(CUDA, part)
    assert CUDA.deb.name.startswith("unbraid-cuda_")
    assert CUDA.deb.name.endswith("_amd64.deb")
    assert CUDA.tar.name.startswith("unbraid-cuda-")
    assert CUDA.tar.name.endswith("-linux-x86_64.tar.xz")
    assert CUDA.deb.parent == CUDA.tar.parent == CPU.deb.parent


def test_each_edition_locks_torch_2_13_0_with_hashes() -> None:
    for edition, version in ((CPU, "2.13.0+cpu"), (CUDA, "2.13.0")):
        entries = make_locks.split_pins("".join(lock.read_text() for lock in edition.torch("linux")))
        (torch,) = (entry for entry in entries if make_locks.package_name(entry) == "torch")
        assert torch.split()[0] == f"torch=={version}"
        assert all("--hash=sha256:" in entry for entry in entries)


def test_libraries_that_torch_for_nvidia_cards_links_are_locked_with_it() -> None:
    locked = make_locks.package_names(make_locks.split_pins("".join(lock.read_text() for lock in CUDA.torch("linux"))))
    needed = (
        "cuda-runtime cublas cufft curand cusparse cusparselt-cu13 cudnn-cu13 nccl-cu13 nvshmem-cu13 cufile cuda-nvrtc"
    )
    assert {f"nvidia-{name}" for name in needed.split()} <= locked


def test_cuda_edition_on_another_system_than_linux_fails_with_a_reason() -> None:
    for system in ("win32", "darwin"):
        assert CPU.torch(system) == (ROOT / "scripts" / "lock" / "torch.txt",)
        with pytest.raises(BuildError, match="built on Linux alone"):
            CUDA.torch(system)


def test_default_edition_is_built_unless_another_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    editions.add_option(parser)
    assert parser.parse_args([]).edition == "cpu"
    assert parser.parse_args(["--edition", "cuda"]).edition == "cuda"
    with pytest.raises(SystemExit):
        parser.parse_args(["--edition", "rocm"])
    assert "choose from" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the packages are for Linux")
def test_packager_without_a_bundle_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = editions.Edition("cuda", "unbraid-cuda", tmp_path, ROOT / "dist" / "none")
    monkeypatch.setitem(editions.EDITIONS, "cuda", missing)
    assert make_packages.main(["--edition", "cuda"]) == 1
    assert "build.py --edition cuda" in capsys.readouterr().err


@pytest.mark.parametrize("edition", [CPU, CUDA], ids=["cpu", "cuda"])
def test_missing_packages_error_says_how_to_build_them(
    edition: editions.Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "DOWNLOADS", tmp_path)
    with pytest.raises(BuildError, match=r"python3 packaging/build\.py --packages") as caught:
        editions.require_packages(replace(edition, dist=tmp_path))
    assert ("--edition cuda" in str(caught.value)) is (edition is CUDA)
