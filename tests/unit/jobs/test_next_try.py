"""A job that waits for its next try, or for one in less memory: the row knows, whatever is restarted meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.jobs import memory
from desktop.jobs.model import JobState
from desktop.jobs.store import JobStore
from desktop.jobs.turns import LONGEST_REST
from desktop.paths import Home
from tests.helpers.rows import change_rows, claimed, lose_owner

WHY = "The library is busy."


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).prepare()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def test_a_postponed_job_waits_its_time_and_says_why_and_until_when(home: Home, store: JobStore) -> None:
    running = claimed(store)
    before = datetime.now(UTC)
    assert store.postpone(running, WHY, 40.0)
    job = JobStore(home).job(running.id)
    assert (job.state, job.error, job.retries) == (JobState.PENDING, WHY, 1)
    assert job.not_before is not None
    assert timedelta(seconds=39) < job.not_before - before < timedelta(seconds=45)
    assert (store.claim(job.id), store.due()) == (None, [])


def test_a_postponed_job_is_begun_when_its_time_has_come(home: Home, store: JobStore) -> None:
    running = claimed(store)
    store.postpone(running, WHY, 40.0)
    change_rows(home, "not_before = not_before - 41")
    assert [job.id for job in store.due()] == [running.id]
    again = claimed(store, running)
    assert (again.not_before, again.error, again.retries) == (None, None, 1)


def test_a_clock_that_was_set_back_makes_no_job_wait_for_a_day(home: Home, store: JobStore) -> None:
    running = claimed(store)
    store.postpone(running, WHY, LONGEST_REST)
    change_rows(home, "not_before = not_before + 86400")
    assert [job.id for job in store.due()] == [running.id]


def test_resuming_a_job_ends_its_rest(store: JobStore) -> None:
    running = claimed(store)
    store.postpone(running, WHY, 40.0)
    store.set_job_paused(running.id, True)
    store.set_job_paused(running.id, False)
    assert [job.id for job in store.due()] == [running.id]


def test_a_lost_owner_postpones_nothing(home: Home, store: JobStore) -> None:
    old = claimed(store)
    lose_owner(home, old)
    claimed(store, old)
    assert not store.postpone(old, WHY, 40.0)
    assert not store.spare(old)
    assert store.job(old.id).state is JobState.PROCESSING


def test_a_repeated_job_has_all_its_tries_and_all_the_memory_again(store: JobStore) -> None:
    running = claimed(store)
    store.postpone(running, WHY, 0.0)
    again = claimed(store, running)
    store.spare(again)
    last = claimed(store, running)
    assert (last.retries, last.sparing) == (1, True)
    store.fail(last, WHY, 1.0)
    (repeated,) = store.retry([last.id])
    assert (repeated.retries, repeated.sparing, repeated.error) == (0, False, None)


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the system's own count."""
    counter = tmp_path / "vmstat"
    monkeypatch.setattr(memory, "COUNTER", counter)
    count(counter, 3)
    return counter


def count(counter: Path, kills: int) -> None:
    counter.write_text(f"nr_free_pages 2216\noom_kill {kills}\noom_reaper 9\n")


def test_this_system_tells_how_many_processes_it_ended_for_want_of_memory() -> None:
    if memory.COUNTER.exists():
        assert (memory.memory_kills() or 0) >= 0


def test_an_owner_ended_for_want_of_memory_makes_the_next_one_need_less(
    home: Home, store: JobStore, killed: Path
) -> None:
    job = claimed(store)
    count(killed, 4)
    lose_owner(home, job)
    store.release_orphans()
    after = store.job(job.id)
    assert (after.state, after.sparing, after.crashes) == (JobState.PENDING, True, 1)


def test_an_owner_killed_by_somebody_else_changes_no_stem(home: Home, store: JobStore, killed: Path) -> None:
    job = claimed(store)
    lose_owner(home, job)
    store.release_orphans()
    assert not store.job(job.id).sparing


def test_a_job_that_does_not_fit_in_less_memory_either_fails_and_says_so(
    home: Home, store: JobStore, killed: Path
) -> None:
    job = claimed(store)
    for kills in (4, 5):
        count(killed, kills)
        lose_owner(home, job)
        store.release_orphans()
        if kills == 4:
            job = claimed(store, job)
    failed = store.job(job.id)
    assert failed.state is JobState.FAILED
    assert "not enough memory" in (failed.error or "")


def test_where_nobody_counts_a_crash_is_a_crash(home: Home, store: JobStore, killed: Path) -> None:
    killed.unlink()
    job = claimed(store)
    assert job.state is JobState.PROCESSING
    lose_owner(home, job)
    store.release_orphans()
    assert (store.job(job.id).crashes, store.job(job.id).sparing) == (1, False)


@pytest.mark.parametrize("how", ["release", "postpone", "spare", "end"])
def test_a_cancel_that_was_asked_for_at_the_last_moment_holds_however_the_owner_gives_the_job_back(
    home: Home, store: JobStore, how: str
) -> None:
    job = claimed(store)
    store.request_cancel(job.id)
    if how == "end":
        lose_owner(home, job)
        store.release_ended()
    else:
        give_back = {"release": store.release, "spare": store.spare, "postpone": lambda job: store.postpone(job, "Busy.", 9.0)}
        assert give_back[how](job)
    assert store.job(job.id).state is JobState.CANCELLED
