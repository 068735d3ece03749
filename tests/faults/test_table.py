"""Single faults, one a test, against the real Redis and worker."""

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
from desktop.jobs.model import Job, JobOptions, JobState, Stage
from desktop.jobs.store import JobStore
from desktop.jobs.text import format_last_attempt
from desktop.jobs.transitions import MAX_CRASHES
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.segments.partial_result import COMPLETE_MARKER
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
# This one may lie in a folder that others cannot enter.
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


def redis_of(root: Path) -> psutil.Process:
    return next(p for p in find_processes(root) if "redis-server" in p.cmdline()[0])


def completed(library: RunningLibrary, *jobs: Job) -> list[Job]:
    done = [library.wait_for(job, *DONE) for job in jobs]
    assert [(job.state, job.error) for job in done] == [(JobState.COMPLETED, None)] * len(done)
    for job in done:
        folder = library.home.job_folder(job.id).root
        assert [run.name for run in folder.glob("run-*")] == [f"run-{job.token}"]
        assert all(stem.path.exists() for stem in job.stems)
    return done


def begun_within(library: RunningLibrary, job: Job, token: int, seconds: float) -> None:
    """The job is in work so soon; how soon is told. A machine that does something else besides may take twice as long."""
    began = monotonic()
    wait_until(lambda: library.service.job(job.id).token >= token, timeout_s=2 * seconds, interval_s=0.05)
    print(f"in work after {monotonic() - began:.1f} s")


