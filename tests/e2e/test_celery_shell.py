"""Celery workers started from a shell, on an external Redis."""

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
from tests.unit.runtime.test_environment import ANOTHER_APPLICATIONS

SKETCH = JobOptions(model="sketch")
SECRET = "s3cr3t"
PASSWORD = f"{SECRET} :/@?#%41[word]"
# A user's own program that waits for task results.
CLIENT_SCRIPT = """
import sys
from desktop.tasks.audio_jobs import process_audio_job
result = process_audio_job.delay(job_id=sys.argv[1])
print(result.id, result.get(timeout=60)["status"], process_audio_job.delay().get(timeout=60)["status"], sep="\\n")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a Redis with a password on a free port, and yield the REDIS_* variables that select it."""
    with redis_on_free_port(tmp_path, "--requirepass", PASSWORD) as address:
        yield address | {"REDIS_DB": "3", "REDIS_PASSWORD": PASSWORD}


def test_redis_host_variable_selects_an_external_redis_and_starts_none(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    result = run_unbraid(
        library, "separate", "--json", "--model", "sketch", write_song(tmp_path / "song.wav"), **server
    )
    assert result.exit_status == 0, result.stderr
    assert result.json_lines[0]["status"] == "completed"
    assert not (library / "logs" / "redis.log").exists()


def test_detached_celery_worker_registers_its_task_and_stops_even_after_redis_is_killed(
    server: dict[str, str], tmp_path: Path
) -> None:
    library = tmp_path / "library"
    # The shell may hold variables of another application: its broker, its queues, its project.
    environment = command_environment(library, **server | ANOTHER_APPLICATIONS | {"CELERY_WORKER_QUEUES": "theirs"})
    pidfile, log = tmp_path / "worker.pid", tmp_path / "worker.log"
    celery = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app"]
    options = ["--loglevel=info", "--concurrency=4", f"--logfile={log}", f"--pidfile={pidfile}", "--detach"]
    subprocess.run([*celery, "worker", *options], cwd=ROOT, env=environment, check=True, timeout=60)
    try:
        assert "process_audio_job" in wait_for_registered_tasks(celery, environment)
        worker = psutil.Process(int(pidfile.read_text()))
        worker.terminate()
        redis_process(server["REDIS_PORT"]).kill()
        worker.wait(60)
        assert_all_ended(library)
    finally:
        for process in find_processes(library):
            process.kill()
    assert not pidfile.exists()
    assert not list((library / "logs" / "crashes").glob("*.txt"))


def redis_process(port: str) -> psutil.Process:
    processes = psutil.process_iter(["cmdline"])  # a zombie of an earlier test has no command line
    return next(process for process in processes if port in " ".join(process.info["cmdline"] or ()))


def test_error_names_an_external_redis_that_is_unreachable_or_rejects_the_password(
    server: dict[str, str], tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.wav")
    unreachable = run_unbraid(tmp_path / "library", "separate", song, **server | {"REDIS_PORT": "9"})
    assert unreachable.exit_status == 1
    assert "The Redis at 127.0.0.1:9 does not answer" in unreachable.stderr
    refused = run_unbraid(tmp_path / "library", "separate", song, **server | {"REDIS_PASSWORD": "wrong"})
    assert refused.exit_status == 1
    assert "needs a different password" in refused.stderr
    assert "Traceback" not in unreachable.stderr + refused.stderr


def test_redis_password_appears_in_no_output_command_line_or_log(server: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "library"
    wrong_password = server | {"REDIS_PASSWORD": f"{SECRET}: another"}
    texts = [
        *_separation_output(server, library, tmp_path),
        *_celery_output(command_environment(library, **server)),
    ]
    for arguments, environment in (
        (("doctor",), server),
        (("doctor",), wrong_password),
        (("separate", tmp_path), wrong_password),
    ):
        result = run_unbraid(library, *arguments, **environment)
        texts += [result.stdout, result.stderr]
    texts += [log.read_text(errors="replace") for log in (library / "logs").rglob("*") if log.is_file()]
    assert any("process_audio_job" in text for text in texts)
    assert [text for text in texts if SECRET in text] == []


def _separation_output(server: dict[str, str], library: Path, folder: Path) -> list[str]:
    """Separate a song, and return the command's output and the command lines of its processes meanwhile."""
    output_path = folder / "output.txt"
    song = write_song(folder / "song.wav", 60.0)
    with output_path.open("wb") as out:
        app = subprocess.Popen(
            unbraid_command("separate", "--model", "sketch", song), cwd=ROOT, env=command_environment(library, **server), stdout=out,
            stderr=out,
        )  # fmt: skip
        wait_until(lambda: len(find_processes(library)) >= 3)
        commands = [" ".join(process.cmdline()) for process in find_processes(library)]
        assert app.wait(120) == 0
    return [output_path.read_text(), *commands]


def _celery_output(environment: dict[str, str]) -> list[str]:
    """Return the output of Celery's own commands at their most verbose."""
    celery = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app"]
    with subprocess.Popen(
        [*celery, "worker", "--loglevel=debug", "--pool=solo"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as worker:  # fmt: skip
        try:
            registered = wait_for_registered_tasks(celery, environment)
            report = subprocess.run([*celery, "report"], cwd=ROOT, env=environment, capture_output=True, check=True)
        finally:
            worker.terminate()
        return [registered, report.stdout.decode(), report.stderr.decode(), worker.communicate()[0]]


def wait_for_registered_tasks(celery: list[str], environment: dict[str, str]) -> str:
    """Return the tasks that the worker reports; ask until it replies."""
    for _ in range(15):
        command = [*celery, "inspect", "registered", "--timeout", "2"]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return result.stdout
    raise AssertionError(result.stderr)


def test_terminated_worker_returns_its_running_job_to_the_queue_without_a_crash(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "library"
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    service = Backend(Home(root).create_folders()).service
    job = service.add(write_song(tmp_path / "song.wav", 600), JobOptions(model="sketch"))
    command = unbraid_command("worker", "--logfile", tmp_path / "worker.log")
    with subprocess.Popen(command, cwd=ROOT, env=command_environment(root, **server), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as worker:  # fmt: skip
        wait_until(lambda: service.job(job.id).progress > 0)
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    released = service.job(job.id)
    assert (released.state, released.crashes) == (JobState.PENDING, 0)
    assert released.progress > 0
    assert_all_ended(root)


def start_celery_worker(log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a plain Celery worker, as users do."""
    command = [sys.executable, "-m", "celery", "-A", "desktop.tasks.celery_app", "worker", "--concurrency=1"]
    no_output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--loglevel=info", f"--logfile={log}"], cwd=ROOT, env=environment, **no_output)


def test_celery_workers_without_the_app_complete_every_job_and_return_results(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "library"
    environment = command_environment(root, **server)
    for name in ("UNBRAID_HOME", *server):
        monkeypatch.setenv(name, environment[name])
    service = Backend(Home(root).create_folders()).service
    job = service.add(write_song(tmp_path / "song.wav", 60), SKETCH)
    workers = [start_celery_worker(tmp_path / "one.log", environment)]
    try:
        wait_until(lambda: service.job(job.id).progress > 0.1)
        workers[0].kill()
        workers.append(start_celery_worker(tmp_path / "two.log", environment))
        wait_until(lambda: service.job(job.id).state is JobState.COMPLETED)
        assert service.job(job.id).token == 2

        task_id, known_status, unknown_status = subprocess.run(
            [sys.executable, "-c", CLIENT_SCRIPT, job.id.upper()], cwd=ROOT, env=environment, capture_output=True,
            text=True, check=True, timeout=120,
        ).stdout.splitlines()  # fmt: skip
        assert (known_status, unknown_status) == ("completed", "failed")
        with redis_client() as client:
            assert 0 < client.ttl(f"celery-task-meta-{task_id}") <= 3600
            # The app's own messages store no results.
            assert len(client.keys("celery-task-meta-*")) == 2
            client.flushall()

        retried = service.add(write_song(tmp_path / "retried.wav", 1), SKETCH)
        wait_until(lambda: service.job(retried.id).state is JobState.COMPLETED)
        assert not list((root / "logs" / "crashes").glob("*.txt"))

        unfinished = service.add(write_song(tmp_path / "left.wav", 600), SKETCH)
        wait_until(lambda: Home(root).job_folder(unfinished.id).count_finished_segments() > 0)
        workers[1].terminate()
        assert workers[1].wait(60) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    released = service.job(unfinished.id)
    assert (released.state, released.crashes) == (JobState.PENDING, 0)
    assert Home(root).job_folder(unfinished.id).count_finished_segments() > 0
    assert "was lost" not in (tmp_path / "two.log").read_text().partition(retried.id)[2]
    assert_all_ended(root)
