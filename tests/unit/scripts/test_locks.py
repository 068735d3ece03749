"""The lock files match pyproject.toml."""

import re
import tomllib

import make_locks
import pytest

from tests.unit.scripts.conftest import ROOT

PARTS = ("torch", "torch-cpu", "cuda", "app", "build", "test")


def entries(part: str) -> list[str]:
    text = (ROOT / "scripts" / "lock" / f"{part}.txt").read_text(encoding="utf-8")
    return make_locks.split_pins(text)


def normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("part", PARTS)
def test_every_pin_has_hashes_and_no_url(part: str) -> None:
    assert entries(part)
    for entry in entries(part):
        assert re.match(r"[A-Za-z][\w.-]*==\S+", entry)
        assert "--hash=sha256:" in entry
        assert "://" not in entry
        assert " @ " not in entry


def test_dependencies_of_the_project_are_locked_at_their_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {entry.split()[0] for part in PARTS for entry in entries(part)}
    names = {pin.partition("==")[0] for pin in locked}
    requirements = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    for requirement in requirements:
        name, version = re.fullmatch(
            r"([\w.-]+)(?:\[\w+\])?(?:==([\w.]+)|[<>]=[\w.,<>=]+)?(?:;.*)?", requirement
        ).groups()
        assert normalize_name(name) in names
        if version:
            assert f"{normalize_name(name)}=={version}" in locked


def test_package_is_locked_in_one_file_unless_both_packaging_and_tests_need_it() -> None:
    parts_by_package: dict[str, set[str]] = {}
    for part in make_locks.PARTS:
        for entry in entries(part):
            parts_by_package.setdefault(make_locks.package_name(entry), set()).add(part)
    assert all(len(parts) == 1 or parts == {"build", "test"} for parts in parts_by_package.values())


def test_packages_that_both_packaging_and_tests_need_are_locked_alike() -> None:
    shared = {make_locks.package_name(entry) for entry in entries("build")} & {
        make_locks.package_name(e) for e in entries("test")
    }
    assert [entry for entry in entries("build") if make_locks.package_name(entry) in shared] == [
        entry for entry in entries("test") if make_locks.package_name(entry) in shared
    ]


def test_no_telemetry_package_is_locked() -> None:
    assert not [entry for part in PARTS for entry in entries(part) if "telemetry" in make_locks.package_name(entry)]


def test_cuda_libraries_are_locked_only_in_their_own_file() -> None:
    assert all(make_locks.CUDA.match(entry) for entry in entries("cuda"))
    assert not any(
        make_locks.CUDA.match(entry) for part in ("torch", "app", "build", "test") for entry in entries(part)
    )
