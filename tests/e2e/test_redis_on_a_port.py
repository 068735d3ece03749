"""The library's own Redis where there are no unix sockets: on a port of this machine, for who knows the password."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from desktop.jobs.model import JobOptions, JobState
from desktop.paths import Home
from desktop.runtime.redis_endpoint import read_endpoint, write_endpoint
from desktop.settings import RedisSettings
from desktop.supervisor.redis_server import RedisServer
from desktop.tasks.celery_app import broker_url
from tests.helpers.command import ROOT, command_environment, run_unbraid
from tests.helpers.library import RunningLibrary, assert_all_ended, running_library, write_song

SKETCH = JobOptions(model="sketch")
# An app as on a system that does not end children with their parents.
APP = """
import sys, threading
import desktop.runtime.processes, desktop.supervisor.child_process
desktop.supervisor.child_process.end_with_parent_options = desktop.runtime.processes.new_session_options
import desktop.supervisor.redis_server
desktop.supervisor.redis_server.USES_TCP = True
from desktop.backend import Backend
from desktop.paths import find_home
backend = Backend(find_home().create_folders())
backend.start()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def by_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.supervisor.redis_server.USES_TCP", True)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[RunningLibrary]:
    with running_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(Home(tmp_path / "library").create_folders())
    server.start()
    yield server
    server.stop()


def client(home: Home, password: str | None = None) -> redis.Redis:
    told = read_endpoint(home)
    assert told is not None
    return redis.Redis(told.host, told.port, password=password or told.password)


def redis_of(home: Home) -> psutil.Process:
    return psutil.Process(json.loads((home.runtime_dir / "redis.pid").read_text())["pid"])


def test_a_song_is_separated_live_and_a_command_beside_the_window_finds_the_same_redis(
    library: RunningLibrary, tmp_path: Path
) -> None:
    job = library.service.add(write_song(tmp_path / "song.wav"), SKETCH)
    done = library.wait_for(job, JobState.COMPLETED, JobState.FAILED)
    assert (done.state, done.null_dbfs) == (JobState.COMPLETED, -300)
    assert [event for event in library.progress if event.job_id == job.id]
    assert not library.home.redis_socket.exists()
    answer = run_unbraid(library.home.root, "doctor", "--json")
    verdicts = {check["name"]: check["verdict"] for check in json.loads(answer.stdout)}
    assert (verdicts["redis"], verdicts["worker"]) == ("ok", "ok")


def test_a_song_in_work_is_not_even_disturbed_when_redis_dies(library: RunningLibrary, tmp_path: Path) -> None:
    first = library.service.add(write_song(tmp_path / "first.wav", seconds=60), SKETCH)
    second = library.service.add(write_song(tmp_path / "second.wav"), SKETCH)
    library.wait_for_progress(first)
    before = read_endpoint(library.home)
    redis_of(library.home).kill()
    done = library.wait_for(first, JobState.COMPLETED, JobState.FAILED)
    assert (done.state, done.token) == (JobState.COMPLETED, 1)
    assert library.wait_for(second, JobState.COMPLETED, JobState.FAILED).state is JobState.COMPLETED
    assert read_endpoint(library.home) == before


def test_songs_are_separated_also_when_a_stranger_took_the_port_of_a_redis_that_died(
    library: RunningLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_endpoint(library.home)
    assert before is not None
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def be_quicker(_: Path) -> None:
            if stranger.getsockname()[1] == 0:
                stranger.bind(("127.0.0.1", before.port))
                stranger.listen()

        monkeypatch.setattr("desktop.supervisor.redis_server.remove_stale_runtime_dirs", be_quicker)
        redis_of(library.home).kill()
        library.wait_until(lambda: read_endpoint(library.home) not in (None, before))
        job = library.service.add(write_song(tmp_path / "song.wav"), SKETCH)
        assert library.wait_for(job, JobState.COMPLETED, JobState.FAILED).state is JobState.COMPLETED
        now = read_endpoint(library.home)
        assert now is not None
        assert now.port != before.port
        assert now.password != before.password


def test_nobody_is_let_in_without_the_password_and_only_from_this_machine(server: RedisServer, tmp_path: Path) -> None:
    home = Home(tmp_path / "library")
    told = read_endpoint(home)
    assert told is not None
    with redis.Redis(told.host, told.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with client(home, "guessed") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with client(home) as we:
        assert we.ping()
    assert server.child is not None
    held = psutil.Process(server.child.process.pid).net_connections("inet")
    assert {(one.laddr.ip, one.laddr.port) for one in held if one.status == psutil.CONN_LISTEN} == {
        ("127.0.0.1", told.port)
    }


def test_the_password_is_told_to_the_user_alone(server: RedisServer, tmp_path: Path) -> None:
    home = Home(tmp_path / "library")
    told = read_endpoint(home)
    assert told is not None
    assert told.password
    assert len(told.password) > 40
    assert home.redis_endpoint_file.stat().st_mode & 0o077 == 0
    assert home.runtime_dir.stat().st_mode & 0o077 == 0
    assert server.child is not None
    process = psutil.Process(server.child.process.pid)
    assert told.password not in " ".join(process.cmdline())
    assert told.password not in str(process.environ())
    assert all(told.password not in file.read_text(errors="replace") for file in home.logs.rglob("*") if file.is_file())


def test_another_start_has_another_password(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    passwords: set[str | None] = set()
    for _ in range(2):
        server = RedisServer(home)
        server.start()
        told = read_endpoint(home)
        assert told is not None
        passwords.add(told.password)
        server.stop()
        assert read_endpoint(home) is None
    assert len(passwords) == 2


def test_what_a_killed_app_left_is_ended_and_does_not_mislead_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    left = RedisServer(home)
    left.start()
    assert left.child is not None
    stale = read_endpoint(home)
    assert stale is not None
    server = RedisServer(home)  # nobody stopped the first
    server.start()
    try:
        assert not left.child.is_alive
        told = read_endpoint(home)
        assert told is not None
        assert told.password != stale.password
        with client(home) as we:
            assert we.ping()
    finally:
        server.stop()
        left.stop()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"port": "x", "password": 1}', '{"port": 7}', "\xff"])
def test_a_damaged_note_of_the_port_is_none(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path / "library")
    home.runtime_dir.mkdir(mode=0o700, parents=True)
    home.redis_endpoint_file.write_text(text, encoding="latin-1")
    assert read_endpoint(home) is None


def test_a_library_without_a_running_redis_never_speaks_to_a_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "library"))
    home = Home(tmp_path / "library")
    home.runtime_dir.mkdir(mode=0o700, parents=True)
    write_endpoint(home, RedisSettings("192.0.2.1", 7, 0, "secret: with / signs"))
    # Whatever the note says, only this machine is asked.
    assert broker_url() == "redis://:secret%3A%20with%20%2F%20signs@127.0.0.1:7/0"


def test_nothing_outlives_an_app_that_was_killed_where_the_system_does_not_end_its_children(tmp_path: Path) -> None:
    root = tmp_path / "library"
    app = subprocess.Popen(
        [sys.executable, "-c", APP], cwd=ROOT, env=command_environment(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert app.stdout is not None
    assert app.stdout.readline() == b"ready\n"
    children = [*psutil.Process(app.pid).children(recursive=True)]
    assert redis_of(Home(root)) in children
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    assert_all_ended(root)
