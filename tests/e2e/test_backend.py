"""The backend with real Redis and a real worker: jobs complete after crashes, and no process is left running."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop.backend import Backend
from desktop.errors import JobStateError, StorageError, UnusableTrackError
from desktop.jobs.model import JobOptions, JobState
from desktop.paths import Home
from desktop.stage import Stage
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import (
    TIMEOUT_S,
    RunningLibrary,
    assert_all_ended,
    find_processes,
    running_library,
    wait_until,
    write_song,
)

SKETCH = JobOptions(model="sketch")
DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    with running_library(tmp_path_factory.mktemp("library")) as library:
        yield library


def worker_process(library: RunningLibrary) -> psutil.Process:
    return next(
        p for p in find_processes(library.home.root) if "worker" in p.cmdline() and p.parent() == psutil.Process()
    )


def redis_process(library: RunningLibrary) -> psutil.Process:
    return next(p for p in find_processes(library.home.root) if "redis-server" in p.cmdline()[0])


def owner_process(library: RunningLibrary) -> psutil.Process:
    """Return the child process of the worker that separates."""
    return next(p for p in worker_process(library).children() if "spawn_main" in " ".join(p.cmdline()))


def test_job_completes_with_exact_stems_and_progress_events_in_order(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "a song.wav"), SKETCH)
    done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    assert done.null_dbfs == -300
    assert [stem.name for stem in done.stems] == ["vocals", "drums", "bass", "other"]
    assert all(stem.path.exists() and stem.peaks.exists() for stem in done.stems)
    events = [event for event in library.progress if event.job_id == job.id]
    assert [event.progress for event in events] == sorted(event.progress for event in events)
    assert {Stage.DECODING, Stage.SEPARATING, Stage.WRITING} == {event.stage for event in events}


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system has no autogroup scheduling")
def test_separation_process_runs_at_lower_priority_than_window_and_audio(
    library: RunningLibrary, tmp_path: Path
) -> None:
    library.wait_for(library.service.add(write_song(tmp_path / "modest.wav"), SKETCH), *DONE)
    child = owner_process(library)
    assert child.nice() == 5
    assert Path(f"/proc/{child.pid}/autogroup").read_text().endswith("nice 5\n")


def test_undecodable_file_fails_with_its_name_and_the_next_job_completes(
    library: RunningLibrary, tmp_path: Path
) -> None:
    bad_file = tmp_path / "words.mp3"
    bad_file.write_text("These are words.\n" * 500)
    failed = library.service.add(bad_file, SKETCH)
    good = library.service.add(write_song(tmp_path / "after it.wav"), SKETCH)
    assert library.wait_for(failed, *DONE).state is JobState.FAILED
    assert "words.mp3" in str(library.service.job(failed.id).error)
    assert library.wait_for(good, *DONE).state is JobState.COMPLETED
    assert not list(library.home.job_folder(failed.id).root.glob("run-*"))


def test_rejected_file_leaves_no_row_and_no_job_folder(library: RunningLibrary, tmp_path: Path) -> None:
    before = library.service.jobs(), sorted(library.home.jobs.iterdir())
    with pytest.raises(UnusableTrackError, match="not found"):
        library.service.add(tmp_path / "nowhere.wav")
    assert (library.service.jobs(), sorted(library.home.jobs.iterdir())) == before


def test_cancelled_running_job_stops_and_its_run_files_are_deleted(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "long.wav", seconds=300), SKETCH)
    library.wait_for_progress(job)
    library.service.cancel(job.id)
    library.wait_until(lambda: library.service.job(job.id).state is JobState.CANCELLED)
    library.wait_until(lambda: not list(library.home.job_folder(job.id).root.glob("run-*")))
    with pytest.raises(JobStateError):
        library.service.cancel(job.id)


def test_job_completes_after_its_separation_process_is_killed(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "child.wav", seconds=60), SKETCH)
    library.wait_for_progress(job)
    owner_process(library).kill()
    done = library.wait_for(job, *DONE)
    assert (done.state, done.crashes) == (JobState.COMPLETED, 1)


def test_job_completes_after_the_worker_is_killed(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "worker.wav", seconds=60), SKETCH)
    library.wait_for_progress(job)
    worker_process(library).kill()
    done = library.wait_for(job, *DONE)
    assert (done.state, done.null_dbfs) == (JobState.COMPLETED, -300)


def test_running_job_is_not_interrupted_and_next_job_completes_after_redis_is_killed(
    library: RunningLibrary, tmp_path: Path
) -> None:
    first = library.service.add(write_song(tmp_path / "redis.wav", seconds=60), SKETCH)
    second = library.service.add(write_song(tmp_path / "behind it.wav"), SKETCH)
    library.wait_for_progress(first)
    redis_process(library).kill()
    done = library.wait_for(first, *DONE)
    # One token: the job was not restarted. A broken connection must not cancel a running job.
    assert (done.state, done.token) == (JobState.COMPLETED, 1)
    assert library.wait_for(second, *DONE).state is JobState.COMPLETED
    library.wait_for_progress(second)  # live events arrive again, not only row changes


def test_worker_abandons_a_deleted_job_and_completes_the_next_one(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "removed.wav", seconds=300), SKETCH)
    library.wait_for_progress(job)
    library.service.remove_jobs([job.id])
    library.service.bin.delete()
    after = library.service.add(write_song(tmp_path / "after.wav"), SKETCH)
    assert library.wait_for(after, *DONE).state is JobState.COMPLETED
    assert not library.home.job_folder(job.id).root.exists()


def test_second_process_shares_redis_and_worker_of_the_first(library: RunningLibrary, tmp_path: Path) -> None:
    before = {p.pid for p in find_processes(library.home.root)}
    run = subprocess.run(
        unbraid_command("separate", "--json", "--model", "sketch", write_song(tmp_path / "beside.wav")),
        cwd=ROOT,
        env=command_environment(library.home.root),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert {p.pid for p in find_processes(library.home.root)} == before


def test_paused_queue_holds_its_jobs_and_resumes_in_the_requested_order(
    library: RunningLibrary, tmp_path: Path
) -> None:
    library.service.pause_queue()
    jobs = [library.service.add(write_song(tmp_path / f"{name}.wav"), SKETCH) for name in ("a", "b", "c")]
    library.service.move_to_front(jobs[2].id)
    assert {library.service.job(job.id).state for job in jobs} == {JobState.PENDING}
    library.service.resume_queue()
    done = [library.wait_for(job, *DONE) for job in jobs]
    assert {job.state for job in done} == {JobState.COMPLETED}
    order = sorted(done, key=lambda job: job.started or job.added)
    assert [job.title for job in order] == ["c", "a", "b"]


def test_redis_is_reachable_only_by_its_owner(library: RunningLibrary) -> None:
    assert library.home.runtime_dir.stat().st_mode & 0o077 == 0
    assert library.home.redis_socket.stat().st_mode & 0o077 == 0
    assert not redis_process(library).net_connections("inet")


def test_stopped_backend_leaves_no_process_and_returns_its_job_to_the_queue(tmp_path: Path) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        job = library.service.add(write_song(tmp_path / "stopped.wav", seconds=300), SKETCH)
        library.wait_for_progress(job)
    assert_all_ended(root)
    released = Backend(Home(root)).service.job(job.id)
    assert (released.state, released.crashes) == (JobState.PENDING, 0)


def test_killed_app_leaves_no_process_and_its_job_completes_after_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "library"
    song = write_song(tmp_path / "killed.wav", seconds=120)
    app = subprocess.Popen(
        unbraid_command("separate", "--json", "--model", "sketch", song), cwd=ROOT, env=command_environment(root),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    Home(root).create_folders()
    observer = Backend(Home(root))

    def is_processing() -> bool:
        return any(job.state is JobState.PROCESSING for job in observer.service.jobs())

    wait_until(is_processing)
    children = psutil.Process(app.pid).children(recursive=True)
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    _, alive = psutil.wait_procs(children, timeout=TIMEOUT_S)
    assert not alive
    with running_library(root) as library:
        (job,) = library.service.jobs()
        assert library.wait_for(job, *DONE).state is JobState.COMPLETED


def test_library_of_a_newer_version_is_rejected_with_a_message(tmp_path: Path) -> None:
    home = Home(tmp_path).create_folders()
    Backend(home)
    with sqlite3.connect(home.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="newer version of Unbraid"):
        Backend(home)
