"""An owner is a process by its machine, its number and its start; one that cannot be seen is believed for a lease."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from desktop.jobs.liveness import LEASE_S, has_exited, is_on_this_machine
from desktop.jobs.model import Job, JobState
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime import stall_timer
from desktop.runtime.process_identity import current_process_identity, machine_id, process_start_time
from tests.helpers.rows import claim_job, simulate_dead_owner, simulate_remote_owner, update_rows

DAY = 86_400
TICK = 2.0


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
    """Let this process's own clock go on by so many seconds."""
    now = [1000.0]
    monkeypatch.setattr(stall_timer, "monotonic", lambda: now[0])

    def on(seconds: float) -> None:
        now[0] += seconds

    return on


def look_for(store: JobStore, seconds: float, pass_time: Callable[[float], None]) -> list[str]:
    """Look for lost owners every two seconds for so long. All that were found."""
    found = store.release_orphans()
    for _ in range(int(seconds / TICK)):
        pass_time(TICK)
        found += store.release_orphans()
    return found


def elsewhere(home: Home, store: JobStore) -> Job:
    """A job that is in work on another machine."""
    job = claim_job(store)
    simulate_remote_owner(home, job)
    return job


def test_who_lives_is_not_gone() -> None:
    assert not has_exited(current_process_identity())


def test_a_process_that_was_given_the_number_of_a_dead_owner_is_not_that_owner() -> None:
    assert has_exited(f"{machine_id()}/{os.getpid()}/1")


def test_who_was_killed_is_gone_also_while_its_parent_has_not_noticed(other: "subprocess.Popen[bytes]") -> None:
    process = psutil.Process(other.pid)
    name = f"{machine_id()}/{other.pid}/{process_start_time(other.pid)}"
    assert not has_exited(name)
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        pass
    assert has_exited(name)
    other.wait()
    assert has_exited(name)


def test_of_a_process_on_another_machine_nothing_is_known() -> None:
    assert not has_exited("elsewhere/999999/0")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PID namespaces")
def test_two_containers_of_one_host_name_are_two_machines() -> None:
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert machine_id() == f"{platform.node()}:{kernel}:{Path('/proc/self/ns/pid').stat().st_ino}"
    assert not is_on_this_machine(f"{platform.node()}:{kernel}:4026599999/{os.getpid()}/1")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may make a PID namespace")
def test_a_process_in_another_pid_namespace_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "from desktop.runtime.process_identity import current_process_identity; print(current_process_identity())",
    ]
    made = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", *words], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no namespaces here: {made.stderr.strip()}")
    assert not is_on_this_machine(made.stdout.strip())
    assert not has_exited(made.stdout.strip())


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["back", "forward"])
def test_a_living_owner_on_this_machine_is_believed_whatever_the_clocks_say(
    home: Home, jump: float, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = claim_job(store)
    update_rows(home, f"lease_until = lease_until + {jump}, started = started + {jump}")
    assert look_for(store, 10 * LEASE_S, pass_time) == []
    assert store.claim(job.id) is None
    assert store.job(job.id).crashes == 0


def test_a_killed_owner_on_this_machine_is_lost_at_once(home: Home) -> None:
    store = JobStore(home)
    job = claim_job(store)
    simulate_dead_owner(home, job)
    assert store.release_orphans() == [job.id]
    assert store.job(job.id).state is JobState.PENDING


def test_an_owner_on_another_machine_is_lost_after_a_lease_without_a_sign_of_life_and_not_before(
    home: Home, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = elsewhere(home, store)
    assert look_for(store, LEASE_S - TICK, pass_time) == []
    assert store.heartbeat(job, None, 0.5, 1.0, None)
    assert look_for(store, LEASE_S - TICK, pass_time) == []
    assert look_for(store, TICK, pass_time) == [job.id]
    assert store.job(job.id).state is JobState.PENDING


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["slow", "fast"])
def test_the_clock_of_another_machine_is_not_compared_with_ours(
    home: Home, jump: float, pass_time: Callable[[float], None]
) -> None:
    store = JobStore(home)
    job = elsewhere(home, store)
    update_rows(home, f"lease_until = lease_until + {jump}")
    assert look_for(store, LEASE_S - TICK, pass_time) == []
    assert look_for(store, TICK, pass_time) == [job.id]


def test_a_sleep_of_this_computer_is_no_silence_of_an_owner(home: Home, pass_time: Callable[[float], None]) -> None:
    store = JobStore(home)
    elsewhere(home, store)
    for _ in range(3):
        assert look_for(store, TICK, pass_time) == []
        pass_time(34.0)


def test_an_owner_on_another_machine_keeps_its_job_when_another_worker_asks_for_it(home: Home) -> None:
    store = JobStore(home)
    job = elsewhere(home, store)
    update_rows(home, "lease_until = 0")
    assert store.claim(job.id) is None
