"""Drafts, and tracks that crash every process that drafts them."""

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

# A process that drafts a track and crashes in native code.
CRASHING = """
import ctypes, sys
from pathlib import Path
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.tasks.draft_runner import DraftRunner
from tests.unit.tasks.test_draft_runner import NullEvents

class Crashing(SketchEngine):
    def separate(self, segments):
        ctypes.string_at(0)

class CrashingDrafter(DraftRunner):
    _engine = Crashing()

home = Home(Path(sys.argv[1]))
print(CrashingDrafter(home, JobStore(home), NullEvents()).run(sys.argv[2]))
"""
HANGING = """
import ctypes
from desktop.tasks.draft_runner import Watchdog

with Watchdog(0.3) as watchdog:
    for _ in range(20):
        watchdog.reset()
    ctypes.PyDLL(None).pause()  # holds the GIL: no Python thread can run
"""


class NullEvents:
    def emit(self, event: object) -> None:
        """Discard the event."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def add(home: Home, folder: Path, name: str = "song") -> Job:
    song = write_song(folder / f"{name}.wav", 2.0)
    return JobService(home, JobStore(home), RecordingQueue(), NullEvents()).add(song)


def drafter(home: Home) -> DraftRunner:
    return DraftRunner(home, JobStore(home), NullEvents())


def run_crashing_drafter(home: Home, job: Job) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CRASHING, str(home.root), job.id]
    return subprocess.run(command, env=own_environment(), capture_output=True, text=True, timeout=60, check=False)


def test_completed_draft_deletes_its_attempt_counter(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert drafter(home).run(job.id)
    assert (home.job_folder(job.id).draft / COMPLETE_MARKER).exists()
    assert not home.job_folder(job.id).draft_attempts.exists()


def test_undecodable_track_leaves_no_draft_and_no_attempt_counter(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bad.mp3").write_bytes(b"not a song")
    job = JobService(home, JobStore(home), RecordingQueue(), NullEvents()).add(tmp_path / "bad.mp3")
    for _ in range(MAX_CRASHES + 1):
        assert not drafter(home).run(job.id)
    assert not home.job_folder(job.id).draft_attempts.exists()
    assert not home.job_folder(job.id).draft.exists()


def test_track_that_keeps_crashing_is_no_longer_drafted_and_the_next_track_is(home: Home, tmp_path: Path) -> None:
    deadly, harmless = add(home, tmp_path, "deadly"), add(home, tmp_path, "harmless")
    assert [run_crashing_drafter(home, deadly).returncode for _ in range(MAX_CRASHES)] == [-11] * MAX_CRASHES
    assert run_crashing_drafter(home, deadly).stdout == "False\n"
    assert not drafter(home).run(deadly.id)
    assert drafter(home).run(harmless.id)


def test_track_is_drafted_again_after_one_crash(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path)
    assert run_crashing_drafter(home, job).returncode == -11
    assert drafter(home).run(job.id)


def test_watchdog_ends_a_process_hung_in_native_code_and_prints_a_traceback() -> None:
    result = subprocess.run(
        [sys.executable, "-c", HANGING], env=own_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "Timeout" in result.stderr
