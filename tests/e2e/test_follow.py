"""`unbraid separate` while it waits: it prints the reason, and continues when the job or the queue is resumed."""

import json
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobState
from desktop.jobs.service import JobService
from desktop.paths import Home
from tests.helpers.command import TIMEOUT_S, run_unbraid, running_process, unbraid_command
from tests.helpers.library import assert_all_ended, wait_until, write_song


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return Home(tmp_path / "library").create_folders().root


@pytest.fixture
def service(library: Path) -> JobService:
    return Backend(Home(library)).service


def running_separate(library: Path, song: Path) -> AbstractContextManager["subprocess.Popen[str]"]:
    command = unbraid_command("separate", "--json", "--model", "sketch", song)
    return running_process(command, library, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_separate_reports_a_paused_queue_and_completes_after_resume(library: Path, tmp_path: Path) -> None:
    run_unbraid(library, "pause")
    with running_separate(library, write_song(tmp_path / "song.wav")) as process:
        assert process.stderr is not None
        assert process.stderr.readline().strip() == "The queue is paused. To resume: unbraid resume"
        run_unbraid(library, "resume")
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, '"status": "completed"' in out) == (0, True)
    assert_all_ended(library)


def test_separate_reports_a_paused_running_job_and_completes_after_resume(
    library: Path, service: JobService, tmp_path: Path
) -> None:
    with running_separate(library, write_song(tmp_path / "song.wav", 100)) as process:
        assert process.stderr is not None
        wait_until(lambda: [job.progress > 0.1 for job in service.jobs()] == [True])
        (job,) = service.jobs()
        service.pause_jobs([job.id])
        wait_until(lambda: service.job(job.id).state is JobState.PENDING)
        lines = iter(process.stderr.readline, "")
        assert next(line for line in lines if "Paused" in line) == (
            f"Paused: song. To resume: unbraid resume {job.id[:8]}\n"
        )
        assert service.job(job.id).progress > 0.1
        assert "Resumed" in run_unbraid(library, "resume", job.id[:8]).stdout
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, '"status": "completed"' in out) == (0, True)


def test_separate_fails_and_suggests_restore_when_its_job_is_removed(
    library: Path, service: JobService, tmp_path: Path
) -> None:
    with running_separate(library, write_song(tmp_path / "song.wav", 100)) as process:
        wait_until(lambda: [job.progress > 0 for job in service.jobs()] == [True])
        (job,) = service.jobs()
        run_unbraid(library, "remove", job.id)
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert f"unbraid restore {job.id[:8]}" in json.loads(out)["error"]
