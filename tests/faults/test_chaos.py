"""Random kill -9 over window, command, worker, child and Redis, while songs are added, paused, moved and cancelled.

Nothing is lost, nothing committed twice, nothing stuck. `UNBRAID_CHAOS_SECONDS` (default 60) and `UNBRAID_CHAOS_SEEDS`
(default "1") choose how long and how; 600 s are 200 kills.
"""

import os
import random
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psutil
import pytest

from desktop.backend import Backend
from desktop.errors import JobStateError
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.service import JobService
from desktop.jobs.transitions import MAX_CRASHES
from desktop.paths import Home
from desktop.settings import Settings, save_settings
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import assert_all_ended, find_processes, wait_until, write_song
from tests.helpers.screen import Screen, virtual_screen

pytestmark = pytest.mark.faults
SECONDS = float(os.environ.get("UNBRAID_CHAOS_SECONDS", "60"))
SEEDS = [int(word) for word in os.environ.get("UNBRAID_CHAOS_SEEDS", "1").split()]
KILLS = round(SECONDS / 3)
# Songs that wait or run at any time, songs in the queue at most, and seconds between kills.
WAITING, MOST_OPEN = 4, 10
LEAST, MOST = 0.4, 3.6
# Every song has ended so soon after the last kill (seconds).
PATIENCE = 60.0


