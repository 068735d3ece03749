"""`worker_trouble` considers only the workers of its own library, even when libraries share a Redis."""

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
    """Run a Redis that several libraries share, and yield its process id."""
    with redis_on_free_port(tmp_path) as address:
        for name, value in address.items():
            monkeypatch.setenv(name, value)
        processes = psutil.process_iter(["cmdline"])  # a zombie of an earlier test has no command line
        yield next(
            process.pid for process in processes if address["REDIS_PORT"] in " ".join(process.info["cmdline"] or ())
        )


def test_worker_trouble_is_none_only_while_a_worker_of_this_library_takes_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, common_redis: int
) -> None:
    our_backend = Backend(Home(tmp_path / "ours").create_folders())
    with running_library(tmp_path / "theirs"):
        monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "ours"))
        # The other library's worker replies, but does not count.
        assert str(our_backend.worker_trouble()) == "No worker takes songs from this library's queue."
    with running_library(tmp_path / "ours", drafts=True) as library:
        assert library.backend.worker_trouble() is None
        assert _workers_sending_heartbeats() == {"app", "draft"}
        _assert_trouble_while_worker_is_suspended(library, tmp_path)
        os.kill(common_redis, signal.SIGSTOP)
        try:
            assert "does not answer" in str(library.backend.worker_trouble())
        finally:
            os.kill(common_redis, signal.SIGCONT)


def _workers_sending_heartbeats() -> set[str]:
    """Return the idle workers that send heartbeat events, as Flower receives them."""
    seen: set[str] = set()

    def on_heartbeat(event: dict[str, str]) -> None:
        seen.add(event["hostname"].partition("@")[0])
        receiver.should_stop = len(seen) == 2

    with app.connection_for_read(broker_url()) as connection:
        receiver = app.events.Receiver(connection, handlers={"worker-heartbeat": on_heartbeat})
        receiver.capture(limit=None, timeout=60)
    return seen


def _assert_trouble_while_worker_is_suspended(library: RunningLibrary, folder: Path) -> None:
    """Check that a suspended worker is reported although the draft worker still replies; it takes no jobs."""
    worker = find_worker(library.home.root)
    worker.suspend()
    try:
        library.service.add(write_song(folder / "song.wav", 1.0), SKETCH)
        assert str(library.backend.worker_trouble()) == "No worker takes songs from this library's queue."
    finally:
        worker.resume()
    library.wait_until(lambda: all(job.state.has_ended for job in library.service.jobs()))
