"""SIGKILL at ten random moments of one job: every finished segment is kept, and the stems are bit-identical.

`UNBRAID_RESUME_SEED` (default 1) seeds the choice of the moments.
"""

import os
import random
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.service import JobService
from desktop.paths import Home
from tests.faults.test_chaos import App
from tests.helpers.library import assert_all_ended, wait_until, write_song
from tests.helpers.resume import (
    TINY_MODEL_NAME,
    FinishedSegments,
    assert_same_stems,
    find_owner,
    find_worker,
    import_tiny_model,
    list_leftovers,
)
from tests.helpers.screen import Screen, virtual_screen

pytestmark = pytest.mark.faults
SEED = int(os.environ.get("UNBRAID_RESUME_SEED", "1"))
# The track is cut into this many segments, 3 s apart.
SECONDS, SEGMENTS, KILLS = 300.0, 100, 10
TIMEOUT_S = 300.0


@pytest.mark.timeout(3600)
def test_job_killed_ten_times_resumes_each_time_and_yields_the_same_stems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    library = tmp_path / "library"
    home = Home(library).create_folders()
    import_tiny_model(home, tmp_path)
    song = write_song(tmp_path / "song.wav", SECONDS)
    kills: list[str] = []
    with virtual_screen() as screen, ExitStack() as stack:
        monkeypatch.setenv(
            "UNBRAID_HOME", str(library)
        )  # not earlier: the screen must not be found among the app's processes
        service = Backend(home).service
        app = stack.enter_context(_running_app(library, screen))
        job = service.add(song, JobOptions(model=TINY_MODEL_NAME))
        segments = FinishedSegments(home, job)
        started = monotonic()
        for kill, segment_count in enumerate(sorted(rng.sample(range(1, SEGMENTS), KILLS))):
            wait_until(lambda: segments.count() >= segment_count, TIMEOUT_S, interval_s=0.01)  # noqa: B023
            role = ("owner", "worker", "app")[kill % 3]
            app.kill_and_restart(_find_process(app, role, library))
            kills.append(f"{role} at {segments.count()}")
        wait_until(
            lambda: segments.count() == SEGMENTS or service.job(job.id).state.has_ended, TIMEOUT_S, interval_s=0.01
        )
        interrupted, seconds = _wait_until_completed(service, job), monotonic() - started
        uninterrupted = _wait_until_completed(service, service.add(song, JobOptions(model=TINY_MODEL_NAME)))
        wait_until(lambda: not list_leftovers(home, interrupted) and not list_leftovers(home, uninterrupted))
    with capsys.disabled():
        print(
            f"\nseed {SEED}: {seconds:.0f} s; {', '.join(kills)}; crashes counted at the end: {interrupted.crashes}",
            end="",
        )
    assert_same_stems(interrupted, uninterrupted)
    assert segments.count() == SEGMENTS
    assert_all_ended(library)


@contextmanager
def _running_app(library: Path, screen: Screen) -> Generator[App]:
    app = App(library, screen)
    try:
        yield app
    finally:
        app.process.terminate()
        app.process.wait(60)


def _find_process(app: App, role: str, library: Path) -> psutil.Process:
    if role == "app":
        return psutil.Process(app.process.pid)
    found: list[psutil.Process] = []

    def is_running() -> bool:
        # When two kills follow closely, no process may have claimed the job yet.
        with suppress(StopIteration, psutil.NoSuchProcess):
            found.append(find_owner(library) if role == "owner" else find_worker(library))
        return bool(found)

    wait_until(is_running)
    return found[0]


def _wait_until_completed(service: JobService, job: Job) -> Job:
    wait_until(lambda: service.job(job.id).state.has_ended, TIMEOUT_S)
    ended = service.job(job.id)
    assert (ended.state, ended.error) == (JobState.COMPLETED, None)
    return ended
