"""A worker from a shell, on a Redis that somebody else runs."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobOptions, JobState
from desktop.paths import Home
from desktop.supervisor.redis import find_binary
from desktop.tasks.audio_jobs import process_audio_job
from desktop.tasks.celery_app import app
from tests.helpers.command import ROOT, unbraid, variables, words_of
from tests.helpers.library import processes_of, until, write_song

PASSWORD = "a word"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Redis on a port of its own, with a password, as REDIS_* describe it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [find_binary(), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", ""]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"Ready to accept" in line or b"ready to accept" in line:
                break
        yield {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "REDIS_DB": "3", "REDIS_PASSWORD": PASSWORD}
        process.terminate()


def test_with_redis_host_set_that_redis_is_used_and_none_is_started(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    answer = unbraid(library, "separate", "--json", "--model", "sketch", write_song(tmp_path / "song.wav"), **server)
    assert answer.status == 0, answer.err
    assert answer.objects[0]["status"] == "completed"
    assert not (library / "logs" / "redis.log").exists()


def test_a_detached_worker_from_a_shell_serves_the_queue(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    environment = variables(library, **server)
    pidfile, log = tmp_path / "worker.pid", tmp_path / "worker.log"
    celery = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app"]
    options = ["--loglevel=info", "--concurrency=4", f"--logfile={log}", f"--pidfile={pidfile}", "--detach"]
    subprocess.run([*celery, "worker", *options], cwd=ROOT, env=environment, check=True, timeout=60)
    try:
        assert "process_audio_job" in registered(celery, environment)
    finally:
        os.kill(int(pidfile.read_text()), signal.SIGTERM)


def registered(celery: list[str], environment: dict[str, str]) -> str:
    """What the worker says it can do; asked until it is there to answer."""
    for _ in range(15):
        words = [*celery, "inspect", "registered", "--timeout", "2"]
        said = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if said.returncode == 0:
            return said.stdout
    raise AssertionError(said.stderr)


def test_a_worker_that_is_told_to_end_waits_for_its_song_no_longer_than_five_seconds_and_gives_it_back(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "library"
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    service = Backend(Home(root).prepare()).service
    job = service.add(write_song(tmp_path / "song.wav", 600), JobOptions(model="sketch"))
    words = words_of("worker", "--logfile", tmp_path / "worker.log")
    with subprocess.Popen(words, cwd=ROOT, env=variables(root, **server), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as worker:  # fmt: skip
        until(lambda: service.job(job.id).progress > 0)
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    left = service.job(job.id)
    assert (left.state, left.crashes) == (JobState.PENDING, 0)
    assert left.progress > 0
    assert not processes_of(root)


def test_an_id_that_is_no_uuid_fails_at_once() -> None:
    assert "process_audio_job" in app.tasks
    for bad in ("nonsense", "../../etc/passwd", "0C9C7D0E-7F0E-4A52-9A0B-0D4F4A2B6D11", ""):
        answer = process_audio_job(bad)
        assert answer["status"] == "failed"
        assert "UUID" in answer["error"]
