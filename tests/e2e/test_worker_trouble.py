"""Whether a worker takes songs: asked of the workers of this library, whoever else is on the same Redis."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobOptions
from desktop.paths import Home
from desktop.tasks.celery_app import app, broker_url
from tests.helpers.library import RunningLibrary, running_library, write_song
from tests.helpers.redis_server import redis_on_free_port
from tests.helpers.resume import find_worker

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def common_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A Redis that several libraries use; the number of its process."""
    with redis_on_free_port(tmp_path) as address:
        for name, value in address.items():
            monkeypatch.setenv(name, value)
        processes = psutil.process_iter(["cmdline"])  # a zombie of an earlier test has no words
        yield next(each.pid for each in processes if address["REDIS_PORT"] in " ".join(each.info["cmdline"] or ()))


def test_a_worker_that_takes_songs_is_told_from_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, common_redis: int
) -> None:
    ours = Backend(Home(tmp_path / "ours").create_folders())
    with running_library(tmp_path / "theirs"):
        monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "ours"))
        # Another library's worker answers, and is none of ours.
        assert ours.worker_trouble() == "No worker takes songs from this library's queue."
    with running_library(tmp_path / "ours", drafts=True) as library:
        assert library.backend.worker_trouble() is None
        assert _seen_by_monitors() == {"app", "draft"}
        _hold(library, tmp_path)
        os.kill(common_redis, signal.SIGSTOP)
        try:
            assert "does not answer" in (library.backend.worker_trouble() or "")
        finally:
            os.kill(common_redis, signal.SIGCONT)


def _seen_by_monitors() -> set[str]:
    """The workers that give signs of life while they have nothing to do, as Flower hears them."""
    seen: set[str] = set()

    def hear(event: dict[str, str]) -> None:
        seen.add(event["hostname"].partition("@")[0])
        receiver.should_stop = len(seen) == 2

    with app.connection_for_read(broker_url()) as connection:
        receiver = app.events.Receiver(connection, handlers={"worker-heartbeat": hear})
        receiver.capture(limit=None, timeout=60)
    return seen


def _hold(library: RunningLibrary, folder: Path) -> None:
    """The worker's main process answers no more: its draft worker does, and takes no songs."""
    hangs = find_worker(library.home.root)
    hangs.suspend()
    try:
        library.service.add(write_song(folder / "song.wav", 1.0), SKETCH)
        assert library.backend.worker_trouble() == "No worker takes songs from this library's queue."
    finally:
        hangs.resume()
    library.wait_until(lambda: all(job.state.has_ended for job in library.service.jobs()))
