"""Drafts, and the songs that nobody who drafts them lives through."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_CRASHES
from desktop.paths import Home
from desktop.runtime.processes import own_environment
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.tasks.draft_runner import DraftRunner
from tests.helpers.library import write_song
from tests.helpers.window import RecordingQueue

# A process that drafts a song, and dies of it in a library of C.
CRASHING = """
import ctypes, sys
from pathlib import Path
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.tasks.draft_runner import DraftRunner
from tests.unit.tasks.test_drafter import Silent

class Crashing(SketchEngine):
    def separate(self, segments):
        ctypes.string_at(0)

class CrashingDrafter(DraftRunner):
    _engine = Crashing()

home = Home(Path(sys.argv[1]))
print(CrashingDrafter(home, JobStore(home), Silent()).run(sys.argv[2]))
"""
HANGING = """
import ctypes
from desktop.tasks.draft_runner import Watchdog

with Watchdog(0.3) as watchdog:
    for _ in range(20):
        watchdog.reset()
    ctypes.PyDLL(None).pause()  # keeps the lock of the interpreter: no thread of Python gets to run
"""


class Silent:
    def emit(self, event: object) -> None:
        """Nobody listens."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def add(home: Home, folder: Path, name: str = "song") -> Job:
    song = write_song(folder / f"{name}.wav", 2.0)
    return JobService(home, JobStore(home), RecordingQueue(), Silent()).add(song)


def drafter(home: Home) -> DraftRunner:
    return DraftRunner(home, JobStore(home), Silent())


def crash(home: Home, job: Job) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CRASHING, str(home.root), job.id]
    return subprocess.run(command, env=own_environment(), capture_output=True, text=True, timeout=60, check=False)


def test_a_drafted_song_leaves_no_trace_of_tries(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert drafter(home).run(job.id)
    assert (home.job_folder(job.id).draft / COMPLETE_MARKER).exists()
    assert not home.job_folder(job.id).draft_attempts.exists()


def test_a_song_that_cannot_be_decoded_leaves_no_trace_of_tries(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bad.mp3").write_bytes(b"not a song")
    job = JobService(home, JobStore(home), RecordingQueue(), Silent()).add(tmp_path / "bad.mp3")
    for _ in range(MAX_CRASHES + 1):
        assert not drafter(home).run(job.id)
    assert not home.job_folder(job.id).draft_attempts.exists()
    assert not home.job_folder(job.id).draft.exists()


def test_a_song_that_kills_every_drafter_is_not_drafted_for_ever_and_the_next_one_is(
    home: Home, tmp_path: Path
) -> None:
    deadly, harmless = add(home, tmp_path, "deadly"), add(home, tmp_path, "harmless")
    assert [crash(home, deadly).returncode for _ in range(MAX_CRASHES)] == [-11] * MAX_CRASHES
    assert crash(home, deadly).stdout == "False\n"
    assert not drafter(home).run(deadly.id)
    assert drafter(home).run(harmless.id)


def test_one_crash_is_no_reason_to_go_without_a_draft(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert crash(home, job).returncode == -11
    assert drafter(home).run(job.id)


def test_what_hangs_in_a_library_ends_its_process_and_the_place_is_told() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HANGING], env=own_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    assert "Timeout" in run.stderr