class App:
    """The window, or with a song a command in a terminal, started again whenever it was killed."""

    def __init__(self, library: Path, screen: Screen) -> None:
        self._library = library
        self._environment = command_environment(library) | screen.environment
        self.start()

    def start(self, *words: str | Path) -> None:
        self.process = subprocess.Popen(
            unbraid_command(*words),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def victims(self) -> list[psutil.Process]:
        """Everything that belongs to it."""
        found = {process.pid: process for process in find_processes(self._library)}
        return list(found.values())

    def kill(self, victim: psutil.Process) -> None:
        """kill -9, and start the window again if it was it."""
        self.strike(victim)
        if self.process.poll() is not None:
            self.start()

    def strike(self, victim: psutil.Process) -> None:
        """kill -9; what is started next is the caller's choice."""
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return
        if victim.pid == self.process.pid:
            self.process.wait()


@dataclass
class User:
    """Somebody who cannot leave the queue alone."""

    service: JobService
    song: Path
    chance: random.Random
    cancelled: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    deeds: Counter[str] = field(default_factory=Counter)

    def add_songs(self) -> None:
        """Keep some songs in line, and not too many of those that were paused."""
        jobs = self.service.jobs()
        self.seen |= {job.id for job in jobs}
        unfinished = [job for job in jobs if not job.state.has_ended]
        free = sum(not job.paused for job in unfinished)
        for _ in range(min(WAITING - free, MOST_OPEN - len(unfinished))):
            self.seen.add(self.service.add(self.song, JobOptions(model="sketch")).id)

    def do_something(self) -> None:
        """One deed, to any song that has not ended. It may end in the same moment."""
        unfinished = [job for job in self.service.jobs() if not job.state.has_ended]
        deed = self.chance.choice(("pause", "resume", "pause queue", "resume queue", "cancel", "move", "nothing"))
        self.deeds[deed] += 1
        if not unfinished:
            return
        try:
            self._do(deed, self.chance.choice(unfinished).id)
        except JobStateError:
            return

    def _do(self, deed: str, job_id: str) -> None:
        match deed:
            case "pause":
                self.service.pause_jobs([job_id])
            case "resume":
                self.service.resume_jobs([job_id])
            case "pause queue":
                self.service.pause_queue()
            case "resume queue":
                self.service.resume_queue()
            case "cancel":
                self.service.cancel(job_id)
                self.cancelled.add(job_id)
            case "move":
                self.service.move_to_front(job_id)
            case _:
                pass

    def let_everything_go_on(self) -> None:
        self.service.resume_queue()
        for job in self.service.jobs():
            if job.paused:
                self.service.resume_jobs([job.id])


@dataclass(frozen=True)
class Verdict:
    """What became of the songs."""

    jobs: int
    kills: int
    completed: int
    given_up: int
    lost: int
    committed_twice: int
    stuck: int

    def __str__(self) -> str:
        return (
            f"{self.jobs} songs, {self.kills} kills; {self.completed} completed, {self.given_up} given up at the crash "
            f"bound; lost, committed twice, stuck: {self.lost}, {self.committed_twice}, {self.stuck}"
        )


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_song_is_lost_committed_twice_or_stuck(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch"))
    song = write_song(tmp_path / "song.wav", seconds=8)
    with virtual_screen() as screen:
        monkeypatch.setenv("UNBRAID_HOME", str(home.root))  # not sooner: the screen is nobody's victim
        user = User(Backend(home).service, song, chance)
        count_commits(home)
        app = App(home.root, screen)
        kills = rage(app, user, chance)
        if app.process.poll() is None and len(app.process.args) > len(
            unbraid_command()
        ):  # a command ends with its own song
            app.process.terminate()
            app.process.wait(60)
        if app.process.poll() is not None:
            app.start()
        user.let_everything_go_on()
        stuck = unfinished_after(user.service, PATIENCE)
        app.process.terminate()
        app.process.wait(60)
    verdict = judged(home, user, kills, stuck)
    with capsys.disabled():
        print(f"\nseed {seed}: {verdict}; deeds: {dict(sorted(user.deeds.items()))}", end="")
    assert (verdict.lost, verdict.committed_twice, verdict.stuck) == (0, 0, 0)
    assert integrity(home) == "ok"
    assert_all_ended(home.root)


def rage(app: App, user: User, chance: random.Random) -> int:
    """Kill until the time is over and there were enough kills. How many there were."""
    kills, end = 0, monotonic() + SECONDS
    while monotonic() < end or kills < KILLS:
        user.add_songs()
        user.do_something()
        _wait(app.process, chance.uniform(LEAST, MOST))
        victims = app.victims()
        if victims:
            app.strike(chance.choice(victims))
            kills += 1
        if app.process.poll() is not None:
            app.start(*chance.choice(((), ("separate", user.song))))
    return kills


def unfinished_after(service: JobService, patience: float) -> int:
    """How many songs have not ended even then."""
    try:
        wait_until(lambda: all(job.state.has_ended for job in service.jobs()), patience)
    except AssertionError:
        return sum(not job.state.has_ended for job in service.jobs())
    return 0


def judged(home: Home, user: User, kills: int, stuck: int) -> Verdict:
    jobs = {job.id: job for job in user.service.jobs()}
    completed = [job for job in jobs.values() if job.state is JobState.COMPLETED]
    given_up = [job for job in jobs.values() if job.state is JobState.FAILED and job.crashes >= MAX_CRASHES]
    fine = {job.id for job in completed if is_whole(home, job)} | {job.id for job in given_up}
    fine |= {job.id for job in jobs.values() if job.state is JobState.CANCELLED and job.id in user.cancelled}
    fine |= {job.id for job in jobs.values() if not job.state.has_ended}  # stuck, not lost
    lost = (user.seen | jobs.keys()) - fine
    commits = commits_of(home)
    twice = [job_id for job_id, count in commits.items() if count > 1]
    assert commits.keys() == {job.id for job in completed}
    return Verdict(len(user.seen | jobs.keys()), kills, len(completed), len(given_up), len(lost), len(twice), stuck)


def is_whole(home: Home, job: Job) -> bool:
    """Completed, with the one set of stems that its row names, and nothing beside it."""
    runs = [folder.name for folder in home.job_folder(job.id).root.glob("run-*")]
    stems = all(stem.path.exists() and stem.path.parent.name == runs[0] for stem in job.stems)
    return runs == [f"run-{job.token}"] and len(job.stems) == 4 and stems


def count_commits(home: Home) -> None:
    """Have the database itself count how often each song becomes completed."""
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("CREATE TABLE commits (id TEXT)")
        connection.execute(
            "CREATE TRIGGER count_commits AFTER UPDATE ON jobs WHEN NEW.state = 'completed' AND (OLD.state <> 'completed' "
            "OR OLD.stems <> NEW.stems) BEGIN INSERT INTO commits VALUES (NEW.id); END"
        )


def commits_of(home: Home) -> Counter[str]:
    with closing(sqlite3.connect(home.database)) as connection:
        return Counter(row[0] for row in connection.execute("SELECT id FROM commits"))


def integrity(home: Home) -> str:
    with closing(sqlite3.connect(home.database)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
