"""kill -9 at ten random moments of one song: every finished segment is kept, and the stems are the same bits.

`UNBRAID_RESUME_SEED` (default 1) chooses the moments.
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
PATIENCE = 300.0


@pytest.mark.timeout(3600)
def test_a_song_whose_processes_are_killed_ten_times_goes_on_each_time_and_comes_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    library = tmp_path / "library"
    home = Home(library).create_folders()
    import_tiny_model(home, tmp_path)
    song = write_song(tmp_path / "song.wav", SECONDS)
    told: list[str] = []
    with virtual_screen() as screen, ExitStack() as always:
        monkeypatch.setenv("UNBRAID_HOME", str(library))  # not sooner: the screen is nobody's victim
        service = Backend(home).service
        app = always.enter_context(_running_app(library, screen))
        job = service.add(song, JobOptions(model=TINY_MODEL_NAME))
        segments = FinishedSegments(home, job)
        began = monotonic()
        for kill, moment in enumerate(sorted(chance.sample(range(1, SEGMENTS), KILLS))):
            wait_until(lambda: segments.count() >= moment, PATIENCE, interval_s=0.01)  # noqa: B023
            victim = ("owner", "worker", "app")[kill % 3]
            app.kill(_process(app, victim, library))
            told.append(f"{victim} at {segments.count()}")
        wait_until(
            lambda: segments.count() == SEGMENTS or service.job(job.id).state.has_ended, PATIENCE, interval_s=0.01
        )
        stopped, seconds = _done(service, job), monotonic() - began
        uninterrupted = _done(service, service.add(song, JobOptions(model=TINY_MODEL_NAME)))
        wait_until(lambda: not list_leftovers(home, stopped) and not list_leftovers(home, uninterrupted))
    with capsys.disabled():
        print(
            f"\nseed {SEED}: {seconds:.0f} s; {', '.join(told)}; crashes counted at the end: {stopped.crashes}", end=""
        )
    assert_same_stems(stopped, uninterrupted)
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


def _process(app: App, victim: str, library: Path) -> psutil.Process:
    if victim == "app":
        return psutil.Process(app.process.pid)
    found: list[psutil.Process] = []

    def is_there() -> bool:
        # Two moments may be so near to each other that nobody works on the song yet.
        with suppress(StopIteration, psutil.NoSuchProcess):
            found.append(find_owner(library) if victim == "owner" else find_worker(library))
        return bool(found)

    wait_until(is_there)
    return found[0]


def _done(service: JobService, job: Job) -> Job:
    wait_until(lambda: service.job(job.id).state.has_ended, PATIENCE)
    ended = service.job(job.id)
    assert (ended.state, ended.error) == (JobState.COMPLETED, None)
    return ended
