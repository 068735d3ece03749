"""A job that waits for a retry, or for a run in low memory, keeps that in its row across restarts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.jobs.model import MAX_RETRY_DELAY_S, JobState
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime import process_identity
from desktop.text.message import verbatim
from tests.helpers.rows import claim_job, simulate_dead_owner, update_rows

REASON = verbatim("The library is busy.")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def test_job_with_a_scheduled_retry_waits_and_records_the_reason_and_the_time(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    before = datetime.now(UTC)
    assert store.ownership.schedule_retry(running, REASON, 40.0)
    job = JobStore(home).job(running.id)
    assert (job.state, job.error, job.retries) == (JobState.PENDING, REASON, 1)
    assert job.not_before is not None
    assert timedelta(seconds=39) < job.not_before - before < timedelta(seconds=45)
    assert (store.ownership.claim(job.id), store.due_jobs()) == (None, [])


def test_job_with_a_scheduled_retry_is_claimed_when_its_time_has_come(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.ownership.schedule_retry(running, REASON, 40.0)
    update_rows(home, "not_before = not_before - 41")
    assert [job.id for job in store.due_jobs()] == [running.id]
    reclaimed = claim_job(store, running)
    assert (reclaimed.not_before, reclaimed.error, reclaimed.retries) == (None, None, 1)


def test_clock_that_was_set_back_does_not_delay_a_retry(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.ownership.schedule_retry(running, REASON, MAX_RETRY_DELAY_S)
    update_rows(home, "not_before = not_before + 86400")
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_resuming_a_job_ends_its_retry_delay(store: JobStore) -> None:
    running = claim_job(store)
    store.ownership.schedule_retry(running, REASON, 40.0)
    store.set_job_paused(running.id, True)
    store.set_job_paused(running.id, False)
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_lost_owner_cannot_schedule_a_retry(home: Home, store: JobStore) -> None:
    old = claim_job(store)
    simulate_dead_owner(home, old)
    claim_job(store, old)
    assert not store.ownership.schedule_retry(old, REASON, 40.0)
    assert not store.ownership.retry_in_low_memory(old)
    assert store.job(old.id).state is JobState.PROCESSING


def test_separating_again_resets_the_retries_and_low_memory(store: JobStore) -> None:
    running = claim_job(store)
    store.ownership.schedule_retry(running, REASON, 0.0)
    second = claim_job(store, running)
    store.ownership.retry_in_low_memory(second)
    last = claim_job(store, running)
    assert (last.retries, last.low_memory) == (1, True)
    store.ownership.fail(last, REASON, 1.0)
    (requeued,) = store.separate_again([last.id])
    assert (requeued.retries, requeued.low_memory, requeued.error) == (0, False, None)


@pytest.fixture
def vmstat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace the kernel's OOM kill counter with a file and return its path."""
    counter = tmp_path / "vmstat"
    monkeypatch.setattr(process_identity, "VMSTAT_PATH", counter)
    write_oom_kills(counter, 3)
    return counter


def write_oom_kills(counter: Path, kills: int) -> None:
    counter.write_text(f"nr_free_pages 2216\noom_kill {kills}\noom_reaper 9\n")


def test_this_system_reports_its_oom_kill_count() -> None:
    if process_identity.VMSTAT_PATH.exists():
        assert (process_identity.oom_kill_count() or 0) >= 0


def test_oom_killed_owner_makes_the_next_run_use_low_memory(home: Home, store: JobStore, vmstat: Path) -> None:
    job = claim_job(store)
    write_oom_kills(vmstat, 4)
    simulate_dead_owner(home, job)
    store.ownership.release_orphans()
    after = store.job(job.id)
    assert (after.state, after.low_memory, after.crashes) == (JobState.PENDING, True, 1)


def test_owner_killed_for_another_reason_does_not_cause_low_memory(home: Home, store: JobStore, vmstat: Path) -> None:
    job = claim_job(store)
    simulate_dead_owner(home, job)
    store.ownership.release_orphans()
    assert not store.job(job.id).low_memory


def test_job_oom_killed_in_low_memory_fails_with_that_reason(home: Home, store: JobStore, vmstat: Path) -> None:
    job = claim_job(store)
    for kills in (4, 5):
        write_oom_kills(vmstat, kills)
        simulate_dead_owner(home, job)
        store.ownership.release_orphans()
        if kills == 4:
            job = claim_job(store, job)
    failed = store.job(job.id)
    assert failed.state is JobState.FAILED
    assert "not enough memory" in str(failed.error)


def test_crash_without_an_oom_kill_count_does_not_cause_low_memory(home: Home, store: JobStore, vmstat: Path) -> None:
    vmstat.unlink()
    job = claim_job(store)
    assert job.state is JobState.PROCESSING
    simulate_dead_owner(home, job)
    store.ownership.release_orphans()
    assert (store.job(job.id).crashes, store.job(job.id).low_memory) == (1, False)


@pytest.mark.parametrize(
    "how", ["release", "postpone", "spare", "end"], ids=["release", "retry later", "retry in low memory", "owner exits"]
)
def test_late_cancel_request_is_honoured_however_the_owner_releases_the_job(
    home: Home, store: JobStore, how: str
) -> None:
    job = claim_job(store)
    store.request_cancel(job.id)
    if how == "end":
        simulate_dead_owner(home, job)
        store.ownership.release_jobs_of_exited_owners()
    else:
        release_methods = {
            "release": store.ownership.release,
            "spare": store.ownership.retry_in_low_memory,
            "postpone": lambda job: store.ownership.schedule_retry(job, verbatim("Busy."), 9.0),
        }
        assert release_methods[how](job)
    assert store.job(job.id).state is JobState.CANCELLED
