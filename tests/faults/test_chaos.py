"""Random SIGKILLs of window, command, worker, child and Redis while jobs are added, paused, moved and cancelled.

No job may be lost, committed twice or stuck. `UNBRAID_CHAOS_SECONDS` (default 60) sets the duration, and
`UNBRAID_CHAOS_SEEDS` (default "1") the random seeds; 600 s are 200 kills.
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
from desktop.settings import Settings
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import assert_all_ended, find_processes, wait_until, write_song
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.settings import save_settings

pytestmark = pytest.mark.faults
SECONDS = float(os.environ.get("UNBRAID_CHAOS_SECONDS", "60"))
SEEDS = [int(word) for word in os.environ.get("UNBRAID_CHAOS_SEEDS", "1").split()]
KILLS = round(SECONDS / 3)
# Jobs that wait or run at any time, the most unfinished jobs, and the seconds between kills.
MIN_RUNNABLE, MAX_UNFINISHED = 4, 10
MIN_DELAY_S, MAX_DELAY_S = 0.4, 3.6
# Seconds within which every job must end after the last kill.
END_TIMEOUT_S = 60.0


class App:
    """The window, or with a track the command in a terminal, started again whenever it was killed."""

    def __init__(self, library: Path, screen: Screen) -> None:
        self._library = library
        self._environment = command_environment(library) | screen.environment
        self.start()

    def start(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            unbraid_command(*arguments),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def victims(self) -> list[psutil.Process]:
        """Return every process of the library."""
        found = {process.pid: process for process in find_processes(self._library)}
        return list(found.values())

    def kill_and_restart(self, victim: psutil.Process) -> None:
        """Kill a process with SIGKILL, and start the window again if it was the app itself."""
        self.kill(victim)
        if self.process.poll() is not None:
            self.start()

    def kill(self, victim: psutil.Process) -> None:
        """Kill a process with SIGKILL; the caller chooses what to start next."""
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return
        if victim.pid == self.process.pid:
            self.process.wait()


@dataclass
class User:
    """A user who keeps changing the queue."""

    service: JobService
    song: Path
    rng: random.Random
    cancelled: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    actions: Counter[str] = field(default_factory=Counter)

    def add_songs(self) -> None:
        """Add jobs until enough can run, unless too many are unfinished."""
        jobs = self.service.jobs()
        self.seen |= {job.id for job in jobs}
        unfinished = [job for job in jobs if not job.state.has_ended]
        free = sum(not job.paused for job in unfinished)
        for _ in range(min(MIN_RUNNABLE - free, MAX_UNFINISHED - len(unfinished))):
            self.seen.add(self.service.add(self.song, JobOptions(model="sketch")).id)

    def act_on_a_random_job(self) -> None:
        """Perform one random action on a random unfinished job, which may end at the same moment."""
        unfinished = [job for job in self.service.jobs() if not job.state.has_ended]
        action = self.rng.choice(("pause", "resume", "pause queue", "resume queue", "cancel", "move", "nothing"))
        self.actions[action] += 1
        if not unfinished:
            return
        try:
            self._perform(action, self.rng.choice(unfinished).id)
        except JobStateError:
            return

    def _perform(self, action: str, job_id: str) -> None:
        match action:
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

    def resume_everything(self) -> None:
        self.service.resume_queue()
        for job in self.service.jobs():
            if job.paused:
                self.service.resume_jobs([job.id])


@dataclass(frozen=True)
class Verdict:
    """How many jobs had which outcome."""

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
def test_random_kills_leave_no_job_lost_committed_twice_or_stuck(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(seed)
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch"))
    song = write_song(tmp_path / "song.wav", seconds=8)
    with virtual_screen() as screen:
        monkeypatch.setenv("UNBRAID_HOME", str(home.root))  # not earlier: the screen must not be among the victims
        user = User(Backend(home).service, song, rng)
        install_commit_counter(home)
        app = App(home.root, screen)
        kills = kill_at_random(app, user, rng)
        # A command quits when its own job ends: replace it by the window.
        if app.process.poll() is None and len(app.process.args) > len(unbraid_command()):
            app.process.terminate()
            app.process.wait(60)
        if app.process.poll() is not None:
            app.start()
        user.resume_everything()
        stuck = count_unfinished_after(user.service, END_TIMEOUT_S)
        app.process.terminate()
        app.process.wait(60)
    verdict = compute_verdict(home, user, kills, stuck)
    with capsys.disabled():
        print(f"\nseed {seed}: {verdict}; actions: {dict(sorted(user.actions.items()))}", end="")
    assert (verdict.lost, verdict.committed_twice, verdict.stuck) == (0, 0, 0)
    assert check_integrity(home) == "ok"
    assert_all_ended(home.root)


def kill_at_random(app: App, user: User, rng: random.Random) -> int:
    """Kill random processes until the time is over and enough were killed. Return the number of kills."""
    kills, end = 0, monotonic() + SECONDS
    while monotonic() < end or kills < KILLS:
        user.add_songs()
        user.act_on_a_random_job()
        _wait(app.process, rng.uniform(MIN_DELAY_S, MAX_DELAY_S))
        victims = app.victims()
        if victims:
            app.kill(rng.choice(victims))
            kills += 1
        if app.process.poll() is not None:
            app.start(*rng.choice(((), ("separate", user.song))))
    return kills


def count_unfinished_after(service: JobService, timeout_s: float) -> int:
    """Wait `timeout_s` seconds at most for all jobs to end; return how many have not."""
    try:
        wait_until(lambda: all(job.state.has_ended for job in service.jobs()), timeout_s)
    except AssertionError:
        return sum(not job.state.has_ended for job in service.jobs())
    return 0


def compute_verdict(home: Home, user: User, kills: int, stuck: int) -> Verdict:
    jobs = {job.id: job for job in user.service.jobs()}
    completed = [job for job in jobs.values() if job.state is JobState.COMPLETED]
    given_up = [job for job in jobs.values() if job.state is JobState.FAILED and job.crashes >= MAX_CRASHES]
    accounted_for = {job.id for job in completed if has_exactly_its_stems(home, job)} | {job.id for job in given_up}
    accounted_for |= {job.id for job in jobs.values() if job.state is JobState.CANCELLED and job.id in user.cancelled}
    accounted_for |= {job.id for job in jobs.values() if not job.state.has_ended}  # stuck, not lost
    lost = (user.seen | jobs.keys()) - accounted_for
    commits = read_commits(home)
    twice = [job_id for job_id, count in commits.items() if count > 1]
    assert commits.keys() == {job.id for job in completed}
    return Verdict(len(user.seen | jobs.keys()), kills, len(completed), len(given_up), len(lost), len(twice), stuck)


def has_exactly_its_stems(home: Home, job: Job) -> bool:
    """Return whether a completed job has the stems that its row names, and no other run."""
    runs = [folder.name for folder in home.job_folder(job.id).root.glob("run-*")]
    stems = all(stem.path.exists() and stem.path.parent.name == runs[0] for stem in job.stems)
    return runs == [f"run-{job.token}"] and len(job.stems) == 4 and stems


def install_commit_counter(home: Home) -> None:
    """Create a trigger by which the database itself counts how often each job becomes completed."""
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("CREATE TABLE commits (id TEXT)")
        connection.execute(
            "CREATE TRIGGER count_commits AFTER UPDATE ON jobs WHEN NEW.state = 'completed' AND (OLD.state <> 'completed' "
            "OR OLD.stems <> NEW.stems) BEGIN INSERT INTO commits VALUES (NEW.id); END"
        )


def read_commits(home: Home) -> Counter[str]:
    with closing(sqlite3.connect(home.database)) as connection:
        return Counter(row[0] for row in connection.execute("SELECT id FROM commits"))


def check_integrity(home: Home) -> str:
    with closing(sqlite3.connect(home.database)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
