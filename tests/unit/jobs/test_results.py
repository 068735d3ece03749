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
from desktop.jobs.text import OUT_OF_MEMORY_MESSAGE, format_last_attempt
from desktop.jobs.transitions import CRASHED_MESSAGE, MAX_CRASHES
from desktop.paths import Home
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job
from tests.helpers.queue import NullEvents
from tests.helpers.rows import claim_job, complete_job, simulate_dead_owner, update_rows
from tests.helpers.window import RecordingQueue


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def separate_again(store: JobStore, job: Job) -> Job:
    (waiting,) = store.separate_again([job.id], "htdemucs_ft")
    return waiting


def stem_contents(job: Job) -> list[bytes]:
    return [stem.path.read_bytes() for stem in job.stems]


def test_stems_are_kept_until_new_ones_are_complete_and_then_deleted(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    waiting = separate_again(store, done)
    assert (waiting.state, waiting.options.model, waiting.stems) == (JobState.PENDING, "htdemucs_ft", done.stems)
    assert waiting.result == waiting.earlier
    assert waiting.earlier == replace(done, token=waiting.token)
    attempt = claim_job(store, waiting)
    assert attempt.earlier == replace(done, token=attempt.token)
    store.ownership.release(attempt)
    new = complete_job(home, store, attempt)
    assert (new.earlier, new.last_attempt, new.options.model) == (None, None, "htdemucs_ft")
    assert stem_contents(new) == [b"vocals of run 3", b"drums of run 3"]
    remove_leftovers(home, new)
    assert not home.job_folder(done.id).result_folder(1).exists()
    assert stem_contents(new)


def cancel_while_pending(home: Home, store: JobStore, waiting: Job) -> None:
    store.request_cancel(waiting.id)


def cancel_while_running(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    store.request_cancel(attempt.id)
    assert store.ownership.record_stop(attempt, 3.0) is JobState.CANCELLED


def cancel_and_lose_owner(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    store.request_cancel(attempt.id)
    simulate_dead_owner(home, attempt)
    store.ownership.release_orphans()


def fail_run(home: Home, store: JobStore, waiting: Job) -> None:
    attempt = claim_job(store, waiting)
    assert store.ownership.record_details(attempt, model_used="htdemucs_ft", runtime="cuda fp16", stage="separating")
    assert store.ownership.heartbeat(attempt, None, 0.3, 3.0, 9.0) is OwnerDirective.CONTINUE
    assert store.ownership.fail(attempt, verbatim("The disk is full."), 3.0)


def lose_owner_too_often(home: Home, store: JobStore, waiting: Job) -> None:
    for _ in range(MAX_CRASHES):
        simulate_dead_owner(home, claim_job(store, waiting))
        store.ownership.release_orphans()


def run_out_of_memory(home: Home, store: JobStore, waiting: Job) -> None:
    assert store.ownership.retry_in_low_memory(claim_job(store, waiting))
    simulate_dead_owner(home, claim_job(store, waiting))
    update_rows(home, "memory_kills = -1", waiting)
    store.ownership.release_orphans()


@pytest.mark.parametrize(
    ("end", "attempt"),
    [
        (cancel_while_pending, Attempt(JobState.CANCELLED)),
        (cancel_while_running, Attempt(JobState.CANCELLED)),
        (cancel_and_lose_owner, Attempt(JobState.CANCELLED)),
        (fail_run, Attempt(JobState.FAILED, verbatim("The disk is full."))),
        (lose_owner_too_often, Attempt(
            JobState.FAILED, CRASHED_MESSAGE.with_arguments(name="Night Drive.flac", crashes=3))),
        (run_out_of_memory, Attempt(JobState.FAILED, OUT_OF_MEMORY_MESSAGE)),
    ],
)  # fmt: skip
def test_attempt_that_ends_without_stems_leaves_the_job_unchanged_and_records_the_reason(
    home: Home, store: JobStore, end: Callable[[Home, JobStore, Job], None], attempt: Attempt
) -> None:
    store.insert(make_job())
    done = complete_job(home, store)
    end(home, store, separate_again(store, done))
    after = store.job(done.id)
    tries = {"token": after.token, "crashes": after.crashes, "low_memory": after.low_memory}
    assert after == replace(done, last_attempt=attempt, **tries)
    remove_orphaned_files(home, store)
    assert stem_contents(after) == [b"vocals of run 1", b"drums of run 1"]
    assert str(attempt.error or "was cancelled") in format_last_attempt(after)
    assert format_last_attempt(after).endswith("Its earlier stems are kept.")


def test_end_of_an_attempt_is_reported_until_the_next_attempt(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    fail_run(home, store, separate_again(store, done))
    waiting = separate_again(store, store.job(done.id))
    assert (waiting.last_attempt, waiting.stems) == (None, done.stems)
    fail_run(home, store, waiting)
    assert complete_job(home, store, separate_again(store, waiting)).last_attempt is None


def test_attempt_that_waits_to_continue_keeps_the_stems(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    waiting = separate_again(store, done)
    for wait in (
        store.ownership.release,
        store.ownership.retry_in_low_memory,
        lambda job: store.ownership.schedule_retry(job, verbatim("Busy."), 0.0),
    ):
        assert wait(claim_job(store, waiting))
        assert store.job(done.id).stems == done.stems
    store.set_job_paused(done.id, True)
    assert store.job(done.id).stems == done.stems
    remove_orphaned_files(home, store)
    assert stem_contents(done)


def test_incomplete_stems_are_not_kept(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    done.stems[0].path.unlink()
    waiting = separate_again(store, done)
    assert (waiting.result, waiting.stems) == (None, ())
    fail_run(home, store, waiting)
    assert store.job(done.id).state is JobState.FAILED


def test_job_without_stems_has_no_last_attempt_when_it_ends(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    fail_run(home, store, job)
    cancel_while_pending(home, store, separate_again(store, job))
    after = store.job(job.id)
    assert (after.state, after.error, after.last_attempt, after.result) == (JobState.CANCELLED, None, None, None)


def test_cleanup_with_an_outdated_job_deletes_nothing_of_a_later_run(home: Home, store: JobStore) -> None:
    old = complete_job(home, store)
    new = complete_job(home, store, separate_again(store, old))
    assert superseded_run_folders(home, old) == []
    assert superseded_run_folders(home, new) == [home.job_folder(old.id).result_folder(1)]


def test_backup_record_never_names_stems_that_cleanup_deletes(home: Home, store: JobStore) -> None:
    old = complete_job(home, store)
    before = home.job_folder(old.id).backup_record.read_bytes()
    new = complete_job(home, store, separate_again(store, old))
    home.job_folder(old.id).backup_record.write_bytes(
        before
    )  # as if the owner was killed right after it completed the job
    remove_orphaned_files(home, store)
    assert not home.job_folder(old.id).result_folder(1).exists()
    (found,) = rebuild_jobs(home)
    assert (found.state, found.stems) == (JobState.COMPLETED, new.stems)


@pytest.fixture
def service(home: Home, store: JobStore) -> JobService:
    def check(name: str) -> None:
        if name == "far away":
            raise ModelUnavailableError(verbatim("Far away is not downloaded."))

    return JobService(home, store, RecordingQueue(), NullEvents(), check)


def test_unavailable_model_is_reported_before_any_job_is_changed(
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


def test_jobs_are_separated_again_in_the_given_order_and_queued_ones_are_skipped(
    home: Home, store: JobStore, service: JobService
) -> None:
    songs = [complete_job(home, store) for _ in range(3)]
    waiting = store.insert(make_job())
    requested = [songs[2].id, waiting.id, songs[0].id, songs[1].id]
    assert [job.id for job in service.separate_jobs_again(requested)] == [songs[2].id, songs[0].id, songs[1].id]
    assert [job.id for job in store.pending_jobs()] == [waiting.id, songs[2].id, songs[0].id, songs[1].id]
    with pytest.raises(JobStateError, match="still in the queue"):
        service.separate_again(waiting.id)
    with pytest.raises(UnknownJobError):
        service.separate_again(make_job().id)


def test_job_that_has_stems_wants_no_draft(home: Home, store: JobStore, service: JobService) -> None:
    waiting = separate_again(store, complete_job(home, store))
    assert not waiting.wants_draft
    fresh = store.insert(make_job())
    assert fresh.wants_draft


def test_result_folder_is_numbered_by_the_token_of_its_run(home: Home, store: JobStore) -> None:
    done = complete_job(home, store)
    assert home.job_folder(done.id).result_folders() == [(1, home.job_folder(done.id).result_folder(1))]
    assert isinstance(done.stems[0], Stem)
