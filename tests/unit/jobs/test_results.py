"""A song that is separated again keeps its stems until its new ones are complete."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.errors import JobStateError, ModelUnavailableError, UnknownJobError
from desktop.jobs.files import remove_leftovers, remove_orphaned_files
from desktop.jobs.model import Attempt, Job, JobState, OwnerDirective, Stem
from desktop.jobs.recovery import rebuild_jobs
from desktop.jobs.rows import superseded_run_folders
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.text import format_last_attempt
from desktop.jobs.transitions import MAX_CRASHES, OUT_OF_MEMORY_MESSAGE
from desktop.paths import Home
from tests.helpers.queue import NullEvents
from tests.helpers.rows import claim_job, complete_job, make_new_job, simulate_dead_owner, update_rows
from tests.helpers.window import RecordingQueue


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def again(store: JobStore, job: Job) -> Job:
    (waiting,) = store.separate_again([job.id], "htdemucs_ft")
    return waiting


def sounds(job: Job) -> list[bytes]:
    return [stem.path.read_bytes() for stem in job.stems]


def test_stems_stay_until_others_are_complete_and_then_go(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    waiting = again(store, done)
    assert (waiting.state, waiting.options.model, waiting.stems) == (JobState.PENDING, "htdemucs_ft", done.stems)
    assert waiting.result == waiting.earlier
    assert waiting.earlier == replace(done, token=waiting.token)
    attempt = claim_job(store, waiting)
    assert attempt.earlier == replace(done, token=attempt.token)
    store.release(attempt)
    new = complete_job(home, store, attempt)
    assert (new.earlier, new.last_attempt, new.options.model) == (None, None, "htdemucs_ft")
    assert sounds(new) == [b"vocals of run 3", b"drums of run 3"]
    remove_leftovers(home, new)
    assert not home.job_folder(done.id).result_folder(1).exists()
    assert sounds(new)


def cancelled_in_line(home: Home, store: JobStore, waiting: Job) -> None:
    store.request_cancel(waiting.id)


def cancelled_at_work(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    store.request_cancel(attempt.id)
    assert store.record_stop(attempt, 3.0) is JobState.CANCELLED


def cancelled_and_lost(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    store.request_cancel(attempt.id)
    simulate_dead_owner(home, attempt)
    store.release_orphans()


def failed(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    assert store.record_details(attempt, model_used="htdemucs_ft", runtime="cuda fp16", stage="separating")
    assert store.heartbeat(attempt, None, 0.3, 3.0, 9.0) is OwnerDirective.CONTINUE
    assert store.fail(attempt, "The disk is full.", 3.0)


def lost_too_often(home: Home, store: JobStore, waiting: Job) -> None:
    for _ in range(MAX_CRASHES):
        simulate_dead_owner(home, claim_job(store, waiting))
        store.release_orphans()


def starved(home: Home, store: JobStore, waiting: Job) -> None:
    assert store.retry_in_low_memory(claim_job(store, waiting))
    simulate_dead_owner(home, claim_job(store, waiting))
    update_rows(home, "memory_kills = -1", waiting)
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
        (starved, Attempt(JobState.FAILED, OUT_OF_MEMORY_MESSAGE)),
    ],
)  # fmt: skip
def test_however_an_attempt_ends_without_stems_the_job_is_as_it_was_and_says_why(
    home: Home, store: JobStore, end: Callable[[Home, JobStore, Job], None], attempt: Attempt
) -> None:
    store.insert(make_new_job())
    done = complete_job(home, store)
    end(home, store, again(store, done))
    after = store.job(done.id)
    tries = {"token": after.token, "crashes": after.crashes, "sparing": after.sparing}
    assert after == replace(done, last_attempt=attempt, **tries)
    remove_orphaned_files(home, store)
    assert sounds(after) == [b"vocals of run 1", b"drums of run 1"]
    assert (attempt.error or "was cancelled") in format_last_attempt(after)
    assert format_last_attempt(after).endswith("Its earlier stems are kept.")


def test_why_an_attempt_ended_is_told_until_the_next_one(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    failed(home, store, again(store, done))
    waiting = again(store, store.job(done.id))
    assert (waiting.last_attempt, waiting.stems) == (None, done.stems)
    failed(home, store, waiting)
    assert complete_job(home, store, again(store, waiting)).last_attempt is None


def test_an_attempt_that_waits_to_go_on_keeps_the_stems_too(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    waiting = again(store, done)
    for wait in (store.release, store.retry_in_low_memory, lambda job: store.schedule_retry(job, "Busy.", 0.0)):
        assert wait(claim_job(store, waiting))
        assert store.job(done.id).stems == done.stems
    store.set_job_paused(done.id, True)
    assert store.job(done.id).stems == done.stems
    remove_orphaned_files(home, store)
    assert sounds(done)


def test_stems_that_are_not_whole_are_not_kept(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    done.stems[0].path.unlink()
    waiting = again(store, done)
    assert (waiting.result, waiting.stems) == (None, ())
    failed(home, store, waiting)
    assert store.job(done.id).state is JobState.FAILED


def test_a_job_that_has_no_stems_ends_as_ever(home: Home, store: JobStore) -> None:
    job = store.insert(make_new_job())
    failed(home, store, job)
    cancelled_in_line(home, store, again(store, job))
    after = store.job(job.id)
    assert (after.state, after.error, after.last_attempt, after.result) == (JobState.CANCELLED, None, None, None)


def test_clean_up_that_knows_the_job_as_it_was_takes_nothing_of_a_later_run(home: Home, store: JobStore) -> None:
    old = complete_job(home, store)
    new = complete_job(home, store, again(store, old))
    assert superseded_run_folders(home, old) == []
    assert superseded_run_folders(home, new) == [home.job_folder(old.id).result_folder(1)]


def test_a_record_never_names_stems_that_clean_up_deletes(home: Home, store: JobStore) -> None:
    old = complete_job(home, store)
    before = home.job_folder(old.id).backup_record.read_bytes()
    new = complete_job(home, store, again(store, old))
    home.job_folder(old.id).backup_record.write_bytes(before)  # as if the owner had been killed right after the end
    remove_orphaned_files(home, store)
    assert not home.job_folder(old.id).result_folder(1).exists()
    (found,) = rebuild_jobs(home)
    assert (found.state, found.stems) == (JobState.COMPLETED, new.stems)


@pytest.fixture
def service(home: Home, store: JobStore) -> JobService:
    def check(name: str) -> None:
        if name == "far away":
            raise ModelUnavailableError("Far away is not downloaded.")

    return JobService(home, store, RecordingQueue(), NullEvents(), check)


def test_a_model_that_cannot_be_had_is_found_out_before_any_song_is_touched(
    home: Home, store: JobStore, service: JobService
) -> None:
    songs = [complete_job(home, store) for _ in range(3)]
    update_rows(home, """options = replace(options, '"htdemucs"', '"far away"')""", songs[2])
    before = store.jobs()
    for model in ("far away", None):
        with pytest.raises(ModelUnavailableError):
            service.separate_jobs_again([song.id for song in songs], model)
    with pytest.raises(ModelUnavailableError):
        service.separate_again(songs[0].id, "far away")
    assert store.jobs() == before


def test_several_songs_are_separated_again_in_their_order_and_those_in_the_queue_are_passed_over(
    home: Home, store: JobStore, service: JobService
) -> None:
    songs = [complete_job(home, store) for _ in range(3)]
    waiting = store.insert(make_new_job())
    asked = [songs[2].id, waiting.id, songs[0].id, songs[1].id]
    assert [job.id for job in service.separate_jobs_again(asked)] == [songs[2].id, songs[0].id, songs[1].id]
    assert [job.id for job in store.pending_jobs()] == [waiting.id, songs[2].id, songs[0].id, songs[1].id]
    with pytest.raises(JobStateError, match="still in the queue"):
        service.separate_again(waiting.id)
    with pytest.raises(UnknownJobError):
        service.separate_again(make_new_job().id)


def test_nobody_drafts_a_song_that_has_stems(home: Home, store: JobStore, service: JobService) -> None:
    waiting = again(store, complete_job(home, store))
    assert not waiting.wants_draft
    fresh = store.insert(make_new_job())
    assert fresh.wants_draft


def test_the_stem_of_a_run_is_named_by_its_token(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    assert home.job_folder(done.id).result_folders() == [(1, home.job_folder(done.id).result_folder(1))]
    assert isinstance(done.stems[0], Stem)
