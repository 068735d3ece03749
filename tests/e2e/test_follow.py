"""`unbraid separate` while it waits: it says what for, and goes on when somebody lets it."""

import json
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobState
from desktop.jobs.service import JobService
from desktop.paths import Home
from tests.helpers.command import run_unbraid, running_process, unbraid_command
from tests.helpers.library import assert_all_ended, wait_until, write_song


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return Home(tmp_path / "library").create_folders().root


@pytest.fixture
def service(library: Path) -> JobService:
    return Backend(Home(library)).service


def separating(library: Path, song: Path) -> AbstractContextManager["subprocess.Popen[str]"]:
    words = unbraid_command("separate", "--json", "--model", "sketch", song)
    return running_process(words, library, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_song_for_a_paused_queue_waits_says_so_and_is_done_when_that_goes_on(library: Path, tmp_path: Path) -> None:
    run_unbraid(library, "pause")
    with separating(library, write_song(tmp_path / "song.wav")) as process:
        assert process.stderr is not None
        assert process.stderr.readline().strip() == "The queue is paused. To go on: unbraid resume"
        run_unbraid(library, "resume")
        out, _ = process.communicate(timeout=90)
    assert (process.returncode, '"status": "completed"' in out) == (0, True)
    assert_all_ended(library)


def test_a_song_that_is_paused_at_work_stops_within_two_seconds_says_so_and_goes_on(
    library: Path, service: JobService, tmp_path: Path
) -> None:
    with separating(library, write_song(tmp_path / "song.wav", 200)) as process:
        assert process.stderr is not None
        wait_until(lambda: [job.progress > 0.1 for job in service.jobs()] == [True])
        (job,) = service.jobs()
        service.pause_jobs([job.id])
        wait_until(lambda: service.job(job.id).state is JobState.PENDING, timeout_s=4)
        lines = iter(process.stderr.readline, "")
        assert next(line for line in lines if "Paused" in line) == (
            f"Paused: song. To go on: unbraid resume {job.id[:8]}\n"
        )
        assert service.job(job.id).progress > 0.1
        assert "Goes on" in run_unbraid(library, "resume", job.id[:8]).stdout
        out, _ = process.communicate(timeout=90)
    assert (process.returncode, '"status": "completed"' in out) == (0, True)


def test_a_song_that_somebody_removes_is_told_and_is_no_success(
    library: Path, service: JobService, tmp_path: Path
) -> None:
    with separating(library, write_song(tmp_path / "song.wav", 200)) as process:
        wait_until(lambda: [job.progress > 0 for job in service.jobs()] == [True])
        (job,) = service.jobs()
        run_unbraid(library, "remove", job.id)
        out, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert f"unbraid restore {job.id[:8]}" in json.loads(out)["error"]
