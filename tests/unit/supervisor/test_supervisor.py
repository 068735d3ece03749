"""The thread that keeps Redis and the worker running: it reports each failure, and no caller waits for ever."""

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from desktop.errors import ServiceUnavailableError, StorageError
from desktop.paths import Home
from desktop.supervisor import supervisor as module
from desktop.supervisor.redis_server import RedisServer
from desktop.supervisor.supervisor import Supervisor
from desktop.text.message import Message, verbatim
from tests.helpers.library import assert_all_ended, find_processes, wait_until


class FakeReconciler:
    """A reconciler whose steps do what the test says, and otherwise nothing."""

    def __init__(self, **steps: Callable[[], object]) -> None:
        self.steps = steps
        self.calls: list[str] = []

    def rebuild(self) -> None:
        self._call("rebuild")

    def reconcile(self) -> None:
        self._call("reconcile")

    def release_ended_jobs(self) -> None:
        self._call("release_ended_jobs")

    def needs_draft_worker(self) -> bool:
        return bool(self.steps.get("needs_draft_worker", lambda: False)())

    def is_stuck(self) -> bool:
        return bool(self._call("is_stuck"))

    def _call(self, step: str) -> object:
        self.calls.append(step)
        return self.steps.get(step, lambda: None)()


def raiser(error: Exception) -> Callable[[], NoReturn]:
    def raise_error(*_: object) -> NoReturn:
        raise error

    return raise_error


class Trial:
    """A supervisor with its own library, and the troubles that it reported."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        self.troubles: list[Message | None] = []
        self.supervisors: list[Supervisor] = []

    def supervisor(
        self, reconciler: FakeReconciler, on_trouble: Callable[[Message | None], None] | None = None
    ) -> Supervisor:
        self.supervisors.append(
            Supervisor(self.home, reconciler, on_trouble or self.troubles.append, makes_drafts=False)
        )
        return self.supervisors[-1]


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "library"))
    harness = Trial(tmp_path / "library")
    yield harness
    for supervisor in harness.supervisors:
        supervisor.stop()


def worker_pid(home: Home) -> int:
    return next(p.pid for p in find_processes(home.root) if "worker" in p.cmdline())


def test_redis_and_worker_start_and_stop_even_if_the_queue_cannot_be_rebuilt(trial: Trial) -> None:
    library_error = raiser(StorageError(verbatim("The library cannot be written.")))
    reconciler = FakeReconciler(
        rebuild=library_error, reconcile=library_error, release_ended_jobs=library_error, is_stuck=library_error
    )
    supervisor = trial.supervisor(reconciler)
    supervisor.start()
    assert {"redis-server" in process.cmdline()[0] for process in find_processes(trial.home.root)} >= {True, False}
    supervisor.stop()
    assert_all_ended(trial.home.root)
    assert not trial.home.runtime_dir.exists()
    assert {"rebuild", "reconcile", "release_ended_jobs", "is_stuck"} == set(reconciler.calls)
    assert not trial.troubles


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("nobody foresaw it"), "because of an internal error"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/run/file/unbraid"), "not a folder: /run/file/unbraid"),
        (OSError("of no number"), "the system reports an error"),
    ],
)  # fmt: skip
def test_start_raises_the_reason_of_a_failure_and_the_thread_keeps_trying(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    start = RedisServer.start
    monkeypatch.setattr(RedisServer, "start", raiser(error))
    supervisor = trial.supervisor(FakeReconciler())
    with pytest.raises(ServiceUnavailableError, match=message):
        supervisor.start()
    monkeypatch.setattr(RedisServer, "start", start)
    wait_until(lambda: trial.troubles[-1] is None)
    assert worker_pid(trial.home)


def test_error_in_the_trouble_callback_does_not_end_the_thread(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisServer, "start", raiser(OSError(errno.EMFILE, "Too many open files")))
    troubles: list[Message | None] = []

    def on_trouble(trouble: Message | None) -> None:
        troubles.append(trouble)
        raise KeyError("the listener's own fault")

    supervisor = trial.supervisor(FakeReconciler(), on_trouble)
    with pytest.raises(ServiceUnavailableError, match="too many files are open"):
        supervisor.start()
    monkeypatch.undo()
    monkeypatch.setenv("UNBRAID_HOME", str(trial.home.root))
    wait_until(lambda: troubles[-1] is None)


def test_hanging_start_returns_when_the_supervisor_is_stopped(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STOP_TIMEOUT_S", 0.5)
    hanging, released = threading.Event(), threading.Event()

    def hang(*_: object) -> NoReturn:
        hanging.set()
        released.wait()
        raise ServiceUnavailableError(verbatim("At last."))

    monkeypatch.setattr(RedisServer, "start", hang)
    supervisor = trial.supervisor(FakeReconciler())
    starting = threading.Thread(target=supervisor.start)
    starting.start()
    assert hanging.wait(10)
    supervisor.stop()
    starting.join(10)
    assert not starting.is_alive()
    released.set()


def test_silent_redis_is_reported_once_after_a_delay_and_cleared_when_it_answers(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT_AFTER_S", 1.0)
    monkeypatch.setattr(module, "_POLL_INTERVAL_S", 0.5)
    reconciler = FakeReconciler()
    supervisor = trial.supervisor(reconciler)
    supervisor.start()
    reconciler.steps["reconcile"] = raiser(ServiceUnavailableError(verbatim("It does not answer.")))
    wait_until(lambda: trial.troubles == [verbatim("It does not answer.")])
    reconciler.steps.clear()
    wait_until(lambda: trial.troubles == [verbatim("It does not answer."), None])


def test_own_redis_that_stays_silent_is_restarted(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESTART_AFTER_S", 1.0)
    monkeypatch.setattr(module, "_POLL_INTERVAL_S", 0.5)
    reconciler = FakeReconciler()
    supervisor = trial.supervisor(reconciler)
    supervisor.start()
    (redis_process,) = [p for p in find_processes(trial.home.root) if "redis-server" in p.cmdline()[0]]
    redis_process.suspend()
    reconciler.steps["reconcile"] = raiser(ServiceUnavailableError(verbatim("It does not answer.")))
    wait_until(lambda: not psutil.pid_exists(redis_process.pid))
    reconciler.steps.clear()
    wait_until(lambda: any("redis-server" in p.cmdline()[0] for p in find_processes(trial.home.root)))


def test_stuck_worker_is_restarted(trial: Trial) -> None:
    reconciler = FakeReconciler()
    supervisor = trial.supervisor(reconciler)
    supervisor.start()
    stuck = worker_pid(trial.home)
    psutil.Process(stuck).suspend()
    reconciler.steps["is_stuck"] = lambda: psutil.pid_exists(stuck)
    wait_until(lambda: not psutil.pid_exists(stuck))
    wait_until(lambda: any("worker" in p.cmdline() for p in find_processes(trial.home.root)))
