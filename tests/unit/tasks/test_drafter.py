"""Drafts, and the songs that nobody who drafts them lives through."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.turns import CRASH_BOUND
from desktop.paths import Home
from desktop.program import own_environment
from desktop.segments.unfinished import COMPLETE
from desktop.tasks.drafter import Drafter
from tests.helpers.library import write_song
from tests.helpers.window import Asked

# A process that drafts a song, and dies of it in a library of C.
CRASHING = """
import ctypes, sys
from pathlib import Path
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.tasks.drafter import Drafter
from tests.unit.tasks.test_drafter import Silent

class Crashing(SketchEngine):
    def separate(self, segments):
        ctypes.string_at(0)

class CrashingDrafter(Drafter):
    _engine = Crashing()

home = Home(Path(sys.argv[1]))
print(CrashingDrafter(home, JobStore(home), Silent()).draft(sys.argv[2]))
"""
HANGING = """
import ctypes
from desktop.tasks.watchdog import Watchdog

with Watchdog(0.3) as watchdog:
    for _ in range(20):
        watchdog.moved()
    ctypes.PyDLL(None).pause()  # keeps the lock of the interpreter: no thread of Python gets to run
"""


class Silent:
    def emit(self, event: object) -> None:
        """Nobody listens."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").prepare()


def add(home: Home, folder: Path, name: str = "song") -> Job:
    song = write_song(folder / f"{name}.wav", 2.0)
    return JobService(home, JobStore(home), Asked(), Silent()).add(song)


def drafter(home: Home) -> Drafter:
    return Drafter(home, JobStore(home), Silent())


def crash(home: Home, job: Job) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CRASHING, str(home.root), job.id]
    return subprocess.run(command, env=own_environment(), capture_output=True, text=True, timeout=60, check=False)


def test_a_drafted_song_leaves_no_trace_of_tries(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert drafter(home).draft(job.id)
    assert (home.job(job.id).draft / COMPLETE).exists()
    assert not home.job(job.id).draft_tries.exists()


def test_a_song_that_cannot_be_decoded_leaves_no_trace_of_tries(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bad.mp3").write_bytes(b"not a song")
    job = JobService(home, JobStore(home), Asked(), Silent()).add(tmp_path / "bad.mp3")
    for _ in range(CRASH_BOUND + 1):
        assert not drafter(home).draft(job.id)
    assert not home.job(job.id).draft_tries.exists()
    assert not home.job(job.id).draft.exists()


def test_a_song_that_kills_every_drafter_is_not_drafted_for_ever_and_the_next_one_is(
    home: Home, tmp_path: Path
) -> None:
    deadly, harmless = add(home, tmp_path, "deadly"), add(home, tmp_path, "harmless")
    assert [crash(home, deadly).returncode for _ in range(CRASH_BOUND)] == [-11] * CRASH_BOUND
    assert crash(home, deadly).stdout == "False\n"
    assert not drafter(home).draft(deadly.id)
    assert drafter(home).draft(harmless.id)


def test_one_crash_is_no_reason_to_go_without_a_draft(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert crash(home, job).returncode == -11
    assert drafter(home).draft(job.id)


def test_what_hangs_in_a_library_ends_its_process_and_the_place_is_told() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HANGING], env=own_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    assert "Timeout" in run.stderr
