import os
import shutil
from pathlib import Path

import pytest
import setup_stamp
from setup_environment import Environment

from tests.unit.packaging.conftest import ROOT


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.delenv("UNBRAID_STAMP", raising=False)
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    environment = Environment(tmp_path)
    (environment.folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    environment.state_folder.mkdir()
    return environment


def leave(environment: Environment, kind: str) -> None:
    setup_stamp.write_stamps(environment, [kind], setup_stamp.compute_stamp(environment.folder.parent))


def holds(environment: Environment, kind: str) -> bool:
    return setup_stamp.is_current(environment, kind, setup_stamp.compute_stamp(environment.folder.parent))


def test_a_stamp_holds_for_its_own_kind_alone(environment: Environment) -> None:
    assert not holds(environment, "app")
    leave(environment, "app")
    assert holds(environment, "app")
    assert not holds(environment, "test")


def test_a_stamp_does_not_hold_for_other_lock_files(environment: Environment) -> None:
    leave(environment, "app")
    with (environment.folder.parent / "packaging" / "lock" / "app.txt").open("a") as lock:
        lock.write("another==1.0\n")
    assert not holds(environment, "app")


def test_a_stamp_does_not_hold_when_a_package_came_or_went_since(environment: Environment) -> None:
    leave(environment, "app")
    (environment.site_packages / "stranger").mkdir()
    stamp = environment.state_folder / "app.stamp"
    # Clocks of file systems tick coarsely: the stamp is made older rather than the test slower.
    os.utime(stamp, (0, 0))
    assert not holds(environment, "app")


def test_a_withdrawn_stamp_does_not_hold(environment: Environment) -> None:
    leave(environment, "app")
    leave(environment, "test")
    setup_stamp.delete_stamps(environment)
    assert not holds(environment, "app")
    assert not holds(environment, "test")


def test_the_start_script_may_give_its_own_account(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNBRAID_STAMP", "what the shell saw")
    leave(environment, "app")
    assert (environment.state_folder / "app.stamp").read_text() == "what the shell saw\n"
