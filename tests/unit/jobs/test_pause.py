"""A job, or all of them, held by the user: nobody begins it, its owner stops, and it keeps its place and its work."""

from pathlib import Path

import pytest

from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState, OwnerDirective, Stage
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.rows import claim_job, make_new_job, simulate_dead_owner


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def beat(store: JobStore, job: Job, stage: Stage = Stage.SEPARATING, progress: float = 0.64) -> OwnerDirective:
    return store.heartbeat(job, stage, progress, 1.0, None)


def test_a_paused_job_keeps_its_place_in_line_and_is_not_begun(store: JobStore) -> None:
    first, second = (store.insert(make_new_job()) for _ in range(2))
    store.set_job_paused(first.id, True)
    assert store.claim(first.id) is None
    assert [job.id for job in store.pending_jobs()] == [first.id, second.id]
    assert [job.id for job in store.due_jobs()] == [second.id]
    store.set_job_paused(first.id, False)
    assert [job.id for job in store.due_jobs()] == [first.id, second.id]
    assert store.claim(first.id) is not None


def test_a_pause_outlives_the_process_that_asked_for_it(home: Home, store: JobStore) -> None:
    job = store.insert(make_new_job())
    store.set_job_paused(job.id, True)
    again = JobStore(home)
    assert again.job(job.id).paused
    assert again.claim(job.id) is None


def test_the_owner_of_a_paused_job_stops_and_the_job_waits_at_its_place_as_far_as_it_was(store: JobStore) -> None:
    running = claim_job(store)
    behind = store.insert(make_new_job())
    assert beat(store, running) is OwnerDirective.CONTINUE
    store.set_job_paused(running.id, True)
    assert beat(store, running) is OwnerDirective.PAUSE
    assert store.record_stop(running, 2.0) is JobState.PENDING
    job = store.job(running.id)
    assert (job.state, job.paused, job.progress, job.stage) == (JobState.PENDING, True, 0.64, None)
    assert [one.id for one in store.pending_jobs()] == [running.id, behind.id]
    store.set_job_paused(running.id, False)
    assert claim_job(store, running).progress == 0.64


def test_how_much_of_a_model_was_downloaded_says_nothing_of_the_song(store: JobStore) -> None:
    running = claim_job(store)
    beat(store, running, Stage.DOWNLOADING, 0.9)
    store.set_job_paused(running.id, True)
    store.record_stop(running, 1.0)
    assert store.job(running.id).progress == 0.0


def test_a_paused_queue_stops_what_runs_and_it_goes_on_first(store: JobStore) -> None:
    running = claim_job(store)
    behind = store.insert(make_new_job())
    store.set_queue_paused(True)
    assert beat(store, running) is OwnerDirective.PAUSE
    assert store.record_stop(running, 1.0) is JobState.PENDING
    assert store.due_jobs() == []
    assert store.claim(running.id) is None
    store.set_queue_paused(False)
    assert [job.id for job in store.due_jobs()] == [running.id, behind.id]
    assert not store.job(running.id).paused


def test_a_pause_that_was_taken_back_in_time_changes_nothing(store: JobStore) -> None:
    running = claim_job(store)
    for paused in (True, False):
        store.set_job_paused(running.id, paused)
    assert beat(store, running) is OwnerDirective.CONTINUE


def test_a_pause_that_was_taken_back_too_late_lets_the_job_wait_for_a_worker(store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    assert beat(store, running) is OwnerDirective.PAUSE
    store.set_job_paused(running.id, False)
    assert store.record_stop(running, 1.0) is JobState.PENDING
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_a_cancel_goes_before_a_pause(store: JobStore) -> None:
    running, waiting = claim_job(store), store.insert(make_new_job())
    for job in (running, waiting):
        store.set_job_paused(job.id, True)
        store.request_cancel(job.id)
    assert beat(store, running) is OwnerDirective.CANCEL
    assert store.record_stop(running, 1.0) is JobState.CANCELLED
    assert store.job(waiting.id).state is JobState.CANCELLED
    assert not any(job.paused for job in store.jobs())


def test_a_paused_job_is_moved_and_removed_like_any_that_waits(store: JobStore) -> None:
    ids = [store.insert(make_new_job()).id for _ in range(3)]
    store.set_job_paused(ids[2], True)
    store.move(ids[2], ids[0])
    assert [job.id for job in store.pending_jobs()] == [ids[2], ids[0], ids[1]]
    store.move_to_front(ids[1])
    store.move_to_bin([ids[2]])
    assert [job.id for job in store.pending_jobs()] == [ids[1], ids[0]]


def test_a_paused_job_whose_owner_is_lost_waits_paused(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    simulate_dead_owner(home, running)
    assert store.claim(running.id) is None
    job = store.job(running.id)
    assert (job.state, job.paused, job.crashes) == (JobState.PENDING, True, 1)


def test_what_has_ended_is_not_paused_and_what_is_gone_is_named(store: JobStore) -> None:
    job = store.insert(make_new_job())
    store.request_cancel(job.id)
    with pytest.raises(JobStateError, match="nothing to pause"):
        store.set_job_paused(job.id, True)
    store.move_to_bin([job.id])
    with pytest.raises(UnknownJobError):
        store.set_job_paused(job.id, True)


def test_a_job_that_is_done_once_more_is_not_paused(store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    store.fail(running, "It is damaged.", 1.0)
    (again,) = store.separate_again([running.id])
    assert (again.paused, again.progress) == (False, 0.0)
