import os
import shutil
from pathlib import Path

import pytest
import setup_stamp
from setup_environment import Environment

from tests.unit.scripts.conftest import ROOT


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.delenv("UNBRAID_STAMP", raising=False)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    environment = Environment(tmp_path)
    (environment.folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    environment.state_folder.mkdir()
    return environment


def write_stamp(environment: Environment, kind: str) -> None:
    setup_stamp.write_stamps(environment, [kind], setup_stamp.compute_stamp(environment.folder.parent))


def is_current(environment: Environment, kind: str) -> bool:
    return setup_stamp.is_current(environment, kind, setup_stamp.compute_stamp(environment.folder.parent))


def test_stamp_is_current_only_for_its_own_kind(environment: Environment) -> None:
    assert not is_current(environment, "app")
    write_stamp(environment, "app")
    assert is_current(environment, "app")
    assert not is_current(environment, "test")


def test_stamp_is_outdated_after_a_lock_file_changed(environment: Environment) -> None:
    write_stamp(environment, "app")
    with (environment.folder.parent / "scripts" / "lock" / "app.txt").open("a") as lock:
        lock.write("another==1.0\n")
    assert not is_current(environment, "app")


def test_stamp_is_outdated_after_a_package_was_added_or_removed(environment: Environment) -> None:
    write_stamp(environment, "app")
    (environment.site_packages / "stranger").mkdir()
    stamp = environment.state_folder / "app.stamp"
    # The clock of a file system is coarse: make the stamp older instead of waiting.
    os.utime(stamp, (0, 0))
    assert not is_current(environment, "app")


def test_deleted_stamp_is_not_current(environment: Environment) -> None:
    write_stamp(environment, "app")
    write_stamp(environment, "test")
    setup_stamp.delete_stamps(environment)
    assert not is_current(environment, "app")
    assert not is_current(environment, "test")


def test_start_script_may_supply_the_content_of_the_stamp(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_STAMP", "what the shell saw")
    write_stamp(environment, "app")
    assert (environment.state_folder / "app.stamp").read_text() == "what the shell saw\n"
