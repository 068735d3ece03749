"""Requested exits by a signal, a closed terminal or a computer shutdown: no job is lost, no process is left."""

import os
import pty
import signal
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import Job, JobState
from desktop.jobs.service import JobService
from desktop.paths import Home
from desktop.settings import Settings
from tests.e2e.test_window import window
from tests.helpers.command import running_process, unbraid_command
from tests.helpers.library import assert_all_ended, find_processes, running_library, wait_until, write_song
from tests.helpers.screen import virtual_screen
from tests.helpers.settings import save_settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch"))
    return home.root


@pytest.fixture
def service(root: Path) -> JobService:
    return Backend(Home(root)).service


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", 240)


def running_command(root: Path, song: Path, **options: object) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return running_process(unbraid_command("separate", song), root, **(streams | options))


def wait_until_separating(service: JobService, kept: int = 3) -> Job:
    """Wait until the only job of the library has `kept` finished segments, and return the job."""
    home: Home = service._home
    wait_until(
        lambda: any(home.job_folder(job.id).count_finished_segments() >= kept for job in service.jobs()),
        interval_s=0.02,
    )
    (job,) = service.jobs()
    return job


def assert_resumes(root: Path, job: Job, segments: int) -> None:
    """Assert that the next start completes the job without computing its finished segments again."""
    folder = Home(root).job_folder(job.id)
    kept = {file: file.stat().st_mtime_ns for file in folder.segments.glob("*/*.float32")}
    assert len(kept) >= segments
    with running_library(root) as library:
        wait_until(lambda: folder.count_finished_segments() > len(kept), interval_s=0.02)
        assert {file: file.stat().st_mtime_ns for file in kept} == kept
        library.wait_for(job, JobState.COMPLETED)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_signal_stops_a_command_cleanly_and_its_job_resumes_at_the_next_start(
    root: Path, service: JobService, song: Path, number: signal.Signals
) -> None:
    with running_command(root, song) as command:
        job = wait_until_separating(service)
        command.send_signal(number)
        assert command.wait(30) == 1
    assert_all_ended(root)
    stopped = service.job(job.id)
    assert (stopped.state, stopped.crashes) == (JobState.PENDING, 0)
    assert_resumes(root, job, 3)


def test_ctrl_c_stops_a_command_cleanly_and_cancels_its_job(root: Path, service: JobService, song: Path) -> None:
    with running_command(root, song) as command:
        job = wait_until_separating(service)
        command.send_signal(signal.SIGINT)
        assert command.wait(30) == 1
    assert_all_ended(root)
    assert service.job(job.id).state is JobState.CANCELLED


def test_closed_terminal_stops_its_command_cleanly(root: Path, service: JobService, song: Path) -> None:
    keyboard, screen = pty.openpty()
    streams = {"stdin": screen, "stdout": screen, "stderr": screen}
    with running_command(root, song, **streams, start_new_session=True, preexec_fn=_take_terminal) as command:
        os.close(screen)
        job = wait_until_separating(service)
        os.close(keyboard)
        assert command.wait(30) == 1
    assert_all_ended(root)
    assert (service.job(job.id).state, service.job(job.id).crashes) == (JobState.PENDING, 0)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_command_that_ignores_sighup_outlives_its_terminal(root: Path, service: JobService, song: Path) -> None:
    def ignore_hangup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with running_command(root, song, preexec_fn=ignore_hangup) as command:
        job = wait_until_separating(service)
        before = service.job(job.id).progress
        command.send_signal(signal.SIGHUP)
        wait_until(lambda: service.job(job.id).progress > before)
        assert command.poll() is None
        command.terminate()
        command.wait(30)


def shut_down(processes: Sequence[psutil.Process]) -> dict[int, int | None]:
    """Terminate all processes at once, as a computer shutdown does. Return their exit statuses by process id."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    gone, alive = psutil.wait_procs(processes, timeout=30)
    assert not alive
    return {process.pid: process.returncode for process in gone}


def test_computer_shutdown_loses_no_work_of_a_command(root: Path, service: JobService, song: Path) -> None:
    with running_command(root, song) as command:
        job = wait_until_separating(service)
        assert shut_down(find_processes(root))[command.pid] == 1
    assert_all_ended(root)
    assert service.job(job.id).state in (JobState.PENDING, JobState.PROCESSING)
    assert_resumes(root, job, 3)
    assert service.job(job.id).crashes <= 1


def test_computer_shutdown_loses_no_work_of_the_window(root: Path, service: JobService, song: Path) -> None:
    with virtual_screen() as screen, window(root, screen, song) as app:
        job = wait_until_separating(service)
        assert shut_down(find_processes(root))[app.pid] == 0
    assert_all_ended(root)
    assert_resumes(root, job, 3)
    assert service.job(job.id).crashes <= 1
