"""Random kill -9 over window, worker, child and Redis while songs are separated: nothing is lost, none done twice.

`UNBRAID_CHAOS_SECONDS` (default 60) and `UNBRAID_CHAOS_SEEDS` (default "1") choose how long and how.
"""

import os
import random
import subprocess
from pathlib import Path
from time import monotonic

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.paths import Home
from tests.helpers.command import ROOT, variables, words_of
from tests.helpers.library import processes_of, until, write_song
from tests.helpers.screen import Screen, virtual_screen

pytestmark = pytest.mark.faults
SECONDS = float(os.environ.get("UNBRAID_CHAOS_SECONDS", "60"))
SEEDS = [int(word) for word in os.environ.get("UNBRAID_CHAOS_SEEDS", "1").split()]
# Songs that wait or run at any time, and seconds between kills.
WAITING = 4
LEAST, MOST = 0.5, 4.0


class App:
    """The window, started again whenever it was killed."""

    def __init__(self, library: Path, screen: Screen) -> None:
        self._library = library
        self._environment = variables(library) | screen.environment
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(words_of(), cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)

    def victims(self) -> list[psutil.Process]:
        """Everything that belongs to it."""
        found = {process.pid: process for process in processes_of(self._library)}
        return list(found.values())

    def kill(self, victim: psutil.Process) -> None:
        """kill -9, and start the window again if it was it."""
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return
        if victim.pid == self.process.pid:
            self.process.wait()
            self.start()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_song_is_lost_done_twice_or_stuck(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    library = tmp_path / "library"
    song = write_song(tmp_path / "song.wav", seconds=8)
    kills = 0
    with virtual_screen() as screen:
        monkeypatch.setenv("UNBRAID_HOME", str(library))  # not sooner: the screen is nobody's victim
        service = Backend(Home(library).prepare()).service
        app = App(library, screen)
        end = monotonic() + SECONDS
        while monotonic() < end:
            while sum(not job.state.ended for job in service.jobs()) < WAITING:
                service.add(song, JobOptions(model="sketch"))
            _wait(app.process, chance.uniform(LEAST, MOST))
            victims = app.victims()
            if victims:
                app.kill(chance.choice(victims))
                kills += 1
        until(lambda: all(job.state.ended for job in service.jobs()), patience=60)
        app.process.terminate()
        app.process.wait(60)
    jobs = service.jobs()
    given_up = [job for job in jobs if job.state is JobState.FAILED]
    with capsys.disabled():
        print(f"\nseed {seed}: {len(jobs)} songs, {kills} kills; given up at the crash bound: {len(given_up)}", end="")
    assert all(job.crashes >= 3 for job in given_up)
    assert all(_is_whole(Home(library), job) for job in jobs if job not in given_up)
    assert not processes_of(library)


def _is_whole(home: Home, job: Job) -> bool:
    """Completed, with the one set of stems that its row names, and nothing beside it."""
    runs = [folder.name for folder in home.job(job.id).root.glob("run-*")]
    stems = all(stem.path.exists() and stem.path.parent.name == runs[0] for stem in job.stems)
    return job.state is JobState.COMPLETED and runs == [f"run-{job.token}"] and len(job.stems) == 4 and stems


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
