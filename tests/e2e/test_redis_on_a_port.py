"""The library's own Redis on systems without Unix sockets: on a local port, protected by a password."""

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
from desktop.supervisor.redis_server import RedisServer
from desktop.tasks.celery_app import broker_url
from desktop.variables import RedisSettings
from tests.helpers.command import ROOT, command_environment, run_unbraid
from tests.helpers.library import TIMEOUT_S, RunningLibrary, assert_all_ended, running_library, write_song

SKETCH = JobOptions(model="sketch")
# The app as on a system that does not end children with their parents.
APP_SCRIPT = """
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
def use_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
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


def connect(home: Home, password: str | None = None) -> redis.Redis:
    endpoint = read_endpoint(home)
    assert endpoint is not None
    return redis.Redis(endpoint.host, endpoint.port, password=password or endpoint.password)


def redis_process(home: Home) -> psutil.Process:
    return psutil.Process(json.loads((home.runtime_dir / "redis.pid").read_text())["pid"])


def test_job_completes_with_live_events_and_doctor_finds_the_redis_on_its_port(
    library: RunningLibrary, tmp_path: Path
) -> None:
    job = library.service.add(write_song(tmp_path / "song.wav"), SKETCH)
    done = library.wait_for(job, JobState.COMPLETED, JobState.FAILED)
    assert (done.state, done.null_dbfs) == (JobState.COMPLETED, -300)
    assert [event for event in library.progress if event.job_id == job.id]
    assert not library.home.redis_socket.exists()
    result = run_unbraid(library.home.root, "doctor", "--json")
    verdicts = {check["name"]: check["verdict"] for check in json.loads(result.stdout)}
    assert (verdicts["redis"], verdicts["worker"]) == ("ok", "ok")


def test_killed_redis_restarts_on_the_same_endpoint_without_interrupting_the_running_job(
    library: RunningLibrary, tmp_path: Path
) -> None:
    first = library.service.add(write_song(tmp_path / "first.wav", seconds=60), SKETCH)
    second = library.service.add(write_song(tmp_path / "second.wav"), SKETCH)
    library.wait_for_progress(first)
    before = read_endpoint(library.home)
    redis_process(library.home).kill()
    done = library.wait_for(first, JobState.COMPLETED, JobState.FAILED)
    assert (done.state, done.token) == (JobState.COMPLETED, 1)
    assert library.wait_for(second, JobState.COMPLETED, JobState.FAILED).state is JobState.COMPLETED
    assert read_endpoint(library.home) == before


def test_killed_redis_restarts_on_a_new_port_with_a_new_password_when_its_port_is_taken(
    library: RunningLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_endpoint = read_endpoint(library.home)
    assert old_endpoint is not None
    with socket.socket() as other_socket:
        other_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def take_port(_: Path) -> None:
            if other_socket.getsockname()[1] == 0:
                other_socket.bind(("127.0.0.1", old_endpoint.port))
                other_socket.listen()

        monkeypatch.setattr("desktop.supervisor.redis_server.remove_stale_runtime_dirs", take_port)
        redis_process(library.home).kill()
        library.wait_until(lambda: read_endpoint(library.home) not in (None, old_endpoint))
        job = library.service.add(write_song(tmp_path / "song.wav"), SKETCH)
        assert library.wait_for(job, JobState.COMPLETED, JobState.FAILED).state is JobState.COMPLETED
        new_endpoint = read_endpoint(library.home)
        assert new_endpoint is not None
        assert new_endpoint.port != old_endpoint.port
        assert new_endpoint.password != old_endpoint.password


def test_redis_requires_the_password_and_listens_only_on_localhost(server: RedisServer, tmp_path: Path) -> None:
    home = Home(tmp_path / "library")
    endpoint = read_endpoint(home)
    assert endpoint is not None
    with redis.Redis(endpoint.host, endpoint.port) as intruder, pytest.raises(redis.AuthenticationError):
        intruder.ping()
    with connect(home, "guessed") as intruder, pytest.raises(redis.AuthenticationError):
        intruder.ping()
    with connect(home) as connection:
        assert connection.ping()
    assert server.child is not None
    sockets = psutil.Process(server.child.process.pid).net_connections("inet")
    assert {
        (listener.laddr.ip, listener.laddr.port) for listener in sockets if listener.status == psutil.CONN_LISTEN
    } == {("127.0.0.1", endpoint.port)}


def test_redis_password_is_readable_only_by_the_user(server: RedisServer, tmp_path: Path) -> None:
    home = Home(tmp_path / "library")
    endpoint = read_endpoint(home)
    assert endpoint is not None
    assert endpoint.password
    assert len(endpoint.password) > 40
    assert home.redis_endpoint_file.stat().st_mode & 0o077 == 0
    assert home.runtime_dir.stat().st_mode & 0o077 == 0
    assert server.child is not None
    process = psutil.Process(server.child.process.pid)
    assert endpoint.password not in " ".join(process.cmdline())
    assert endpoint.password not in str(process.environ())
    assert all(
        endpoint.password not in file.read_text(errors="replace") for file in home.logs.rglob("*") if file.is_file()
    )


def test_each_start_of_redis_uses_a_new_password(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    passwords: set[str | None] = set()
    for _ in range(2):
        server = RedisServer(home)
        server.start()
        endpoint = read_endpoint(home)
        assert endpoint is not None
        passwords.add(endpoint.password)
        server.stop()
        assert read_endpoint(home) is None
    assert len(passwords) == 2


def test_leftover_redis_of_a_killed_app_is_stopped_and_its_endpoint_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    leftover = RedisServer(home)
    leftover.start()
    assert leftover.child is not None
    stale_endpoint = read_endpoint(home)
    assert stale_endpoint is not None
    server = RedisServer(home)  # the first was never stopped
    server.start()
    try:
        assert not leftover.child.is_alive
        endpoint = read_endpoint(home)
        assert endpoint is not None
        assert endpoint.password != stale_endpoint.password
        with connect(home) as connection:
            assert connection.ping()
    finally:
        server.stop()
        leftover.stop()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"port": "x", "password": 1}', '{"port": 7}', "\xff"])
def test_damaged_endpoint_file_is_ignored(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path / "library")
    home.runtime_dir.mkdir(mode=0o700, parents=True)
    home.redis_endpoint_file.write_text(text, encoding="latin-1")
    assert read_endpoint(home) is None


def test_broker_url_uses_localhost_whatever_host_the_endpoint_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "library"))
    home = Home(tmp_path / "library")
    home.runtime_dir.mkdir(mode=0o700, parents=True)
    write_endpoint(home, RedisSettings("192.0.2.1", 7, 0, "secret: with / signs"))
    # Only this machine is asked, whatever host the file names.
    assert broker_url() == "redis://:secret%3A%20with%20%2F%20signs@127.0.0.1:7/0"


def test_killed_app_leaves_no_process_even_where_children_outlive_their_parents(tmp_path: Path) -> None:
    root = tmp_path / "library"
    app = subprocess.Popen(
        [sys.executable, "-c", APP_SCRIPT], cwd=ROOT, env=command_environment(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert app.stdout is not None
    assert app.stdout.readline() == b"ready\n"
    children = [*psutil.Process(app.pid).children(recursive=True)]
    assert redis_process(Home(root)) in children
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    _, alive = psutil.wait_procs(children, timeout=TIMEOUT_S)
    assert not alive
    assert_all_ended(root)
