"""A worker from a shell, on a Redis that somebody else runs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobOptions, JobState
from desktop.paths import Home
from desktop.tasks.redis_client import redis_client
from tests.helpers.command import ROOT, command_environment, run_unbraid, unbraid_command
from tests.helpers.library import assert_all_ended, find_processes, wait_until, write_song
from tests.helpers.redis_server import redis_on_free_port
from tests.unit.test_environment import ANOTHER_APPLICATIONS

SKETCH = JobOptions(model="sketch")
SECRET = "s3cr3t"
PASSWORD = f"{SECRET} :/@?#%41[word]"
# A program of its users' that waits for results.
ASK = """
import sys
from desktop.tasks.audio_jobs import process_audio_job
asked = process_audio_job.delay(job_id=sys.argv[1])
print(asked.id, asked.get(timeout=60)["status"], process_audio_job.delay().get(timeout=60)["status"], sep="\\n")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Redis on a port of its own, with a password, as REDIS_* describe it."""
    with redis_on_free_port(tmp_path, "--requirepass", PASSWORD) as address:
        yield address | {"REDIS_DB": "3", "REDIS_PASSWORD": PASSWORD}


def test_with_redis_host_set_that_redis_is_used_and_none_is_started(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    answer = run_unbraid(
        library, "separate", "--json", "--model", "sketch", write_song(tmp_path / "song.wav"), **server
    )
    assert answer.exit_status == 0, answer.stderr
    assert answer.json_lines[0]["status"] == "completed"
    assert not (library / "logs" / "redis.log").exists()


def test_a_detached_worker_from_a_shell_serves_the_queue_and_ends_also_when_its_redis_has_gone(
    server: dict[str, str], tmp_path: Path
) -> None:
    library = tmp_path / "library"
    # Whatever the shell has for another application: its broker, its queues, its project.
    environment = command_environment(library, **server | ANOTHER_APPLICATIONS | {"CELERY_WORKER_QUEUES": "theirs"})
    pidfile, log = tmp_path / "worker.pid", tmp_path / "worker.log"
    celery = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app"]
    options = ["--loglevel=info", "--concurrency=4", f"--logfile={log}", f"--pidfile={pidfile}", "--detach"]
    subprocess.run([*celery, "worker", *options], cwd=ROOT, env=environment, check=True, timeout=60)
    try:
        assert "process_audio_job" in registered(celery, environment)
        worker = psutil.Process(int(pidfile.read_text()))
        worker.terminate()
        redis_on(server["REDIS_PORT"]).kill()
        worker.wait(60)
        assert_all_ended(library)
    finally:
        for left in find_processes(library):
            left.kill()
    assert not pidfile.exists()
    assert not list((library / "logs" / "crashes").glob("*.txt"))


def redis_on(port: str) -> psutil.Process:
    processes = psutil.process_iter(["cmdline"])  # a zombie of an earlier test has no words
    return next(each for each in processes if port in " ".join(each.info["cmdline"] or ()))


def test_a_redis_that_does_not_answer_or_does_not_let_us_in_is_named_at_once(
    server: dict[str, str], tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.wav")
    away = run_unbraid(tmp_path / "library", "separate", song, **server | {"REDIS_PORT": "9"})
    assert away.exit_status == 1
    assert "The Redis at 127.0.0.1:9 does not answer" in away.stderr
    refused = run_unbraid(tmp_path / "library", "separate", song, **server | {"REDIS_PASSWORD": "wrong"})
    assert refused.exit_status == 1
    assert "wants another password" in refused.stderr
    assert "Traceback" not in away.stderr + refused.stderr


def test_the_password_is_nowhere_to_be_read(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    wrong = server | {"REDIS_PASSWORD": f"{SECRET}: another"}
    said = [
        *_words_of_a_separation(server, library, tmp_path),
        *_words_of_a_shell(command_environment(library, **server)),
    ]
    for words, environment in ((("doctor",), server), (("doctor",), wrong), (("separate", tmp_path), wrong)):
        answer = run_unbraid(library, *words, **environment)
        said += [answer.stdout, answer.stderr]
    said += [log.read_text(errors="replace") for log in (library / "logs").rglob("*") if log.is_file()]
    assert any("process_audio_job" in words for words in said)
    assert [words for words in said if SECRET in words] == []


def _words_of_a_separation(server: dict[str, str], library: Path, folder: Path) -> list[str]:
    """All that a command says, and how its processes are listed meanwhile."""
    told = folder / "told.txt"
    song = write_song(folder / "song.wav", 60.0)
    with told.open("wb") as out:
        app = subprocess.Popen(
            unbraid_command("separate", "--model", "sketch", song), cwd=ROOT, env=command_environment(library, **server), stdout=out,
            stderr=out,
        )  # fmt: skip
        wait_until(lambda: len(find_processes(library)) >= 3)
        commands = [" ".join(process.cmdline()) for process in find_processes(library)]
        assert app.wait(120) == 0
    return [told.read_text(), *commands]


def _words_of_a_shell(environment: dict[str, str]) -> list[str]:
    """What Celery's own commands say, as loudly as they can."""
    celery = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app"]
    with subprocess.Popen(
        [*celery, "worker", "--loglevel=debug", "--pool=solo"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as worker:  # fmt: skip
        try:
            known = registered(celery, environment)
            report = subprocess.run([*celery, "report"], cwd=ROOT, env=environment, capture_output=True, check=True)
        finally:
            worker.terminate()
        return [known, report.stdout.decode(), report.stderr.decode(), worker.communicate()[0]]


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
    service = Backend(Home(root).create_folders()).service
    job = service.add(write_song(tmp_path / "song.wav", 600), JobOptions(model="sketch"))
    words = unbraid_command("worker", "--logfile", tmp_path / "worker.log")
    with subprocess.Popen(words, cwd=ROOT, env=command_environment(root, **server), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as worker:  # fmt: skip
        wait_until(lambda: service.job(job.id).progress > 0)
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    left = service.job(job.id)
    assert (left.state, left.crashes) == (JobState.PENDING, 0)
    assert left.progress > 0
    assert_all_ended(root)


def shell_worker(log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A plain Celery worker, as its users start one."""
    words = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app", "worker", "--concurrency=1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*words, "--loglevel=info", f"--logfile={log}"], cwd=ROOT, env=environment, **quiet)


def test_shell_workers_alone_lose_no_song_and_give_results(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "library"
    environment = command_environment(root, **server)
    for name in ("UNBRAID_HOME", *server):
        monkeypatch.setenv(name, environment[name])
    service = Backend(Home(root).create_folders()).service
    song = service.add(write_song(tmp_path / "song.wav", 150), SKETCH)
    workers = [shell_worker(tmp_path / "one.log", environment)]
    try:
        wait_until(lambda: service.job(song.id).progress > 0.1)
        workers[0].kill()
        workers.append(shell_worker(tmp_path / "two.log", environment))
        wait_until(lambda: service.job(song.id).state is JobState.COMPLETED, timeout_s=180)
        assert service.job(song.id).token == 2

        asked, known, unknown = subprocess.run(
            [sys.executable, "-c", ASK, song.id.upper()], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=True, timeout=120,
        ).stdout.splitlines()  # fmt: skip
        assert (known, unknown) == ("completed", "failed")
        with redis_client() as client:
            assert 0 < client.ttl(f"celery-task-meta-{asked}") <= 3600
            # Nobody asked for the results of the app's own messages.
            assert len(client.keys("celery-task-meta-*")) == 2
            client.flushall()

        retried = service.add(write_song(tmp_path / "retried.wav", 1), SKETCH)
        wait_until(lambda: service.job(retried.id).state is JobState.COMPLETED)
        assert not list((root / "logs" / "crashes").glob("*.txt"))

        left = service.add(write_song(tmp_path / "left.wav", 600), SKETCH)
        wait_until(lambda: Home(root).job_folder(left.id).count_finished_segments() > 0)
        workers[1].terminate()
        assert workers[1].wait(60) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    job = service.job(left.id)
    assert (job.state, job.crashes) == (JobState.PENDING, 0)
    assert Home(root).job_folder(left.id).count_finished_segments() > 0
    assert "was lost" not in (tmp_path / "two.log").read_text().partition(retried.id)[2]
    assert_all_ended(root, timeout_s=15)
