"""`unbraid doctor` beside a window, beside other workers, and when a component does not respond."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from kombu.pidbox import Mailbox

from desktop.cli.doctor import Verdict, run_checks
from desktop.jobs.model import JobOptions, JobState
from desktop.tasks.celery_app import app
from desktop.tasks.queue import find_workers
from desktop.tasks.redis_client import redis_client, redis_names
from tests.helpers.command import (
    ROOT,
    CommandResult,
    command_environment,
    run_unbraid,
    running_process,
    unbraid_command,
)
from tests.helpers.library import RunningLibrary, running_library, wait_until, write_song
from tests.helpers.small_disk import small_disk

# The promised time, plus the start of a process on a busy machine (seconds).
TIME_LIMIT_S = 20 + 30


@pytest.fixture
def library(tmp_path: Path) -> Iterator[RunningLibrary]:
    """Run a library with both workers, as an open window does."""
    with running_library(tmp_path / "library", drafts=True) as running:
        yield running


def find_check(result: CommandResult, name: str) -> dict[str, Any]:
    assert "Traceback" not in result.stdout + result.stderr
    (checks,) = result.json_lines
    return next(check for check in checks if check["name"] == name)


def test_doctor_tells_song_draft_and_unrelated_workers_apart(library: RunningLibrary, tmp_path: Path) -> None:
    wait_until(lambda: len(find_workers().drafts) == 1)
    job = library.service.add(write_song(tmp_path / "song.wav", 300), JobOptions(model="sketch"))
    library.wait_for(job, JobState.PROCESSING)
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "desktop.tasks.celery_app",
        "worker",
        "-Q",
        "theirs",
        "-P",
        "solo",
    ]
    with running_process(
        [*command, "-n", "stranger@%h"], library.home.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        wait_until(lambda: len(find_workers().others) == 1)
        workers = find_workers()
        result = run_unbraid(library.home.root, "doctor", "--json")
    assert [name.split("@")[0] for name in workers.songs] == ["app"]
    assert [name.split("@")[0] for name in workers.others] == ["stranger"]
    check = find_check(result, "worker")
    assert check["verdict"] == "ok", check
    assert f"{workers.songs[0]} takes songs." in check["found"]
    assert "stranger" not in check["found"]


def test_workers_with_the_same_name_are_reported_once_without_a_warning(library: RunningLibrary) -> None:
    command = unbraid_command("worker", "--loglevel=error")
    with running_process(command, library.home.root), running_process(command, library.home.root):
        wait_until(
            lambda: (
                sorted(name.split("@")[0] for name in list_responding_workers()) == ["app", "celery", "celery", "draft"]
            )
        )
        result = run_unbraid(library.home.root, "doctor", "--json")
    assert result.stderr == ""
    assert "app@" in find_check(result, "worker")["found"]
    assert ", celery@" in find_check(result, "worker")["found"]


def list_responding_workers() -> list[str]:
    """Return the name of every worker that replies, once per reply."""
    with app.connection_for_write() as connection:
        replies = Mailbox(redis_names().control_exchange, "fanout", connection, accept=["json"]).multi_call(
            "ping", timeout=2.0
        )
    return [name for reply in replies or () for name in reply]


def test_doctor_reports_an_unresponsive_or_full_redis_within_its_time_limit(library: RunningLibrary) -> None:
    process = psutil.Process(json.loads((library.home.runtime_dir / "redis.pid").read_text())["pid"])
    process.suspend()
    try:
        frozen = subprocess.run(
            [sys.executable, "-m", "desktop", "doctor", "--json"], cwd=ROOT, env=command_environment(library.home.root),
            capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False,
        )  # fmt: skip
    finally:
        process.resume()
    result = CommandResult(frozen.returncode, frozen.stdout, frozen.stderr)
    assert result.exit_status == 1
    assert find_check(result, "redis")["found"].startswith("Unbraid's own Redis does not answer.")
    assert find_check(result, "worker")["verdict"] == "problem"
    with redis_client() as client:
        client.config_set("maxmemory", 1)
        full = run_unbraid(library.home.root, "doctor", "--json")
        client.config_set("maxmemory", 0)
    assert full.exit_status == 1
    assert "has no memory left" in find_check(full, "redis")["found"]


@pytest.mark.parametrize(
    ("name", "value"), [("REDIS_PORT", "tcp://172.17.0.2:6379"), ("REDIS_DB", "x"), ("UNBRAID_HOME", "~nobody-here/x")]
)
def test_invalid_environment_variable_is_a_failed_check(tmp_path: Path, name: str, value: str) -> None:
    result = run_unbraid(tmp_path / "library", "doctor", "--json", **{"REDIS_HOST": "127.0.0.1", name: value})
    assert result.exit_status == 1
    assert find_check(result, "variables")["found"].startswith(f"{name} is '{value}'. It must be")


def test_doctor_reports_a_disk_without_free_inodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", 3000) as disk:
        disk.remount("nr_inodes=200")
        monkeypatch.setenv("UNBRAID_HOME", str(disk.mount_point / "library"))
        nearly_full = next(run_checks())
        fill_with_files(disk.mount_point)
        full = next(run_checks())
    assert nearly_full.verdict is Verdict.WARNING
    assert "more files can be created" in nearly_full.found
    assert full.verdict is Verdict.PROBLEM
    assert full.found.endswith("cannot be written: the disk cannot hold more files.")
    assert full.mend == "Delete some files on it, or set UNBRAID_HOME to another folder."


def fill_with_files(folder: Path) -> None:
    with suppress(OSError):
        for number in range(1000):
            (folder / str(number)).touch()
