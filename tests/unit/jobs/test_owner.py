"""An owner is a process by its machine, its number and its birth: another one of that number is not taken for it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop.jobs.model import JobState
from desktop.jobs.owner import is_gone, this_process
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.rows import change_rows, claimed


@pytest.fixture
def other() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def owner(machine: str, pid: int, created: float) -> str:
    return f"{machine}/{pid}/{created:.2f}"


def test_who_lives_is_not_gone() -> None:
    assert not is_gone(this_process())


def test_a_process_that_was_given_the_number_of_a_dead_owner_is_not_that_owner() -> None:
    machine, pid, created = this_process().rsplit("/", 2)
    assert is_gone(owner(machine, int(pid), float(created) - 60))


def test_who_was_killed_is_gone_also_while_its_parent_has_not_noticed(other: "subprocess.Popen[bytes]") -> None:
    process = psutil.Process(other.pid)
    name = owner(os.uname().nodename, other.pid, process.create_time())
    assert not is_gone(name)
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        pass
    assert is_gone(name)
    other.wait()
    assert is_gone(name)


def test_of_a_process_on_another_machine_nothing_is_known() -> None:
    assert not is_gone(owner("elsewhere", 999_999, 0.0))


def test_an_owner_on_another_machine_is_lost_when_its_lease_has_run_out_and_not_before(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    store = JobStore(home)
    job = claimed(store)
    change_rows(home, "owner = :owner", owner=owner("elsewhere", 999_999, 0.0))
    assert store.release_orphans() == []
    change_rows(home, "lease_until = 0")
    assert store.release_orphans() == [job.id]
    assert store.job(job.id).state is JobState.PENDING
