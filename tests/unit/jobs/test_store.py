"""The rows of the library: who may write a job, and what happens when its owner is lost."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobOptions, JobState, OwnerDirective, Stem
from desktop.jobs.schema import MIGRATIONS
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_CRASHES
from desktop.paths import Home
from desktop.stage import Stage
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job
from tests.helpers.rows import simulate_dead_owner


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def test_job_is_stored_unchanged_even_with_an_undecodable_file_name(store: JobStore) -> None:
    options = JobOptions("sketch", "flac", "24", "raw", Path(os.fsdecode(b"/out/\xe9")))
    job = make_job(source=Path("/music", os.fsdecode(b"latin1_\xe9.wav")), options=options)
    added = store.insert(job)
    assert (added.source, added.options, added.position) == (job.source, options, 1)
    assert store.jobs() == [added]


def test_jobs_are_queued_in_the_order_in_which_they_were_added(store: JobStore) -> None:
    ids = [store.insert(make_job(source=Path(f"/music/{number}.wav"))).id for number in range(5)]
    assert [job.id for job in store.pending_jobs()] == ids


def test_job_is_claimed_only_once(store: JobStore) -> None:
    job = store.insert(make_job())
    claimed = store.ownership.claim(job.id)
    assert claimed is not None
    assert (claimed.state, claimed.token) == (JobState.PROCESSING, 1)
    assert store.ownership.claim(job.id) is None


def test_only_one_of_many_concurrent_claims_succeeds(store: JobStore) -> None:
    job = store.insert(make_job())
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: store.ownership.claim(job.id), range(16)))
    assert sum(claim is not None for claim in claims) == 1


def test_cancelled_job_is_not_claimed(store: JobStore) -> None:
    job = store.insert(make_job())
    assert store.request_cancel(job.id).state is JobState.CANCELLED
    assert store.ownership.claim(job.id) is None


def test_owner_of_a_running_job_is_told_to_cancel_it(store: JobStore) -> None:
    claimed = store.ownership.claim(store.insert(make_job()).id)
    assert claimed is not None
    assert store.ownership.heartbeat(claimed, Stage.DECODING, 0.1, 1.0, None) is OwnerDirective.CONTINUE
    assert store.request_cancel(claimed.id).state is JobState.PROCESSING
    assert store.ownership.heartbeat(claimed, Stage.DECODING, 0.2, 2.0, None) is OwnerDirective.CANCEL
    assert store.ownership.record_stop(claimed, 2.0) is JobState.CANCELLED
    assert store.job(claimed.id).state is JobState.CANCELLED


def test_job_of_a_lost_owner_is_claimed_again_and_the_old_token_cannot_write(home: Home, store: JobStore) -> None:
    first = store.ownership.claim(store.insert(make_job()).id)
    assert first is not None
    simulate_dead_owner(home, first)
    second = store.ownership.claim(first.id)
    assert second is not None
    assert (second.token, second.crashes) == (2, 1)
    assert store.ownership.heartbeat(first, None, 0.5, 1.0, None) is OwnerDirective.ABANDON
    assert store.ownership.record_stop(first, 1.0) is None
    assert not store.ownership.complete(first, (), ())
    assert not store.ownership.fail(first, verbatim("too late"), 1.0)
    assert store.job(first.id).state is JobState.PROCESSING
    assert store.ownership.complete(second, (), ())


def test_job_fails_with_a_reason_at_the_maximum_number_of_crashes(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    for _ in range(MAX_CRASHES):
        claimed = store.ownership.claim(job.id)
        assert claimed is not None
        simulate_dead_owner(home, claimed)
        store.ownership.release_orphans()
    failed = store.job(job.id)
    assert (failed.state, failed.crashes) == (JobState.FAILED, MAX_CRASHES)
    assert "crashed the worker 3 times" in str(failed.error)


def finish_segments(home: Home, job: Job, count: int) -> None:
    """Write files as the pipeline leaves them: `count` finished segments and one unfinished."""
    folder = home.job_folder(job.id).segments / "key"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:06d}.float32").touch()
        (folder / f"{number:06d}.peaks").touch()
    (folder / "5f0c9a1e.float32.part").touch()


def crash_after(home: Home, store: JobStore, job: Job, segments: int) -> Job:
    """Claim the job, finish segments until there are this many, and simulate the owner's death."""
    claimed = store.ownership.claim(job.id)
    assert claimed is not None
    finish_segments(home, job, segments)
    simulate_dead_owner(home, claimed)
    store.ownership.release_orphans()
    return store.job(job.id)


