"""The backend with its real Redis and worker: songs are separated whoever dies, and nothing is left running."""

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
from desktop.jobs.model import JobOptions, JobState, Stage
from desktop.paths import Home
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import (
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


def worker_of(library: RunningLibrary) -> psutil.Process:
    return next(
        p for p in find_processes(library.home.root) if "worker" in p.cmdline() and p.parent() == psutil.Process()
    )


def redis_of(library: RunningLibrary) -> psutil.Process:
    return next(p for p in find_processes(library.home.root) if "redis-server" in p.cmdline()[0])


def owner_of(library: RunningLibrary) -> psutil.Process:
    """The process in which songs are separated."""
    return next(p for p in worker_of(library).children() if "spawn_main" in " ".join(p.cmdline()))


def test_a_song_is_separated_and_its_progress_is_told_in_order(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "a song.wav"), SKETCH)
    done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    assert done.null_dbfs == -300
    assert [stem.name for stem in done.stems] == ["vocals", "drums", "bass", "other"]
    assert all(stem.path.exists() and stem.peaks.exists() for stem in done.stems)
    told = [event for event in library.progress if event.job_id == job.id]
    assert [event.progress for event in told] == sorted(event.progress for event in told)
    assert {Stage.DECODING, Stage.SEPARATING, Stage.WRITING} == {event.stage for event in told}


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system does not weigh sessions")
def test_separating_makes_room_for_the_window_and_the_sound(library: RunningLibrary, tmp_path: Path) -> None:
    library.wait_for(library.service.add(write_song(tmp_path / "modest.wav"), SKETCH), *DONE)
    child = owner_of(library)
    assert child.nice() == 5
    assert Path(f"/proc/{child.pid}/autogroup").read_text().endswith("nice 5\n")


def test_a_bad_file_fails_with_its_name_and_the_next_song_goes_on(library: RunningLibrary, tmp_path: Path) -> None:
    bad = tmp_path / "words.mp3"
    bad.write_text("These are words.\n" * 500)
    failed = library.service.add(bad, SKETCH)
    good = library.service.add(write_song(tmp_path / "after it.wav"), SKETCH)
    assert library.wait_for(failed, *DONE).state is JobState.FAILED
    assert "words.mp3" in (library.service.job(failed.id).error or "")
    assert library.wait_for(good, *DONE).state is JobState.COMPLETED
    assert not list(library.home.job_folder(failed.id).root.glob("run-*"))


def test_a_refused_file_leaves_no_trace(library: RunningLibrary, tmp_path: Path) -> None:
    before = library.service.jobs(), sorted(library.home.jobs.iterdir())
    with pytest.raises(UnusableTrackError, match="not found"):
        library.service.add(tmp_path / "nowhere.wav")
    assert (library.service.jobs(), sorted(library.home.jobs.iterdir())) == before


def test_a_running_song_is_cancelled_within_two_seconds_and_its_files_are_gone(
    library: RunningLibrary, tmp_path: Path
) -> None:
    job = library.service.add(write_song(tmp_path / "long.wav", seconds=300), SKETCH)
    library.wait_for_progress(job)
    library.service.cancel(job.id)
    library.wait_until(lambda: library.service.job(job.id).state is JobState.CANCELLED, timeout_s=10)
    library.wait_until(lambda: not list(library.home.job_folder(job.id).root.glob("run-*")), timeout_s=10)
    with pytest.raises(JobStateError):
        library.service.cancel(job.id)


def test_a_song_survives_the_death_of_the_process_that_separates_it(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "child.wav", seconds=60), SKETCH)
    library.wait_for_progress(job)
    owner_of(library).kill()
    done = library.wait_for(job, *DONE)
    assert (done.state, done.crashes) == (JobState.COMPLETED, 1)


def test_a_song_survives_the_death_of_the_worker(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "worker.wav", seconds=60), SKETCH)
    library.wait_for_progress(job)
    worker_of(library).kill()
    done = library.wait_for(job, *DONE)
    assert (done.state, done.null_dbfs) == (JobState.COMPLETED, -300)


def test_a_song_survives_the_death_of_redis(library: RunningLibrary, tmp_path: Path) -> None:
    first = library.service.add(write_song(tmp_path / "redis.wav", seconds=60), SKETCH)
    second = library.service.add(write_song(tmp_path / "behind it.wav"), SKETCH)
    library.wait_for_progress(first)
    redis_of(library).kill()
    done = library.wait_for(first, *DONE)
    # Not even disturbed: a broken connection must not cancel what is in work.
    assert (done.state, done.token) == (JobState.COMPLETED, 1)
    assert library.wait_for(second, *DONE).state is JobState.COMPLETED
    library.wait_for_progress(second)  # told live again, and not only by the rows


def test_a_deleted_song_is_let_go_by_its_owner(library: RunningLibrary, tmp_path: Path) -> None:
    job = library.service.add(write_song(tmp_path / "removed.wav", seconds=300), SKETCH)
    library.wait_for_progress(job)
    library.service.remove_jobs([job.id])
    library.service.bin.delete()
    after = library.service.add(write_song(tmp_path / "after.wav"), SKETCH)
    assert library.wait_for(after, *DONE).state is JobState.COMPLETED
    assert not library.home.job_folder(job.id).root.exists()


def test_a_second_process_uses_the_first_ones_redis_and_worker(library: RunningLibrary, tmp_path: Path) -> None:
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


def test_a_paused_queue_waits_and_goes_on_in_the_order_that_was_asked_for(
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


def test_redis_is_reached_by_its_owner_alone(library: RunningLibrary) -> None:
    assert library.home.runtime_dir.stat().st_mode & 0o077 == 0
    assert library.home.redis_socket.stat().st_mode & 0o077 == 0
    assert not redis_of(library).net_connections("inet")


def test_a_stopped_backend_leaves_no_process_and_gives_its_song_back(tmp_path: Path) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        job = library.service.add(write_song(tmp_path / "stopped.wav", seconds=300), SKETCH)
        library.wait_for_progress(job)
    assert_all_ended(root)
    given_back = Backend(Home(root)).service.job(job.id)
    assert (given_back.state, given_back.crashes) == (JobState.PENDING, 0)


def test_nothing_outlives_a_killed_app_and_its_song_is_done_at_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "library"
    song = write_song(tmp_path / "killed.wav", seconds=120)
    app = subprocess.Popen(
        unbraid_command("separate", "--json", "--model", "sketch", song), cwd=ROOT, env=command_environment(root),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    Home(root).create_folders()
    watcher = Backend(Home(root))

    def processing() -> bool:
        return any(job.state is JobState.PROCESSING for job in watcher.service.jobs())

    wait_until(processing)
    children = psutil.Process(app.pid).children(recursive=True)
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    with running_library(root) as library:
        (job,) = library.service.jobs()
        assert library.wait_for(job, *DONE).state is JobState.COMPLETED


def test_a_library_of_a_newer_app_is_refused_with_a_sentence(tmp_path: Path) -> None:
    home = Home(tmp_path).create_folders()
    Backend(home)
    with sqlite3.connect(home.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="newer Unbraid"):
        Backend(home)
