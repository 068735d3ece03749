"""A job that waits for its next try, or for one in less memory: the row knows, whatever is restarted meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.jobs import liveness
from desktop.jobs.model import JobState
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_RETRY_DELAY_S
from desktop.paths import Home
from tests.helpers.rows import claim_job, simulate_dead_owner, update_rows

WHY = "The library is busy."


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def test_a_postponed_job_waits_its_time_and_says_why_and_until_when(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    before = datetime.now(UTC)
    assert store.schedule_retry(running, WHY, 40.0)
    job = JobStore(home).job(running.id)
    assert (job.state, job.error, job.retries) == (JobState.PENDING, WHY, 1)
    assert job.not_before is not None
    assert timedelta(seconds=39) < job.not_before - before < timedelta(seconds=45)
    assert (store.claim(job.id), store.due_jobs()) == (None, [])


def test_a_postponed_job_is_begun_when_its_time_has_come(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.schedule_retry(running, WHY, 40.0)
    update_rows(home, "not_before = not_before - 41")
    assert [job.id for job in store.due_jobs()] == [running.id]
    again = claim_job(store, running)
    assert (again.not_before, again.error, again.retries) == (None, None, 1)


def test_a_clock_that_was_set_back_makes_no_job_wait_for_a_day(home: Home, store: JobStore) -> None:
    running = claim_job(store)
    store.schedule_retry(running, WHY, MAX_RETRY_DELAY_S)
    update_rows(home, "not_before = not_before + 86400")
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_resuming_a_job_ends_its_rest(store: JobStore) -> None:
    running = claim_job(store)
    store.schedule_retry(running, WHY, 40.0)
    store.set_job_paused(running.id, True)
    store.set_job_paused(running.id, False)
    assert [job.id for job in store.due_jobs()] == [running.id]


def test_a_lost_owner_postpones_nothing(home: Home, store: JobStore) -> None:
    old = claim_job(store)
    simulate_dead_owner(home, old)
    claim_job(store, old)
    assert not store.schedule_retry(old, WHY, 40.0)
    assert not store.retry_in_low_memory(old)
    assert store.job(old.id).state is JobState.PROCESSING


def test_a_repeated_job_has_all_its_tries_and_all_the_memory_again(store: JobStore) -> None:
    running = claim_job(store)
    store.schedule_retry(running, WHY, 0.0)
    again = claim_job(store, running)
    store.retry_in_low_memory(again)
    last = claim_job(store, running)
    assert (last.retries, last.sparing) == (1, True)
    store.fail(last, WHY, 1.0)
    (repeated,) = store.separate_again([last.id])
    assert (repeated.retries, repeated.sparing, repeated.error) == (0, False, None)


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the system's own count."""
    counter = tmp_path / "vmstat"
    monkeypatch.setattr(liveness, "VMSTAT_PATH", counter)
    count(counter, 3)
    return counter


def count(counter: Path, kills: int) -> None:
    counter.write_text(f"nr_free_pages 2216\noom_kill {kills}\noom_reaper 9\n")


def test_this_system_tells_how_many_processes_it_ended_for_want_of_memory() -> None:
    if liveness.VMSTAT_PATH.exists():
        assert (liveness.oom_kill_count() or 0) >= 0


def test_an_owner_ended_for_want_of_memory_makes_the_next_one_need_less(
    home: Home, store: JobStore, killed: Path
) -> None:
    job = claim_job(store)
    count(killed, 4)
    simulate_dead_owner(home, job)
    store.release_orphans()
    after = store.job(job.id)
    assert (after.state, after.sparing, after.crashes) == (JobState.PENDING, True, 1)


def test_an_owner_killed_by_somebody_else_changes_no_stem(home: Home, store: JobStore, killed: Path) -> None:
    job = claim_job(store)
    simulate_dead_owner(home, job)
    store.release_orphans()
    assert not store.job(job.id).sparing


def test_a_job_that_does_not_fit_in_less_memory_either_fails_and_says_so(
    home: Home, store: JobStore, killed: Path
) -> None:
    job = claim_job(store)
    for kills in (4, 5):
        count(killed, kills)
        simulate_dead_owner(home, job)
        store.release_orphans()
        if kills == 4:
            job = claim_job(store, job)
    failed = store.job(job.id)
    assert failed.state is JobState.FAILED
    assert "not enough memory" in (failed.error or "")


def test_where_nobody_counts_a_crash_is_a_crash(home: Home, store: JobStore, killed: Path) -> None:
    killed.unlink()
    job = claim_job(store)
    assert job.state is JobState.PROCESSING
    simulate_dead_owner(home, job)
    store.release_orphans()
    assert (store.job(job.id).crashes, store.job(job.id).sparing) == (1, False)


@pytest.mark.parametrize("how", ["release", "postpone", "spare", "end"])
def test_a_cancel_that_was_asked_for_at_the_last_moment_holds_however_the_owner_gives_the_job_back(
    home: Home, store: JobStore, how: str
) -> None:
    job = claim_job(store)
    store.request_cancel(job.id)
    if how == "end":
        simulate_dead_owner(home, job)
        store.release_jobs_of_exited_owners()
    else:
        give_back = {
            "release": store.release,
            "spare": store.retry_in_low_memory,
            "postpone": lambda job: store.schedule_retry(job, "Busy.", 9.0),
        }
        assert give_back[how](job)
    assert store.job(job.id).state is JobState.CANCELLED
