"""A song that is separated again keeps its stems until its new ones are complete."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.errors import JobStateError, ModelUnavailableError, UnknownJobError
from desktop.jobs.model import Attempt, Duty, Job, JobState, Stem
from desktop.jobs.records import recorded_jobs
from desktop.jobs.results import superseded_runs
from desktop.jobs.sentences import attempt_words
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.strays import remove_strays, remove_work
from desktop.jobs.turns import CRASH_BOUND, NO_MEMORY
from desktop.paths import Home
from tests.helpers.queue import Nobody
from tests.helpers.rows import change_rows, claimed, completed, lose_owner, new_job
from tests.helpers.window import Asked


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).prepare()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def again(store: JobStore, job: Job) -> Job:
    (waiting,) = store.retry([job.id], "htdemucs_ft")
    return waiting


def sounds(job: Job) -> list[bytes]:
    return [stem.path.read_bytes() for stem in job.stems]


def test_stems_stay_until_others_are_complete_and_then_go(home: Home, store: JobStore) -> None:
    done = completed(home, store)
    waiting = again(store, done)
    assert (waiting.state, waiting.options.model, waiting.stems) == (JobState.PENDING, "htdemucs_ft", done.stems)
    assert waiting.result == waiting.earlier
    assert waiting.earlier == replace(done, token=waiting.token)
    attempt = claimed(store, waiting)
    assert attempt.earlier == replace(done, token=attempt.token)
    store.release(attempt)
    new = completed(home, store, attempt)
    assert (new.earlier, new.last_attempt, new.options.model) == (None, None, "htdemucs_ft")
    assert sounds(new) == [b"vocals of run 3", b"drums of run 3"]
    remove_work(home, new)
    assert not home.job(done.id).run(1).exists()
    assert sounds(new)


def cancelled_in_line(home: Home, store: JobStore, waiting: Job) -> None:
    store.request_cancel(waiting.id)


def cancelled_at_work(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claimed(store, waiting)
    store.request_cancel(attempt.id)
    assert store.stopped(attempt, 3.0) is JobState.CANCELLED


def cancelled_and_lost(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claimed(store, waiting)
    store.request_cancel(attempt.id)
    lose_owner(home, attempt)
    store.release_orphans()


def failed(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claimed(store, waiting)
    assert store.describe(attempt, model_used="htdemucs_ft", runtime="cuda fp16", stage="separating")
    assert store.heartbeat(attempt, None, 0.3, 3.0, 9.0) is Duty.GO_ON
    assert store.fail(attempt, "The disk is full.", 3.0)


def lost_too_often(home: Home, store: JobStore, waiting: Job) -> None:
    for _ in range(CRASH_BOUND):
        lose_owner(home, claimed(store, waiting))
        store.release_orphans()


def starved(home: Home, store: JobStore, waiting: Job) -> None:
    assert store.spare(claimed(store, waiting))
    lose_owner(home, claimed(store, waiting))
    change_rows(home, "memory_kills = -1", waiting)
    store.release_orphans()


@pytest.mark.parametrize(
    ("end", "attempt"),
    [
        (cancelled_in_line, Attempt(JobState.CANCELLED)),
        (cancelled_at_work, Attempt(JobState.CANCELLED)),
        (cancelled_and_lost, Attempt(JobState.CANCELLED)),
        (failed, Attempt(JobState.FAILED, "The disk is full.")),
        (lost_too_often, Attempt(JobState.FAILED, "This song stopped the worker 3 times and was given up. The worker's log may "
                                                  "tell why; then try again.")),
        (starved, Attempt(JobState.FAILED, NO_MEMORY)),
    ],
)  # fmt: skip
def test_however_an_attempt_ends_without_stems_the_job_is_as_it_was_and_says_why(
    home: Home, store: JobStore, end: Callable[[Home, JobStore, Job], None], attempt: Attempt
) -> None:
    store.insert(new_job())
    done = completed(home, store)
    end(home, store, again(store, done))
    after = store.job(done.id)
    tries = {"token": after.token, "crashes": after.crashes, "sparing": after.sparing}
    assert after == replace(done, last_attempt=attempt, **tries)
    remove_strays(home, store)
    assert sounds(after) == [b"vocals of run 1", b"drums of run 1"]
    assert (attempt.error or "was cancelled") in attempt_words(after)
    assert attempt_words(after).endswith("Its earlier stems are kept.")


def test_why_an_attempt_ended_is_told_until_the_next_one(home: Home, store: JobStore) -> None:
    done = completed(home, store)
    failed(home, store, again(store, done))
    waiting = again(store, store.job(done.id))
    assert (waiting.last_attempt, waiting.stems) == (None, done.stems)
    failed(home, store, waiting)
    assert completed(home, store, again(store, waiting)).last_attempt is None


def test_an_attempt_that_waits_to_go_on_keeps_the_stems_too(home: Home, store: JobStore) -> None:
    done = completed(home, store)
    waiting = again(store, done)
    for wait in (store.release, store.spare, lambda job: store.postpone(job, "Busy.", 0.0)):
        assert wait(claimed(store, waiting))
        assert store.job(done.id).stems == done.stems
    store.set_job_paused(done.id, True)
    assert store.job(done.id).stems == done.stems
    remove_strays(home, store)
    assert sounds(done)


def test_stems_that_are_not_whole_are_not_kept(home: Home, store: JobStore) -> None:
    done = completed(home, store)
    done.stems[0].path.unlink()
    waiting = again(store, done)
    assert (waiting.result, waiting.stems) == (None, ())
    failed(home, store, waiting)
    assert store.job(done.id).state is JobState.FAILED


def test_a_job_that_has_no_stems_ends_as_ever(home: Home, store: JobStore) -> None:
    job = store.insert(new_job())
    failed(home, store, job)
    cancelled_in_line(home, store, again(store, job))
    after = store.job(job.id)
    assert (after.state, after.error, after.last_attempt, after.result) == (JobState.CANCELLED, None, None, None)


def test_clean_up_that_knows_the_job_as_it_was_takes_nothing_of_a_later_run(home: Home, store: JobStore) -> None:
    old = completed(home, store)
    new = completed(home, store, again(store, old))
    assert superseded_runs(home, old) == []
    assert superseded_runs(home, new) == [home.job(old.id).run(1)]


def test_a_record_never_names_stems_that_clean_up_deletes(home: Home, store: JobStore) -> None:
    old = completed(home, store)
    before = home.job(old.id).record.read_bytes()
    new = completed(home, store, again(store, old))
    home.job(old.id).record.write_bytes(before)  # as if the owner had been killed right after the end
    remove_strays(home, store)
    assert not home.job(old.id).run(1).exists()
    (found,) = recorded_jobs(home)
    assert (found.state, found.stems) == (JobState.COMPLETED, new.stems)


@pytest.fixture
def service(home: Home, store: JobStore) -> JobService:
    def check(name: str) -> None:
        if name == "far away":
            raise ModelUnavailableError("Far away is not downloaded.")

    return JobService(home, store, Asked(), Nobody(), check)


def test_a_model_that_cannot_be_had_is_found_out_before_any_song_is_touched(
    home: Home, store: JobStore, service: JobService
) -> None:
    songs = [completed(home, store) for _ in range(3)]
    change_rows(home, """options = replace(options, '"htdemucs"', '"far away"')""", songs[2])
    before = store.jobs()
    for model in ("far away", None):
        with pytest.raises(ModelUnavailableError):
            service.retry_jobs([song.id for song in songs], model)
    with pytest.raises(ModelUnavailableError):
        service.retry(songs[0].id, "far away")
    assert store.jobs() == before


def test_several_songs_are_separated_again_in_their_order_and_those_in_the_queue_are_passed_over(
    home: Home, store: JobStore, service: JobService
) -> None:
    songs = [completed(home, store) for _ in range(3)]
    waiting = store.insert(new_job())
    asked = [songs[2].id, waiting.id, songs[0].id, songs[1].id]
    assert [job.id for job in service.retry_jobs(asked)] == [songs[2].id, songs[0].id, songs[1].id]
    assert [job.id for job in store.pending()] == [waiting.id, songs[2].id, songs[0].id, songs[1].id]
    with pytest.raises(JobStateError, match="still in the queue"):
        service.retry(waiting.id)
    with pytest.raises(UnknownJobError):
        service.retry(new_job().id)


def test_nobody_drafts_a_song_that_has_stems(home: Home, store: JobStore, service: JobService) -> None:
    waiting = again(store, completed(home, store))
    assert not waiting.wants_draft
    fresh = store.insert(new_job())
    assert fresh.wants_draft


def test_the_stem_of_a_run_is_named_by_its_token(home: Home, store: JobStore) -> None:
    done = completed(home, store)
    assert home.job(done.id).runs() == [(1, home.job(done.id).run(1))]
    assert isinstance(done.stems[0], Stem)