def test_redis_and_worker_die_in_the_same_moment(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    at_work, behind = add(library, tmp_path, "at work", 120), add(library, tmp_path, "behind")
    library.wait_for_progress(at_work)
    victims = redis_of(root), find_worker(root)
    for victim in victims:
        victim.kill()
    begun_within(library, at_work, 2, 10)
    completed(library, at_work, behind)


def test_a_song_is_published_right_after_the_worker_was_killed(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    completed(library, add(library, tmp_path, "first"))
    find_worker(root).kill()
    job = add(library, tmp_path, "right after")
    begun_within(library, job, 1, 5)
    completed(library, job)


def test_redis_dies_while_the_worker_starts(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    starting = worker_that_starts(root)
    redis_of(root).kill()
    with suppress(psutil.NoSuchProcess):
        starting.resume()
    completed(library, add(library, tmp_path, "after"))


def test_an_app_is_ended_while_its_worker_starts(root: Path) -> None:
    with running_library(root):
        starting = worker_that_starts(root)
    assert_all_ended(root, timeout_s=15)
    assert not starting.is_running()


def worker_that_starts(root: Path) -> psutil.Process:
    """A worker in the place of one that was killed, held before it is ready."""
    killed = find_worker(root)
    killed.kill()
    starting = successor(killed, lambda: find_worker(root))
    starting.suspend()
    return starting


def test_a_child_that_is_slow_to_start_is_waited_for(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    job = add(library, tmp_path, "song", 20)
    library.wait_for_progress(job)
    killed = find_owner(root)
    killed.kill()
    slow = successor(killed, lambda: find_owner(root))
    slow.suspend()
    try:
        with pytest.raises(psutil.TimeoutExpired):
            slow.wait(7)  # Celery's own patience is 4 s
    finally:
        slow.resume()
    completed(library, job)
    assert find_owner(root) == slow


def successor(killed: psutil.Process, find: Callable[[], psutil.Process]) -> psutil.Process:
    """The process that takes the place of a killed one, as soon as it is there."""
    found = [killed]

    def is_there() -> bool:
        with suppress(StopIteration, psutil.NoSuchProcess):
            found.append(find())
        return found[-1] != killed

    wait_until(is_there, interval_s=0.01)
    return found[-1]


def test_a_song_that_gets_on_is_done_also_when_it_takes_longer_than_its_limit(
    library: RunningLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_MIN_SOFT_LIMIT_S", 6)
    monkeypatch.setattr(queue, "_TIME_LIMIT_FACTOR", 0.0)
    # Four passes over each segment: on any machine, separating takes longer than the limit, decoding and writing do not.
    many_passes = JobOptions(model="sketch", shifts=3)
    (done,) = completed(library, library.service.add(write_song(tmp_path / "song.wav", 120), many_passes))
    assert (done.token > 1, done.crashes) == (True, 0)


def test_the_data_of_redis_is_wiped_while_a_song_is_separated(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    at_work, behind = add(library, tmp_path, "at work", 120), add(library, tmp_path, "behind")
    library.wait_for_progress(at_work)
    victim = redis_of(root)
    victim.kill()
    for file in library.home.redis_data.rglob("*"):
        if file.is_file():
            file.unlink()
    done = completed(library, at_work, behind)
    assert [job.token for job in done] == [1, 1]


def test_a_song_is_finished_while_redis_does_not_answer(library: RunningLibrary, root: Path, tmp_path: Path) -> None:
    job = add(library, tmp_path, "song", 90)
    library.wait_for_progress(job)
    redis = redis_of(root)
    redis.suspend()
    try:
        wait_until(lambda: library.service.job(job.id).state in DONE)
    finally:
        redis.resume()
    (done,) = completed(library, job)
    assert done.token == 1
    completed(library, add(library, tmp_path, "next"))


def test_a_redis_that_does_not_answer_as_a_song_ends_keeps_no_other_song_waiting(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    first, second = add(library, tmp_path, "first", 60), add(library, tmp_path, "second")
    log = library.home.logs / "worker.log"
    library.wait_until(lambda: library.service.job(first.id).progress > 0.3)
    redis = redis_of(root)
    redis.suspend()
    try:
        wait_until(lambda: library.service.job(first.id).state in DONE)
        # After this the worker counts a message against its limit that it has done with.
        wait_until(lambda: "Couldn't ack" in log.read_text() or not redis.is_running())
    finally:
        with suppress(psutil.NoSuchProcess):  # it was started anew
            redis.resume()
    begun_within(library, second, 1, 30)
    assert "this worker connects anew" in log.read_text() or not redis.is_running()
    completed(library, first, second)


def test_a_worker_that_hangs_is_started_anew(
    library: RunningLibrary, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_STUCK_TIMEOUT_S", 5.0)
    completed(library, add(library, tmp_path, "first"))
    hangs = find_worker(root)
    hangs.suspend()
    completed(library, add(library, tmp_path, "second"))
    assert not hangs.is_running()


def test_an_owner_frozen_past_its_lease_and_thawed_does_no_harm(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    job = add(library, tmp_path, "song", 240)
    library.wait_for_progress(job)
    frozen = find_owner(root)
    frozen.suspend()
    # Seen from another machine: on this one a process that is frozen is believed to go on some time.
    simulate_dead_owner(library.home, job)
    # The library's own worker is frozen with its child, so this process takes the song.
    home = library.home
    runner = JobRunner(home, JobStore(home), RedisEventPublisher(), EngineCache(ModelStore(home), home))
    assert runner.run(job.id) == {"status": "completed"}
    taken = library.service.job(job.id)
    frozen.resume()
    completed(library, add(library, tmp_path, "next"))
    assert replace(library.service.job(job.id), position=taken.position) == taken
    completed(library, job)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSEGV], ids=["memory", "crash"])
def test_a_song_that_kills_its_decoder_is_given_up_by_name_and_its_neighbour_completes(
    library: RunningLibrary, root: Path, tmp_path: Path, by: signal.Signals
) -> None:
    # Before its first segment is finished: the decoding of a long song takes a while.
    poison, neighbour = add(library, tmp_path, "poison", 900), add(library, tmp_path, "neighbour")
    deaths = 0
    while library.service.job(poison.id).state not in DONE:
        job = library.service.job(poison.id)
        if job.stage is Stage.DECODING and job.token > deaths:
            deaths = job.token
            find_owner(root).send_signal(by)
    failed = library.service.job(poison.id)
    assert (failed.state, deaths) == (JobState.FAILED, MAX_CRASHES)
    assert "poison.wav stopped its decoder" in (failed.error or "")
    completed(library, neighbour)


def test_whatever_is_killed_while_songs_are_separated_again_their_stems_stay(root: Path, tmp_path: Path) -> None:
    home = Home(root).create_folders()
    service, store = Backend(home).service, JobStore(home)
    songs = [write_song(tmp_path / f"{seconds}.wav", seconds) for seconds in (60, 900)]
    short, long = (rows.complete_job(home, store, service.add(song, SKETCH)) for song in songs)

    def has_its_stems(job: Job) -> bool:
        return [stem.path.read_bytes() for stem in store.job(job.id).stems] == [b"vocals of run 1", b"drums of run 1"]

    with running_library(root) as library:
        library.service.separate_again(short.id)
        for stage in (Stage.SEPARATING, Stage.WRITING):
            kill_at(library, root, short, stage)
            assert has_its_stems(short)
        wait_until(lambda: store.job(short.id).stage is Stage.SEPARATING, interval_s=0.01)
    with running_library(root) as library:
        assert has_its_stems(short)
        wait_until(lambda: not home.job_folder(short.id).result_folder(1).exists())
        completed(library, short)
        assert not has_its_stems(short)
        library.service.separate_again(long.id)
        for _ in range(MAX_CRASHES):
            kill_at(library, root, long, Stage.DECODING)
            assert has_its_stems(long)
        kept = library.wait_for(long, *DONE)
        assert (kept.state, kept.last_attempt is not None) == (JobState.COMPLETED, True)
        assert "stopped its decoder 3 times" in format_last_attempt(kept)
    assert has_its_stems(long)


def kill_at(library: RunningLibrary, root: Path, job: Job, stage: Stage) -> None:
    """Kill the owner of a job when it is at `stage`, and wait until the job is not its any more."""
    wait_until(lambda: library.service.job(job.id).stage is stage, interval_s=0.005)
    token = library.service.job(job.id).token
    find_owner(root).kill()
    wait_until(
        lambda: library.service.job(job.id).token > token or library.service.job(job.id).state.has_ended,
        interval_s=0.01,
    )


def test_a_song_that_kills_its_drafter_is_left_without_a_draft_and_its_neighbour_has_one(
    root: Path, tmp_path: Path
) -> None:
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


def test_a_worker_s_new_process_that_takes_its_time_is_waited_for(
    library: RunningLibrary, root: Path, tmp_path: Path
) -> None:
    killed = find_owner(root)
    killed.kill()

    def is_there() -> bool:
        with suppress(psutil.NoSuchProcess):  # the killed one may not be buried yet
            return any("spawn_main" in " ".join(process.cmdline()) for process in find_worker(root).children())
        return False

    wait_until(is_there, interval_s=0.001)
    slow = find_owner(root)
    slow.suspend()
    job = add(library, tmp_path, "song")
    _, alive = psutil.wait_procs([slow], timeout=8)
    assert alive == [slow] != [killed]
    slow.resume()
    completed(library, job)
    assert find_owner(root) == slow


def test_a_damaged_song_fails_at_the_first_try_with_its_name(library: RunningLibrary, tmp_path: Path) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC" + b"\x00" * 5000)
    job = library.wait_for(library.service.add(broken, SKETCH), *DONE)
    assert (job.state, job.token, job.crashes) == (JobState.FAILED, 1, 0)
    assert "broken.flac" in (job.error or "")


def test_a_cancel_holds_whatever_state_the_song_is_in_and_after_a_restart(root: Path, tmp_path: Path) -> None:
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
        completed(again, add(again, tmp_path, "after"))
        states = [again.service.job(job.id).state for job in (running, waiting, unseen)]
    assert states == [JobState.CANCELLED] * 3


def test_the_queue_lives_through_two_thousand_songs(library: RunningLibrary, tmp_path: Path) -> None:
    library.service.pause_queue()
    song = write_song(tmp_path / "song.wav", 0.2)
    jobs = [library.service.add(song, SKETCH) for _ in range(2000)]
    library.service.move_to_front(jobs[-1].id)
    library.service.resume_queue()
    completed(library, jobs[-1], jobs[0])
    library.service.pause_queue()
    states = [job.state for job in library.service.jobs()]
    assert len(states) == 2000
    assert set(states) <= {JobState.PENDING, JobState.PROCESSING, JobState.COMPLETED}


def test_the_library_s_folder_of_songs_is_deleted_while_one_is_separated(
    library: RunningLibrary, tmp_path: Path
) -> None:
    job = add(library, tmp_path, "song", 240)
    library.wait_for_progress(job)
    shutil.rmtree(library.home.jobs, ignore_errors=True)
    failed = library.wait_for(job, *DONE)
    assert failed.state is JobState.FAILED
    assert failed.error
    library.home.create_folders()
    completed(library, add(library, tmp_path, "next"))


@pytest.mark.skipif(os.geteuid() != 0 or not PYTHON_FOR_ALL, reason="only root may become somebody else")
def test_another_local_user_reaches_neither_redis_nor_the_library(library: RunningLibrary, root: Path) -> None:
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
    for folder in (root.parent, *root.parent.parents):  # else the folders above would be what refuses
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp") and folder.is_relative_to("/tmp"):
            folder.chmod(0o755)
    said = subprocess.run(
        [PYTHON_FOR_ALL, "-I", "-c", script], user=65534, group=65534, extra_groups=[], cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.stdout.split() == ["refused", "refused"], said.stderr


def _has_size(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size == size
