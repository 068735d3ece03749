"""`unbraid doctor` beside a window, beside workers of shells and strangers, and where something does not answer."""

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

# What it promises, and the start of a process on a busy machine (seconds).
LIMIT = 20 + 30


@pytest.fixture
def library(tmp_path: Path) -> Iterator[RunningLibrary]:
    """A library with both workers, as an open window has them."""
    with running_library(tmp_path / "library", drafts=True) as running_one:
        yield running_one


def found(answer: CommandResult, name: str) -> dict[str, Any]:
    assert "Traceback" not in answer.stdout + answer.stderr
    (checks,) = answer.json_lines
    return next(check for check in checks if check["name"] == name)


def test_beside_an_open_window_songs_drafts_and_strangers_are_told_apart(
    library: RunningLibrary, tmp_path: Path
) -> None:
    wait_until(lambda: len(find_workers().drafts) == 1)
    job = library.service.add(write_song(tmp_path / "song.wav", 300), JobOptions(model="sketch"))
    library.wait_for(job, JobState.PROCESSING)
    stranger = [
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
        [*stranger, "-n", "stranger@%h"], library.home.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        wait_until(lambda: len(find_workers().others) == 1)
        workers = find_workers()
        answer = run_unbraid(library.home.root, "doctor", "--json")
    assert [name.split("@")[0] for name in workers.songs] == ["app"]
    assert [name.split("@")[0] for name in workers.others] == ["stranger"]
    check = found(answer, "worker")
    assert check["verdict"] == "ok", check
    assert f"{workers.songs[0]} takes songs." in check["found"]
    assert "stranger" not in check["found"]


def test_workers_of_one_name_are_counted_as_one_without_a_warning(library: RunningLibrary) -> None:
    words = unbraid_command("worker", "--loglevel=error")
    with running_process(words, library.home.root), running_process(words, library.home.root):
        wait_until(lambda: sorted(name.split("@")[0] for name in answering()) == ["app", "celery", "celery", "draft"])
        answer = run_unbraid(library.home.root, "doctor", "--json")
    assert answer.stderr == ""
    assert "app@" in found(answer, "worker")["found"]
    assert ", celery@" in found(answer, "worker")["found"]


def answering() -> list[str]:
    """The name of every worker that answers, as often as it does."""
    with app.connection_for_write() as connection:
        replies = Mailbox(redis_names().control_exchange, "fanout", connection, accept=["json"]).multi_call(
            "ping", timeout=2.0
        )
    return [name for reply in replies or () for name in reply]


def test_a_redis_that_does_not_answer_or_has_no_room_is_told_in_a_sentence_and_in_time(library: RunningLibrary) -> None:
    process = psutil.Process(json.loads((library.home.runtime_dir / "redis.pid").read_text())["pid"])
    process.suspend()
    try:
        frozen = subprocess.run(
            [sys.executable, "-m", "desktop", "doctor", "--json"], cwd=ROOT, env=command_environment(library.home.root),
            capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
    finally:
        process.resume()
    answer = CommandResult(frozen.returncode, frozen.stdout, frozen.stderr)
    assert answer.exit_status == 1
    assert found(answer, "redis")["found"].startswith("Unbraid's own Redis does not answer.")
    assert found(answer, "worker")["verdict"] == "problem"
    with redis_client() as client:
        client.config_set("maxmemory", 1)
        full = run_unbraid(library.home.root, "doctor", "--json")
        client.config_set("maxmemory", 0)
    assert full.exit_status == 1
    assert "has no memory left" in found(full, "redis")["found"]


@pytest.mark.parametrize(
    ("name", "value"), [("REDIS_PORT", "tcp://172.17.0.2:6379"), ("REDIS_DB", "x"), ("UNBRAID_HOME", "~nobody-here/x")]
)
def test_a_variable_that_cannot_be_used_is_a_check_that_failed(tmp_path: Path, name: str, value: str) -> None:
    answer = run_unbraid(tmp_path / "library", "doctor", "--json", **{"REDIS_HOST": "127.0.0.1", name: value})
    assert answer.exit_status == 1
    assert found(answer, "variables")["found"].startswith(f"{name} is '{value}'. It must be")


def test_a_disk_that_holds_no_more_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", 3000) as disk:
        disk.remount("nr_inodes=200")
        monkeypatch.setenv("UNBRAID_HOME", str(disk.mount_point / "library"))
        few = next(run_checks())
        fill_with_files(disk.mount_point)
        none = next(run_checks())
    assert few.verdict is Verdict.WARNING
    assert "more files can be made" in few.found
    assert none.verdict is Verdict.PROBLEM
    assert none.found.endswith("cannot be written: the disk holds as many files as it can.")
    assert none.mend == "Delete some of them, or set UNBRAID_HOME to another folder."


def fill_with_files(folder: Path) -> None:
    with suppress(OSError):
        for number in range(1000):
            (folder / str(number)).touch()