def test_job_that_gets_further_before_each_crash_is_never_given_up(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    for segments in range(1, 3 * MAX_CRASHES):
        after = crash_after(home, store, job, segments)
        assert (after.state, after.crashes) == (JobState.PENDING, 1)


@pytest.mark.parametrize(
    ("stage", "expected"), [(Stage.DECODING, "Night Drive.flac crashed its decoder"), (Stage.SEPARATING, "log")]
)
def test_only_crashes_while_decoding_are_blamed_on_the_file(
    home: Home, store: JobStore, stage: Stage, expected: str
) -> None:
    job = store.insert(make_job())
    for _ in range(MAX_CRASHES):
        claimed = store.ownership.claim(job.id)
        assert claimed is not None
        store.ownership.record_details(claimed, stage=stage.value)
        simulate_dead_owner(home, job)
        store.ownership.release_orphans()
    assert expected in str(store.job(job.id).error)


def test_job_that_crashes_at_the_same_segment_fails_at_the_maximum_number_of_crashes(
    home: Home, store: JobStore
) -> None:
    job = store.insert(make_job())
    after = [crash_after(home, store, job, segments=5) for _ in range(MAX_CRASHES)]
    assert [job.crashes for job in after] == [1, 2, MAX_CRASHES]
    assert [job.state for job in after] == [JobState.PENDING, JobState.PENDING, JobState.FAILED]


def test_claim_after_the_maximum_number_of_crashes_without_progress_fails_the_job(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    for segments in (0, 0, 3, 3, 3):
        claimed = store.ownership.claim(job.id)
        assert claimed is not None
        finish_segments(home, job, segments)
        simulate_dead_owner(home, claimed)
    assert store.ownership.claim(job.id) is None
    assert (store.job(job.id).state, store.job(job.id).crashes) == (JobState.FAILED, MAX_CRASHES)


def test_segments_made_again_do_not_count_as_progress(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    crash_after(home, store, job, segments=5)
    home.job_folder(job.id).delete_work_files()
    assert crash_after(home, store, job, segments=4).crashes == 2


def test_separating_again_resets_the_crash_count(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    for _ in range(MAX_CRASHES):
        crash_after(home, store, job, segments=5)
    home.job_folder(job.id).delete_work_files()
    store.separate_again([job.id])
    after = [crash_after(home, store, job, segments) for segments in (1, 1, 2)]
    assert [job.crashes for job in after] == [1, 2, 1]


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_library_of_any_earlier_version_is_migrated(home: Home, version: int) -> None:
    engine = create_engine(f"sqlite:///{home.database}")
    with engine.begin() as connection:
        for migration in MIGRATIONS[:version]:
            connection.execute(text(migration))
        connection.execute(text(f"PRAGMA user_version = {version}"))
    engine.dispose()
    store = JobStore(home)
    assert crash_after(home, store, store.insert(make_job()), segments=1).crashes == 1


def test_job_released_after_an_orderly_shutdown_counts_no_crash(home: Home, store: JobStore) -> None:
    claimed = store.ownership.claim(store.insert(make_job()).id)
    assert claimed is not None
    simulate_dead_owner(home, claimed)
    store.ownership.release_jobs_of_exited_owners()
    job = store.job(claimed.id)
    assert (job.state, job.crashes, job.token) == (JobState.PENDING, 0, 1)


def test_process_finds_only_its_own_jobs(home: Home, store: JobStore) -> None:
    ours, theirs = (
        store.ownership.claim(store.insert(make_job(source=Path("/music", name))).id) for name in ("1.wav", "2.wav")
    )
    assert ours is not None
    assert theirs is not None
    simulate_dead_owner(home, theirs)
    assert store.ownership.find_own_job(ours.id) == store.job(ours.id)
    assert store.ownership.find_own_job(theirs.id) is None
    store.ownership.release(ours)
    assert store.ownership.find_own_job(ours.id) is None


def test_orphan_with_a_cancel_request_is_cancelled(home: Home, store: JobStore) -> None:
    claimed = store.ownership.claim(store.insert(make_job()).id)
    assert claimed is not None
    store.request_cancel(claimed.id)
    simulate_dead_owner(home, claimed)
    assert store.ownership.release_orphans() == [claimed.id]
    assert store.job(claimed.id).state is JobState.CANCELLED


def test_orphan_with_a_cancel_request_is_not_claimed(home: Home, store: JobStore) -> None:
    claimed = store.ownership.claim(store.insert(make_job()).id)
    assert claimed is not None
    store.request_cancel(claimed.id)
    simulate_dead_owner(home, claimed)
    assert store.ownership.claim(claimed.id) is None
    assert store.job(claimed.id).state is JobState.CANCELLED


def test_stems_are_found_after_the_library_has_moved(home: Home, store: JobStore, tmp_path: Path) -> None:
    claimed = store.ownership.claim(store.insert(make_job()).id)
    assert claimed is not None
    folder = home.job_folder(claimed.id).result_folder(1)
    store.ownership.complete(
        claimed, (Stem("bass", folder / "bass.wav", folder / "bass.peaks"),), (verbatim("Folded."),), frames=7
    )
    moved = tmp_path.with_name("moved")
    tmp_path.rename(moved)
    job = JobStore(Home(moved)).job(claimed.id)
    assert job.stems[0].path == Home(moved).job_folder(job.id).result_folder(1) / "bass.wav"
    assert (tuple(map(str, job.notices)), job.frames, job.progress) == (("Folded.",), 7, 1.0)


def test_only_an_ended_job_is_separated_again_and_it_starts_over(store: JobStore) -> None:
    job = store.insert(make_job())
    assert store.separate_again([job.id]) == []
    claimed = store.ownership.claim(job.id)
    assert claimed is not None
    store.ownership.fail(claimed, verbatim("It is damaged."), 1.0)
    (requeued,) = store.separate_again([job.id], "sketch")
    assert (requeued.state, requeued.error, requeued.options.model) == (JobState.PENDING, None, "sketch")


def test_paused_queue_allows_no_claims_and_outlives_the_process(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    store.set_queue_paused(True)
    assert store.ownership.claim(job.id) is None
    assert JobStore(home).is_queue_paused()
    store.set_queue_paused(False)
    assert store.ownership.claim(job.id) is not None


def test_pending_job_can_be_moved_to_the_front_and_a_running_one_cannot(store: JobStore) -> None:
    first, second, third = (store.insert(make_job(source=Path("/music", name))) for name in ("1.wav", "2.wav", "3.wav"))
    store.move_to_front(third.id)
    assert [job.id for job in store.pending_jobs()] == [third.id, first.id, second.id]
    store.ownership.claim(third.id)
    with pytest.raises(JobStateError):
        store.move_to_front(third.id)


def test_unknown_job_is_reported_as_removed(store: JobStore) -> None:
    with pytest.raises(UnknownJobError, match="was removed"):
        store.job(str(uuid4()))
