"""A paused job or queue: no worker claims it, its owner stops, and it keeps its position and its finished work."""

from pathlib import Path

import pytest

from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState, OwnerDirective
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.stage import Stage
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job
from tests.helpers.rows import claim_job, simulate_dead_owner


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def send_heartbeat(
    store: JobStore, job: Job, stage: Stage = Stage.SEPARATING, progress: float = 0.64
) -> OwnerDirective:
    return store.ownership.heartbeat(job, stage, progress, 1.0, None)


def test_paused_job_keeps_its_position_and_is_not_claimed(store: JobStore) -> None:
    first, second = (store.insert(make_job()) for _ in range(2))
    store.set_job_paused(first.id, True)
    assert store.ownership.claim(first.id) is None
    assert [job.id for job in store.pending_jobs()] == [first.id, second.id]
    assert [job.id for job in store.due_jobs()] == [second.id]
    store.set_job_paused(first.id, False)
    assert [job.id for job in store.due_jobs()] == [first.id, second.id]
    assert store.ownership.claim(first.id) is not None


def test_pause_outlives_the_process_that_requested_it(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    store.set_job_paused(job.id, True)
    reopened = JobStore(home)
    assert reopened.job(job.id).paused
    assert reopened.ownership.claim(job.id) is None


def test_running_job_stops_when_paused_and_keeps_its_position_and_progress(store: JobStore) -> None:
    running = claim_job(store)
    behind = store.insert(make_job())
    assert send_heartbeat(store, running) is OwnerDirective.CONTINUE
    store.set_job_paused(running.id, True)
    assert send_heartbeat(store, running) is OwnerDirective.PAUSE
    assert store.ownership.record_stop(running, 2.0) is JobState.PENDING
    job = store.job(running.id)
    assert (job.state, job.paused, job.progress, job.stage) == (JobState.PENDING, True, 0.64, None)
    assert [one.id for one in store.pending_jobs()] == [running.id, behind.id]
    store.set_job_paused(running.id, False)
    assert claim_job(store, running).progress == 0.64


def test_download_progress_is_not_kept_as_progress_of_a_paused_job(store: JobStore) -> None:
    running = claim_job(store)
    send_heartbeat(store, running, Stage.DOWNLOADING, 0.9)
    store.set_job_paused(running.id, True)
    store.ownership.record_stop(running, 1.0)
    assert store.job(running.id).progress == 0.0


def test_paused_queue_stops_the_running_job_which_is_the_first_to_continue(store: JobStore) -> None:
    running = claim_job(store)
    behind = store.insert(make_job())
    store.set_queue_paused(True)
    assert send_heartbeat(store, running) is OwnerDirective.PAUSE
    assert store.ownership.record_stop(running, 1.0) is JobState.PENDING
    assert store.due_jobs() == []
    assert store.ownership.claim(running.id) is None
    store.set_queue_paused(False)
    assert [job.id for job in store.due_jobs()] == [running.id, behind.id]
    assert not store.job(running.id).paused


def test_pause_undone_before_the_next_heartbeat_changes_nothing(store: JobStore) -> None:
    running = claim_job(store)
    for paused in (True, False):
        store.set_job_paused(running.id, paused)
    assert send_heartbeat(store, running) is OwnerDirective.CONTINUE


def test_pause_undone_after_the_heartbeat_leaves_the_job_due_for_a_worker(store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    assert send_heartbeat(store, running) is OwnerDirective.PAUSE
    store.set_job_paused(running.id, False)
    assert store.ownership.record_stop(running, 1.0) is JobState.PENDING
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_cancel_takes_precedence_over_pause(store: JobStore) -> None:
    running, waiting = claim_job(store), store.insert(make_job())
    for job in (running, waiting):
        store.set_job_paused(job.id, True)
        store.request_cancel(job.id)
    assert send_heartbeat(store, running) is OwnerDirective.CANCEL
    assert store.ownership.record_stop(running, 1.0) is JobState.CANCELLED
    assert store.job(waiting.id).state is JobState.CANCELLED
    assert not any(job.paused for job in store.jobs())


def test_paused_job_can_be_moved_and_removed_like_any_pending_job(store: JobStore) -> None:
    ids = [store.insert(make_job()).id for _ in range(3)]
    store.set_job_paused(ids[2], True)
    store.move(ids[2], ids[0])
    assert [job.id for job in store.pending_jobs()] == [ids[2], ids[0], ids[1]]
    store.move_to_front(ids[1])
    store.move_to_bin([ids[2]])
    assert [job.id for job in store.pending_jobs()] == [ids[1], ids[0]]


def test_paused_job_whose_owner_is_lost_becomes_pending_and_stays_paused(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    simulate_dead_owner(home, running)
    assert store.ownership.claim(running.id) is None
    job = store.job(running.id)
    assert (job.state, job.paused, job.crashes) == (JobState.PENDING, True, 1)


def test_ended_job_cannot_be_paused_and_removed_job_is_unknown(store: JobStore) -> None:
    job = store.insert(make_job())
    store.request_cancel(job.id)
    with pytest.raises(JobStateError, match="nothing to pause"):
        store.set_job_paused(job.id, True)
    store.move_to_bin([job.id])
    with pytest.raises(UnknownJobError):
        store.set_job_paused(job.id, True)


def test_job_separated_again_is_not_paused(store: JobStore) -> None:
    running = claim_job(store)
    store.set_job_paused(running.id, True)
    store.ownership.fail(running, verbatim("It is damaged."), 1.0)
    (requeued,) = store.separate_again([running.id])
    assert (requeued.paused, requeued.progress) == (False, 0.0)
