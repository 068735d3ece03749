"""The lock files against pyproject.toml, and the list of licences against them."""

import re
import tomllib

import make_locks
import pytest
import third_party

from tests.unit.packaging.conftest import ROOT

PARTS = ("torch", "torch-cpu", "cuda", "app", "build", "test")


def entries(part: str) -> list[str]:
    text = (ROOT / "packaging" / "lock" / f"{part}.txt").read_text(encoding="utf-8")
    return make_locks.split_pins(text)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("part", PARTS)
def test_every_pin_has_hashes_and_no_address(part: str) -> None:
    assert entries(part)
    for entry in entries(part):
        assert re.match(r"[A-Za-z][\w.-]*==\S+", entry)
        assert "--hash=sha256:" in entry
        assert "://" not in entry
        assert " @ " not in entry


def test_what_the_project_asks_for_is_locked_at_that_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {entry.split()[0] for part in PARTS for entry in entries(part)}
    names = {pin.partition("==")[0] for pin in locked}
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    for requirement in wanted:
        name, version = re.fullmatch(
            r"([\w.-]+)(?:\[\w+\])?(?:==([\w.]+)|[<>]=[\w.,<>=]+)?(?:;.*)?", requirement
        ).groups()
        assert normal(name) in names
        if version:
            assert f"{normal(name)}=={version}" in locked


def test_a_package_is_locked_in_one_file_unless_packaging_and_tests_both_need_it() -> None:
    found: dict[str, set[str]] = {}
    for part in make_locks.PARTS:
        for entry in entries(part):
            found.setdefault(make_locks.package_name(entry), set()).add(part)
    assert all(len(parts) == 1 or parts == {"build", "test"} for parts in found.values())


def test_what_packaging_and_tests_both_need_is_the_same_in_both() -> None:
    both = {make_locks.package_name(entry) for entry in entries("build")} & {
        make_locks.package_name(e) for e in entries("test")
    }
    assert [entry for entry in entries("build") if make_locks.package_name(entry) in both] == [
        entry for entry in entries("test") if make_locks.package_name(entry) in both
    ]


def test_nothing_that_reports_to_its_makers_is_locked() -> None:
    assert not [entry for part in PARTS for entry in entries(part) if "telemetry" in make_locks.package_name(entry)]


def test_cuda_libraries_are_in_their_own_file_alone() -> None:
    assert all(make_locks.CUDA.match(entry) for entry in entries("cuda"))
    assert not any(
        make_locks.CUDA.match(entry) for part in ("torch", "app", "build", "test") for entry in entries(part)
    )


def test_every_locked_package_is_in_the_list_of_licences() -> None:
    listed = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    for name, version, _ in third_party.read_pins():
        assert re.search(rf"^\| {re.escape(name)} \| [^|]*{re.escape(version)}[^|]* \|", listed, re.MULTILINE), name


def test_the_list_of_licences_is_what_its_maker_would_write_now() -> None:
    written = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    assert third_party.format_checkout() == written, "run packaging/third_party.py"
