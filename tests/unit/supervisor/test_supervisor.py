"""The one who keeps Redis and the worker running."""

from pathlib import Path

import pytest

from desktop.errors import StorageError
from desktop.paths import Home
from desktop.supervisor.supervisor import Supervisor
from tests.helpers.library import processes_of


class Broken:
    """Cannot compare anything: the library's disk is full, say."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def _fail(self, step: str) -> None:
        self.asked.append(step)
        raise StorageError("The library cannot be written.")

    def rebuild(self) -> None:
        self._fail("rebuild")

    def check(self) -> None:
        self._fail("check")

    def give_back(self) -> None:
        self._fail("give back")


def test_redis_and_the_worker_start_and_end_also_when_the_queue_cannot_be_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "library"))
    home = Home(tmp_path / "library").prepare()
    reconciler, troubles = Broken(), list[str | None]()
    supervisor = Supervisor(home, reconciler, troubles.append, drafts=False)
    supervisor.start()
    assert {"redis-server" in process.cmdline()[0] for process in processes_of(home.root)} >= {True, False}
    supervisor.stop()
    assert not processes_of(home.root)
    assert {"rebuild", "check", "give back"} == set(reconciler.asked)
    assert not troubles
