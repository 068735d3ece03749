"""The thread that keeps Redis and the worker running: whatever happens to it, it says so, and nobody waits for ever."""

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
from tests.helpers.library import assert_all_ended, find_processes, wait_until


class Rows:
    """Does what a test says at each step, and else nothing."""

    def __init__(self, **steps: Callable[[], object]) -> None:
        self.steps = steps
        self.asked: list[str] = []

    def rebuild(self) -> None:
        self._do("rebuild")

    def reconcile(self) -> None:
        self._do("check")

    def release_ended_jobs(self) -> None:
        self._do("give_back")

    def is_stuck(self) -> bool:
        return bool(self._do("is_stuck"))

    def _do(self, step: str) -> object:
        self.asked.append(step)
        return self.steps.get(step, lambda: None)()


def fail(error: Exception) -> Callable[[], NoReturn]:
    def failing(*_: object) -> NoReturn:
        raise error

    return failing


class Trial:
    """A supervisor on a library of its own, and all that it told."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        self.troubles: list[str | None] = []
        self.made: list[Supervisor] = []

    def supervisor(self, rows: Rows, on_trouble: Callable[[str | None], None] | None = None) -> Supervisor:
        self.made.append(Supervisor(self.home, rows, on_trouble or self.troubles.append, makes_drafts=False))
        return self.made[-1]


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "library"))
    made = Trial(tmp_path / "library")
    yield made
    for supervisor in made.made:
        supervisor.stop()


def worker_of(home: Home) -> int:
    return next(p.pid for p in find_processes(home.root) if "worker" in p.cmdline())


def test_redis_and_the_worker_start_and_end_also_when_the_queue_cannot_be_made_anew(trial: Trial) -> None:
    full = fail(StorageError("The library cannot be written."))
    rows = Rows(rebuild=full, check=full, give_back=full, is_stuck=full)
    supervisor = trial.supervisor(rows)
    supervisor.start()
    assert {"redis-server" in process.cmdline()[0] for process in find_processes(trial.home.root)} >= {True, False}
    supervisor.stop()
    assert_all_ended(trial.home.root)
    assert not trial.home.runtime_dir.exists()
    assert {"rebuild", "check", "give_back", "is_stuck"} == set(rows.asked)
    assert not trial.troubles


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("nobody foresaw it"), "something went wrong in Unbraid itself"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/run/file/unbraid"), "not a folder: /run/file/unbraid"),
        (OSError("of no number"), "the system reports an error"),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_the_start_says_so_and_it_goes_on_trying(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    start = RedisServer.start
    monkeypatch.setattr(RedisServer, "start", fail(error))
    supervisor = trial.supervisor(Rows())
    with pytest.raises(ServiceUnavailableError, match=words):
        supervisor.start()
    monkeypatch.setattr(RedisServer, "start", start)
    wait_until(lambda: trial.troubles[-1] is None)
    assert worker_of(trial.home)


def test_what_goes_wrong_where_it_is_told_does_not_end_the_thread(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RedisServer, "start", fail(OSError(errno.EMFILE, "Too many open files")))
    told: list[str | None] = []

    def tell(trouble: str | None) -> None:
        told.append(trouble)
        raise KeyError("the listener's own fault")

    supervisor = trial.supervisor(Rows(), tell)
    with pytest.raises(ServiceUnavailableError, match="too many files are open"):
        supervisor.start()
    monkeypatch.undo()
    monkeypatch.setenv("UNBRAID_HOME", str(trial.home.root))
    wait_until(lambda: told[-1] is None)


def test_a_start_that_hangs_returns_when_somebody_stops_it(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STOP_TIMEOUT_S", 0.5)
    hangs, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> NoReturn:
        hangs.set()
        go_on.wait()
        raise ServiceUnavailableError("At last.")

    monkeypatch.setattr(RedisServer, "start", hang)
    supervisor = trial.supervisor(Rows())
    starting = threading.Thread(target=supervisor.start)
    starting.start()
    assert hangs.wait(10)
    supervisor.stop()
    starting.join(10)
    assert not starting.is_alive()
    go_on.set()


def test_a_redis_that_is_silent_is_told_once_that_has_lasted_and_no_more_when_it_answers(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT_AFTER_S", 1.0)
    monkeypatch.setattr(module, "_POLL_INTERVAL_S", 0.5)
    rows = Rows()
    supervisor = trial.supervisor(rows)
    supervisor.start()
    rows.steps["check"] = fail(ServiceUnavailableError("It does not answer."))
    wait_until(lambda: trial.troubles == ["It does not answer."])
    rows.steps.clear()
    wait_until(lambda: trial.troubles == ["It does not answer.", None])


def test_a_redis_of_our_own_that_is_silent_for_long_is_started_anew(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RESTART_AFTER_S", 1.0)
    monkeypatch.setattr(module, "_POLL_INTERVAL_S", 0.5)
    rows = Rows()
    supervisor = trial.supervisor(rows)
    supervisor.start()
    (silent,) = [p for p in find_processes(trial.home.root) if "redis-server" in p.cmdline()[0]]
    silent.suspend()
    rows.steps["check"] = fail(ServiceUnavailableError("It does not answer."))
    wait_until(lambda: not psutil.pid_exists(silent.pid))
    rows.steps.clear()
    wait_until(lambda: any("redis-server" in p.cmdline()[0] for p in find_processes(trial.home.root)))


def test_a_worker_that_lives_and_takes_nothing_is_started_anew(trial: Trial) -> None:
    rows = Rows()
    supervisor = trial.supervisor(rows)
    supervisor.start()
    stuck = worker_of(trial.home)
    psutil.Process(stuck).suspend()
    rows.steps["is_stuck"] = lambda: psutil.pid_exists(stuck)
    wait_until(lambda: not psutil.pid_exists(stuck))
    wait_until(lambda: any("worker" in p.cmdline() for p in find_processes(trial.home.root)))
