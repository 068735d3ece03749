"""An owner is a process: machine, PID and start time. One on another machine is trusted for a lease."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from desktop.jobs.model import Job, JobState
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import LEASE_S
from desktop.paths import Home
from desktop.runtime import stall_timer
from desktop.runtime.process_identity import (
    current_process_identity,
    has_exited,
    is_on_this_machine,
    machine_id,
    process_start_time,
)
from tests.helpers.rows import claim_job, simulate_dead_owner, simulate_remote_owner, update_rows

DAY_S = 86_400
TICK_S = 2.0


@pytest.fixture
def other() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that advances this process's monotonic clock by seconds."""
    now = [1000.0]
    monkeypatch.setattr(stall_timer, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def release_orphans_for(store: JobStore, seconds: float, pass_time: Callable[[float], None]) -> list[str]:
    """Release orphans every two seconds for this long, and return the ids of all released jobs."""
    released = store.ownership.release_orphans()
    for _ in range(int(seconds / TICK_S)):
        pass_time(TICK_S)
        released += store.ownership.release_orphans()
    return released


def claim_on_another_machine(home: Home, store: JobStore) -> Job:
    """Return a job that an owner on another machine has claimed."""
    job = claim_job(store)
    simulate_remote_owner(home, job)
    return job


def test_running_process_has_not_exited() -> None:
    assert not has_exited(current_process_identity())


def test_process_that_reuses_the_pid_of_a_dead_owner_is_not_that_owner() -> None:
    assert has_exited(f"{machine_id()}/{os.getpid()}/1")


def test_killed_process_has_exited_even_before_its_parent_reaps_it(other: "subprocess.Popen[bytes]") -> None:
    process = psutil.Process(other.pid)
    identity = f"{machine_id()}/{other.pid}/{process_start_time(other.pid)}"
    assert not has_exited(identity)
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        pass
    assert has_exited(identity)
    other.wait()
    assert has_exited(identity)


def test_process_on_another_machine_is_not_reported_as_exited() -> None:
    assert not has_exited("elsewhere/999999/0")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PID namespaces")
def test_two_containers_with_one_host_name_are_two_machines() -> None:
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert machine_id() == f"{platform.node()}:{kernel}:{Path('/proc/self/ns/pid').stat().st_ino}"
    assert not is_on_this_machine(f"{platform.node()}:{kernel}:4026599999/{os.getpid()}/1")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may make a PID namespace")
def test_process_in_another_pid_namespace_is_not_on_this_machine(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from desktop.runtime.process_identity import current_process_identity; print(current_process_identity())",
    ]
    result = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", *command], capture_output=True, text=True, check=False
    )
    if result.returncode:
        pytest.skip(f"cannot create a PID namespace: {result.stderr.strip()}")
    assert not is_on_this_machine(result.stdout.strip())
    assert not has_exited(result.stdout.strip())


@pytest.mark.parametrize("jump", [-DAY_S, DAY_S], ids=["back", "forward"])
def test_living_owner_on_this_machine_keeps_its_job_after_a_clock_change(
    home: Home, jump: float, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = claim_job(store)
    update_rows(home, f"lease_until = lease_until + {jump}, started = started + {jump}")
    assert release_orphans_for(store, 10 * LEASE_S, pass_time) == []
    assert store.ownership.claim(job.id) is None
    assert store.job(job.id).crashes == 0


def test_killed_owner_on_this_machine_loses_its_job_at_once(home: Home) -> None:
    store = JobStore(home)
    job = claim_job(store)
    simulate_dead_owner(home, job)
    assert store.ownership.release_orphans() == [job.id]
    assert store.job(job.id).state is JobState.PENDING


def test_owner_on_another_machine_loses_its_job_after_one_lease_without_heartbeat(
    home: Home, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = claim_on_another_machine(home, store)
    assert release_orphans_for(store, LEASE_S - TICK_S, pass_time) == []
    assert store.ownership.heartbeat(job, None, 0.5, 1.0, None)
    assert release_orphans_for(store, LEASE_S - TICK_S, pass_time) == []
    assert release_orphans_for(store, TICK_S, pass_time) == [job.id]
    assert store.job(job.id).state is JobState.PENDING


@pytest.mark.parametrize("jump", [-DAY_S, DAY_S], ids=["slow", "fast"])
def test_clock_of_another_machine_is_not_compared_with_ours(
    home: Home, jump: float, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = claim_on_another_machine(home, store)
    update_rows(home, f"lease_until = lease_until + {jump}")
    assert release_orphans_for(store, LEASE_S - TICK_S, pass_time) == []
    assert release_orphans_for(store, TICK_S, pass_time) == [job.id]


def test_sleep_of_this_computer_does_not_count_as_silence_of_an_owner(
    home: Home, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    claim_on_another_machine(home, store)
    for _ in range(3):
        assert release_orphans_for(store, TICK_S, pass_time) == []
        pass_time(34.0)


def test_claim_does_not_take_a_job_from_an_owner_on_another_machine(home: Home) -> None:
    store = JobStore(home)
    job = claim_on_another_machine(home, store)
    update_rows(home, "lease_until = 0")
    assert store.ownership.claim(job.id) is None
