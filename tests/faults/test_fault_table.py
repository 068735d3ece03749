"""One injected fault per test, against the real Redis and worker."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic

import psutil
import pytest

from desktop.backend import Backend
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.store import JobStore
from desktop.jobs.text import format_last_attempt
from desktop.jobs.transitions import MAX_CRASHES
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.stage import Stage
from desktop.tasks import queue, reconcile
from desktop.tasks.engine_cache import EngineCache
from desktop.tasks.events import RedisEventPublisher
from desktop.tasks.run_job import JobRunner
from tests.helpers import rows
from tests.helpers.library import (
    RunningLibrary,
    assert_all_ended,
    find_processes,
    running_library,
    wait_until,
    write_song,
)
from tests.helpers.resume import find_draft_worker, find_owner, find_worker
from tests.helpers.rows import simulate_dead_owner

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
# The Python of the tests may lie in a folder that other users cannot enter.
PYTHON_FOR_ALL = shutil.which("python3", path="/usr/bin:/bin") or ""
SKETCH = JobOptions(model="sketch")
DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(root: Path) -> Iterator[RunningLibrary]:
    with running_library(root) as library:
        yield library


def add(library: RunningLibrary, folder: Path, name: str, seconds: float = 5.0) -> Job:
    return library.service.add(write_song(folder / f"{name}.wav", seconds), SKETCH)


def find_redis(root: Path) -> psutil.Process:
    return next(p for p in find_processes(root) if "redis-server" in p.cmdline()[0])


def wait_until_completed(library: RunningLibrary, *jobs: Job) -> list[Job]:
    done = [library.wait_for(job, *DONE) for job in jobs]
    assert [(job.state, job.error) for job in done] == [(JobState.COMPLETED, None)] * len(done)
    for job in done:
        folder = library.home.job_folder(job.id).root
        assert [run.name for run in folder.glob("run-*")] == [f"run-{job.token}"]
        assert all(stem.path.exists() for stem in job.stems)
    return done


def assert_starts_within(library: RunningLibrary, job: Job, token: int, seconds: float) -> None:
    """Assert that the job starts within twice `seconds`, since the machine may be busy, and print how long it took."""
    started = monotonic()
    wait_until(lambda: library.service.job(job.id).token >= token, timeout_s=2 * seconds, interval_s=0.05)
    print(f"started after {monotonic() - started:.1f} s")


def test_jobs_complete_after_redis_and_worker_died_at_the_same_moment(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    running, queued = add(library, tmp_path, "at work", 120), add(library, tmp_path, "behind")
    library.wait_for_progress(running)
    victims = find_redis(root), find_worker(root)
    for victim in victims:
        victim.kill()
    assert_starts_within(library, running, 2, 10)
    wait_until_completed(library, running, queued)


def test_track_added_right_after_the_worker_was_killed_starts_soon(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    wait_until_completed(library, add(library, tmp_path, "first"))
    find_worker(root).kill()
    job = add(library, tmp_path, "right after")
    assert_starts_within(library, job, 1, 5)
    wait_until_completed(library, job)


def test_job_completes_after_redis_died_while_the_worker_started(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    starting = freeze_starting_worker(root)
    find_redis(root).kill()
    with suppress(psutil.NoSuchProcess):
        starting.resume()
    wait_until_completed(library, add(library, tmp_path, "after"))


def test_app_that_quits_while_its_worker_starts_leaves_no_process(root: Path) -> None:
    with running_library(root):
        starting = freeze_starting_worker(root)
    assert_all_ended(root, timeout_s=15)
    assert not starting.is_running()


def freeze_starting_worker(root: Path) -> psutil.Process:
    """Kill the worker, and return its replacement, suspended before it is ready."""
    killed = find_worker(root)
    killed.kill()
    starting = wait_for_replacement(killed, lambda: find_worker(root))
    starting.suspend()
    return starting


def test_slow_replacement_of_a_child_killed_at_work_is_waited_for(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    job = add(library, tmp_path, "song", 20)
    library.wait_for_progress(job)
    killed = find_owner(root)
    killed.kill()
    slow = wait_for_replacement(killed, lambda: find_owner(root))
    slow.suspend()
    try:
        with pytest.raises(psutil.TimeoutExpired):
            slow.wait(7)  # Celery itself would wait 4 s
    finally:
        slow.resume()
    wait_until_completed(library, job)
    assert find_owner(root) == slow


def wait_for_replacement(killed: psutil.Process, find: Callable[[], psutil.Process]) -> psutil.Process:
    """Return the process that replaces a killed one, as soon as it runs."""
    found = [killed]

    def is_running() -> bool:
        with suppress(StopIteration, psutil.NoSuchProcess):
            found.append(find())
        return found[-1] != killed

    wait_until(is_running, interval_s=0.01)
    return found[-1]


def test_job_that_makes_progress_completes_although_it_exceeds_its_time_limit(
    library: RunningLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_MIN_SOFT_LIMIT_S", 6)
    monkeypatch.setattr(queue, "_TIME_LIMIT_FACTOR", 0.0)
    # Four passes over each segment: on any machine separating exceeds the limit, and decoding and writing do not.
    many_passes = JobOptions(model="sketch", shifts=3)
    (done,) = wait_until_completed(library, library.service.add(write_song(tmp_path / "song.wav", 120), many_passes))
    assert (done.token > 1, done.crashes) == (True, 0)


def test_wiped_redis_data_neither_loses_nor_restarts_a_job(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    running, queued = add(library, tmp_path, "at work", 120), add(library, tmp_path, "behind")
    library.wait_for_progress(running)
    victim = find_redis(root)
    victim.kill()
    for file in library.home.redis_data.rglob("*"):
        if file.is_file():
            file.unlink()
    done = wait_until_completed(library, running, queued)
    assert [job.token for job in done] == [1, 1]


def test_job_completes_while_redis_does_not_answer(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    job = add(library, tmp_path, "song", 90)
    library.wait_for_progress(job)
    redis = find_redis(root)
    redis.suspend()
    try:
        wait_until(lambda: library.service.job(job.id).state in DONE)
    finally:
        redis.resume()
    (done,) = wait_until_completed(library, job)
    assert done.token == 1
    wait_until_completed(library, add(library, tmp_path, "next"))


def test_unresponsive_redis_at_the_end_of_a_job_does_not_block_the_next_one(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    first, second = add(library, tmp_path, "first", 60), add(library, tmp_path, "second")
    log = library.home.logs / "worker.log"
    library.wait_until(lambda: library.service.job(first.id).progress > 0.3)
    redis = find_redis(root)
    redis.suspend()
    try:
        wait_until(lambda: library.service.job(first.id).state in DONE)
        # From now on the worker counts a finished message against its prefetch limit. Redis counts as dead after a minute,
        # and the worker's own timeouts come on top.
        wait_until(lambda: "Couldn't ack" in log.read_text() or not redis.is_running(), timeout_s=180.0)
    finally:
        with suppress(psutil.NoSuchProcess):  # Redis was restarted
            redis.resume()
    assert_starts_within(library, second, 1, 30)
    assert "Worker reconnects" in log.read_text() or not redis.is_running()
    wait_until_completed(library, first, second)


def test_hung_worker_is_restarted(
    library: RunningLibrary, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_STUCK_TIMEOUT_S", 5.0)
    wait_until_completed(library, add(library, tmp_path, "first"))
    hung = find_worker(root)
    hung.suspend()
    wait_until_completed(library, add(library, tmp_path, "second"))
    assert not hung.is_running()


def test_owner_frozen_past_its_lease_does_no_harm_when_it_continues(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    job = add(library, tmp_path, "song", 240)
    library.wait_for_progress(job)
    frozen = find_owner(root)
    frozen.suspend()
    # Make the owner look dead: on one machine, a frozen process may keep its claim for some time.
    simulate_dead_owner(library.home, job)
    # The library's own worker is frozen with its child, so this process runs the job.
    home = library.home
    runner = JobRunner(home, JobStore(home), RedisEventPublisher(), EngineCache(ModelStore(home), home))
    assert runner.run(job.id) == {"status": "completed"}
    committed = library.service.job(job.id)
    frozen.resume()
    wait_until_completed(library, add(library, tmp_path, "next"))
    assert replace(library.service.job(job.id), position=committed.position) == committed
    wait_until_completed(library, job)


@pytest.mark.parametrize("kill_signal", [signal.SIGKILL, signal.SIGSEGV], ids=["memory", "crash"])
def test_track_that_kills_its_decoder_is_given_up_by_name_and_the_next_one_completes(
    library: RunningLibrary, root: Path, tmp_path: Path, kill_signal: signal.Signals
) -> None:
    # A long track takes a while to decode, so it can be killed before its first segment is finished.
    poison, neighbour = add(library, tmp_path, "poison", 900), add(library, tmp_path, "neighbour")
    deaths = 0
    while library.service.job(poison.id).state not in DONE:
        job = library.service.job(poison.id)
        if job.stage is Stage.DECODING and job.token > deaths:
            deaths = job.token
            find_owner(root).send_signal(kill_signal)
    failed = library.service.job(poison.id)
    assert (failed.state, deaths) == (JobState.FAILED, MAX_CRASHES)
    assert "poison.wav crashed its decoder" in str(failed.error)
    wait_until_completed(library, neighbour)


def test_stems_survive_every_kill_while_a_job_is_separated_again(root: Path, tmp_path: Path) -> None:
    home = Home(root).create_folders()
    service, store = Backend(home).service, JobStore(home)
    songs = [write_song(tmp_path / f"{seconds}.wav", seconds) for seconds in (60, 900)]
    short, long = (rows.complete_job(home, store, service.add(song, SKETCH)) for song in songs)

    def has_stems_of_first_run(job: Job) -> bool:
        return [stem.path.read_bytes() for stem in store.job(job.id).stems] == [b"vocals of run 1", b"drums of run 1"]

    with running_library(root) as library:
        library.service.separate_again(short.id)
        for stage in (Stage.SEPARATING, Stage.WRITING):
            kill_at(library, root, short, stage)
            assert has_stems_of_first_run(short)
        wait_until(lambda: store.job(short.id).stage is Stage.SEPARATING, interval_s=0.01)
    with running_library(root) as library:
        assert has_stems_of_first_run(short)
        wait_until(lambda: not home.job_folder(short.id).result_folder(1).exists())
        wait_until_completed(library, short)
        assert not has_stems_of_first_run(short)
        library.service.separate_again(long.id)
        for _ in range(MAX_CRASHES):
            kill_at(library, root, long, Stage.DECODING)
            assert has_stems_of_first_run(long)
        kept = library.wait_for(long, *DONE)
        assert (kept.state, kept.last_attempt is not None) == (JobState.COMPLETED, True)
        assert "crashed its decoder 3 times" in format_last_attempt(kept)
    assert has_stems_of_first_run(long)


def kill_at(library: RunningLibrary, root: Path, job: Job, stage: Stage) -> None:
    """Kill the owner of a job when it is at `stage`, and wait until the job is claimed again or has ended."""
    wait_until(lambda: library.service.job(job.id).stage is stage, interval_s=0.005)
    token = library.service.job(job.id).token
    find_owner(root).kill()
    wait_until(
        lambda: library.service.job(job.id).token > token or library.service.job(job.id).state.has_ended,
        interval_s=0.01,
    )


def test_track_that_kills_its_draft_worker_gets_no_draft_and_the_next_one_does(root: Path, tmp_path: Path) -> None:
    with running_library(root, drafts=True) as library:
        library.service.pause_queue()
        deadly, neighbour = add(library, tmp_path, "deadly", 900), add(library, tmp_path, "neighbour")
        folder = library.home.job_folder(deadly.id)
        for deaths in range(MAX_CRASHES):
            library.service.request_draft(deadly.id)
            wait_until(partial(_has_size, folder.draft_attempts, deaths + 1), interval_s=0.01)
            victim = find_draft_worker(root)
            victim.send_signal(signal.SIGSEGV)
            victim.wait(10)
        shutil.rmtree(folder.draft)
        library.service.request_draft(deadly.id)
        library.service.request_draft(neighbour.id)
        wait_until((library.home.job_folder(neighbour.id).draft / COMPLETE_MARKER).exists)
        assert not folder.draft.exists()


def test_slow_replacement_of_a_child_killed_while_idle_is_waited_for(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    killed = find_owner(root)
    killed.kill()

    def is_running() -> bool:
        with suppress(psutil.NoSuchProcess):  # the killed child may still be a zombie
            return any("spawn_main" in " ".join(process.cmdline()) for process in find_worker(root).children())
        return False

    wait_until(is_running, interval_s=0.001)
    slow = find_owner(root)
    slow.suspend()
    job = add(library, tmp_path, "song")
    _, alive = psutil.wait_procs([slow], timeout=8)
    assert alive == [slow] != [killed]
    slow.resume()
    wait_until_completed(library, job)
    assert find_owner(root) == slow


def test_damaged_track_fails_at_the_first_attempt_with_its_name(library: RunningLibrary, tmp_path: Path) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC" + b"\x00" * 5000)
    job = library.wait_for(library.service.add(broken, SKETCH), *DONE)
    assert (job.state, job.token, job.crashes) == (JobState.FAILED, 1, 0)
    assert "broken.flac" in str(job.error)


def test_cancelled_job_stays_cancelled_from_any_state_and_after_a_restart(root: Path, tmp_path: Path) -> None:
    with running_library(root) as library:
        running = add(library, tmp_path, "running", 300)
        waiting = add(library, tmp_path, "waiting")
        library.wait_for_progress(running)
        library.service.cancel(waiting.id)
        library.service.cancel(running.id)
        library.wait_for(running, JobState.CANCELLED)
        library.service.pause_queue()
        unseen = add(library, tmp_path, "no worker up")
    library.service.cancel(unseen.id)
    with running_library(root) as again:
        again.service.resume_queue()
        wait_until_completed(again, add(again, tmp_path, "after"))
        states = [again.service.job(job.id).state for job in (running, waiting, unseen)]
    assert states == [JobState.CANCELLED] * 3


def test_queue_handles_two_thousand_jobs(library: RunningLibrary, tmp_path: Path) -> None:
    library.service.pause_queue()
    song = write_song(tmp_path / "song.wav", 0.2)
    jobs = [library.service.add(song, SKETCH) for _ in range(2000)]
    library.service.move_to_front(jobs[-1].id)
    library.service.resume_queue()
    wait_until_completed(library, jobs[-1], jobs[0])
    library.service.pause_queue()
    states = [job.state for job in library.service.jobs()]
    assert len(states) == 2000
    assert set(states) <= {JobState.PENDING, JobState.PROCESSING, JobState.COMPLETED}


def test_deleting_the_jobs_folder_during_a_job_fails_only_that_job(library: RunningLibrary, tmp_path: Path) -> None:
    job = add(library, tmp_path, "song", 240)
    library.wait_for_progress(job)
    shutil.rmtree(library.home.jobs, ignore_errors=True)
    failed = library.wait_for(job, *DONE)
    assert failed.state is JobState.FAILED
    assert failed.error
    library.home.create_folders()
    wait_until_completed(library, add(library, tmp_path, "next"))


@pytest.mark.skipif(os.geteuid() != 0 or not PYTHON_FOR_ALL, reason="only root may run a process as another user")
def test_another_local_user_can_access_neither_redis_nor_the_library(library: RunningLibrary, root: Path) -> None:
    script = f"""
import socket
try:
    socket.socket(socket.AF_UNIX).connect({str(library.home.redis_socket)!r})
except PermissionError:
    print("refused")
try:
    open({str(library.home.database)!r}, "rb")
except PermissionError:
    print("refused")
"""
    for folder in (root.parent, *root.parent.parents):  # otherwise the folders above would refuse access
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp") and folder.is_relative_to("/tmp"):
            folder.chmod(0o755)
    result = subprocess.run(
        [PYTHON_FOR_ALL, "-I", "-c", script], user=65534, group=65534, extra_groups=[], cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stdout.split() == ["refused", "refused"], result.stderr


def _has_size(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size == size
