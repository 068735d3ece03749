"""The bin: removed jobs are in no list and keep all their files until they are restored or deleted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.errors import UnknownJobError
from desktop.jobs.bin import Bin
from desktop.jobs.files import remove_orphaned_files
from desktop.jobs.folders import name_job_folders
from desktop.jobs.model import BIN_RETENTION_DAYS, Job, JobState, OwnerDirective
from desktop.jobs.queue import JobChanged, JobEvent
from desktop.jobs.recovery import open_store
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.stage import Stage
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.reconcile import Reconciliation
from desktop.text.message import verbatim
from tests.helpers.bench import EventRecorder
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


@pytest.fixture
def queue() -> RecordingQueue:
    return RecordingQueue()


@pytest.fixture
def service(home: Home, store: JobStore, queue: RecordingQueue) -> JobService:
    return JobService(home, store, queue, NullEvents())


@pytest.fixture
def bin_(service: JobService) -> Bin:
    return service.bin


def claim_with_two_finished_segments(home: Home, store: JobStore) -> Job:
    """Claim a new job and finish two of its segments."""
    running = claim_job(store)
    folder = home.job_folder(running.id).segments / "key"
    folder.mkdir(parents=True)
    for number in range(2):
        (folder / f"{number:06d}.float32").touch()
    assert store.ownership.heartbeat(running, Stage.SEPARATING, 0.4, 5.0, 9.0) is OwnerDirective.CONTINUE
    return running


def test_removed_job_is_in_no_list_and_keeps_its_files(
    home: Home, store: JobStore, service: JobService, bin_: Bin, queue: RecordingQueue
) -> None:
    done, waiting, other = complete_job(home, store), store.insert(make_job()), store.insert(make_job())
    before = datetime.now(UTC)
    moved = service.remove_jobs([done.id, waiting.id, make_job().id])
    assert [job.id for job in moved] == [done.id, waiting.id]
    assert [job.id for job in service.jobs()] == [other.id]
    assert [job.id for job in store.pending_jobs()] == [job.id for job in store.due_jobs()] == [other.id]
    for job in (done, waiting):
        with pytest.raises(UnknownJobError):
            service.job(job.id)
    assert store.ownership.claim(waiting.id) is None
    assert service.separate_jobs_again([done.id]) == []
    assert all(stem.path.exists() for stem in done.stems)
    entries = bin_.jobs()
    assert [entry.job.id for entry in entries] == [done.id, waiting.id]
    assert before <= entries[0].removed == entries[1].removed <= datetime.now(UTC)
    assert entries[0].kept_until - entries[0].removed == timedelta(days=30)
    assert entries[0].size_bytes == sum(
        file.stat().st_size for file in home.job_folder(done.id).root.rglob("*") if file.is_file()
    )
    assert service.remove_jobs([done.id]) == [], "the time of removal does not change"


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.PROCESSING])
def test_restored_job_is_unchanged_and_returns_to_its_position(
    home: Home, store: JobStore, bin_: Bin, queue: RecordingQueue, state: JobState
) -> None:
    ids = [store.insert(make_job(source=Path(f"/music/{n}.wav"))).id for n in range(3)]
    values = {
        "error": verbatim("Damaged."),
        "notices": (verbatim("Folded."),),
        "progress": 0.3,
        "paused": state is JobState.PENDING,
    }
    job = store.insert(make_job("A song", state, **values))
    store.move(ids[2], ids[0])
    bin_.add([job.id])
    store.insert(make_job())
    (restored,) = bin_.restore([job.id])
    assert restored == store.job(job.id) == job
    assert [one.id for one in store.jobs()][:4] == [ids[2], ids[0], ids[1], job.id]
    assert bin_.jobs() == []


def test_restored_pending_job_is_published_in_order_unless_the_queue_is_paused(
    store: JobStore, bin_: Bin, queue: RecordingQueue
) -> None:
    jobs = [store.insert(make_job()) for _ in range(3)]
    bin_.add([jobs[1].id])
    bin_.restore([jobs[1].id])
    assert [job.id for job in queue.jobs] == [job.id for job in jobs]
    store.set_queue_paused(True)
    bin_.add([jobs[1].id])
    bin_.restore([jobs[1].id])
    assert queue.jobs == []


def test_removed_running_job_stops_like_a_paused_one_and_keeps_its_finished_segments(
    home: Home, store: JobStore, bin_: Bin
) -> None:
    running = claim_with_two_finished_segments(home, store)
    bin_.add([running.id])
    assert store.ownership.heartbeat(running, Stage.SEPARATING, 0.4, 5.0, 9.0) is OwnerDirective.PAUSE
    assert store.ownership.record_stop(running, 6.0) is JobState.PENDING
    assert store.due_jobs() == []
    remove_orphaned_files(home, store)
    (restored,) = bin_.restore([running.id])
    assert (restored.state, restored.progress, restored.paused) == (JobState.PENDING, 0.4, False)
    assert home.job_folder(running.id).count_finished_segments() == 2
    reclaimed = store.ownership.claim(running.id)
    assert reclaimed is not None
    assert (reclaimed.token, reclaimed.crashes) == (2, 0)


def test_job_restored_before_the_next_heartbeat_continues(home: Home, store: JobStore, bin_: Bin) -> None:
    running = claim_with_two_finished_segments(home, store)
    bin_.add([running.id])
    bin_.restore([running.id])
    assert store.ownership.heartbeat(running, Stage.SEPARATING, 0.5, 5.0, 9.0) is OwnerDirective.CONTINUE


def test_removed_job_whose_owner_is_lost_becomes_pending_in_the_bin(home: Home, store: JobStore, bin_: Bin) -> None:
    running = claim_with_two_finished_segments(home, store)
    bin_.add([running.id])
    simulate_dead_owner(home, running)
    assert store.ownership.release_orphans() == [running.id]
    (entry,) = bin_.jobs()
    assert entry.job.state is JobState.PENDING
    assert store.ownership.claim(running.id) is None


def test_job_completed_just_after_its_removal_is_restored_as_completed(home: Home, store: JobStore, bin_: Bin) -> None:
    running = claim_job(store)
    bin_.add([running.id])
    assert store.ownership.complete(running, (), (), seconds=3.0)
    (restored,) = bin_.restore()
    assert (restored.state, restored.seconds) == (JobState.COMPLETED, 3.0)


def test_job_removed_while_separated_again_is_restored_with_its_earlier_stems(
    home: Home, store: JobStore, service: JobService, bin_: Bin
) -> None:
    done = complete_job(home, store)
    service.separate_again(done.id, "htdemucs_ft")
    bin_.add([done.id])
    remove_orphaned_files(home, store)
    (restored,) = bin_.restore()
    assert (restored.state, restored.stems) == (JobState.PENDING, done.stems)
    assert all(stem.path.exists() for stem in restored.stems)


def test_remove_ended_jobs_moves_only_ended_jobs_to_the_bin(home: Home, store: JobStore, service: JobService) -> None:
    jobs = {state: store.insert(make_job(state.value, state)) for state in JobState}
    ended = {state for state in JobState if state.has_ended}
    assert {job.state for job in service.remove_ended_jobs()} == ended
    assert {job.state for job in service.jobs()} == set(JobState) - ended
    assert service.remove_ended_jobs() == []
    service.bin.restore()
    assert (
        service.remove_ended_jobs([jobs[JobState.FAILED].id, jobs[JobState.PENDING].id])[0].id
        == jobs[JobState.FAILED].id
    )
    assert len(service.jobs()) == len(JobState) - 1


def test_restore_without_ids_undoes_the_latest_removal_as_a_whole(store: JobStore, bin_: Bin) -> None:
    first, second, third, fourth = (store.insert(make_job()) for _ in range(4))
    bin_.add([first.id])
    bin_.add([third.id, second.id])
    bin_.add([fourth.id])
    bin_.delete([fourth.id])
    assert [job.id for job in bin_.restore()] == [second.id, third.id]
    assert [job.id for job in bin_.restore()] == [first.id]
    assert bin_.restore() == []


def test_delete_removes_jobs_with_their_files_and_only_from_the_bin(home: Home, store: JobStore, bin_: Bin) -> None:
    kept, one, two, library = (complete_job(home, store) for _ in range(4))
    bin_.add([kept.id, one.id, two.id])
    assert bin_.delete([one.id, library.id]) == 1
    assert [home.job_folder(job.id).root.exists() for job in (kept, one, two, library)] == [True, False, True, True]
    assert bin_.delete() == 2
    assert [job.id for job in store.jobs()] == [library.id]
    assert [folder.name for folder in home.jobs.iterdir()] == [library.id]


def test_owner_of_a_deleted_job_is_told_to_abandon_it(home: Home, store: JobStore, bin_: Bin) -> None:
    running = claim_job(store)
    bin_.add([running.id])
    bin_.delete()
    assert store.ownership.heartbeat(running, None, 0.5, 1.0, None) is OwnerDirective.ABANDON
    assert not store.ownership.complete(running, (), ())


def set_days_since_removal(home: Home, job: Job, days: float) -> None:
    update_rows(home, "removed = :moment", job, moment=(datetime.now(UTC) - timedelta(days=days)).timestamp())


def test_reconciliation_deletes_expired_jobs_at_its_start_and_once_a_day(
    home: Home, store: JobStore, bin_: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, older, young, library = (complete_job(home, store) for _ in range(4))
    bin_.add([old.id, older.id, young.id])
    set_days_since_removal(home, older, BIN_RETENTION_DAYS + 1)
    set_days_since_removal(home, young, BIN_RETENTION_DAYS - 0.1)
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    events = EventRecorder()
    reconciliation = Reconciliation(home, store, CeleryQueue(), events)
    reconciliation.reconcile()
    assert [entry.job.id for entry in bin_.jobs()] == [old.id, young.id]
    assert events.events == [JobChanged(older.id)]
    set_days_since_removal(home, old, BIN_RETENTION_DAYS + 1)
    reconciliation.reconcile()
    assert home.job_folder(old.id).root.exists(), "the bin is checked once a day"
    clock = datetime.now(UTC).timestamp()
    monkeypatch.setattr("desktop.tasks.reconcile.time", lambda: clock + 24 * 3600)
    reconciliation.reconcile()
    assert [entry.job.id for entry in bin_.jobs()] == [young.id]
    assert not home.job_folder(old.id).root.exists()
    assert all(stem.path.exists() for job in (young, library) for stem in job.stems)


def test_removed_job_is_recovered_into_the_bin_after_database_damage(home: Home, store: JobStore, bin_: Bin) -> None:
    done, restored = complete_job(home, store), complete_job(home, store)
    name_job_folders(home, store)
    done, restored = store.job(done.id), store.job(restored.id)
    waiting, running = store.insert(make_job()), claim_with_two_finished_segments(home, store)
    home.job_folder(waiting.id).root.mkdir()
    bin_.add([job.id for job in (done, restored, waiting, running)])
    bin_.restore([restored.id])
    removed = bin_.jobs()[0].removed
    home.database.write_bytes(b"This is no database. " * 500)
    for suffix in ("-wal", "-shm"):
        home.database.with_name(f"library.db{suffix}").unlink(missing_ok=True)
    recovered, notice = open_store(home)
    assert notice is not None
    assert "1 song was recovered" in str(notice)
    assert [(job.id, job.stems) for job in recovered.jobs()] == [(restored.id, restored.stems)]
    found = {job.id: job for job in recovered.jobs_in_bin()}
    assert {job.state for job in (found[waiting.id], found[running.id])} == {JobState.PENDING}
    assert found[done.id] == replace(done, removed=removed, position=found[done.id].position)
    assert {job.removed for job in found.values()} == {removed}


def test_removing_restoring_and_deleting_each_emit_job_changed(home: Home, store: JobStore) -> None:
    received: list[JobEvent] = []
    events = EventRecorder()
    events.on_event = received.append
    bin_ = Bin(home, store, RecordingQueue(), events)
    job = store.insert(make_job())
    for action in (lambda: bin_.add([job.id]), bin_.restore, lambda: bin_.add([job.id]), bin_.delete):
        action()
        assert received == [JobChanged(job.id)]
        received.clear()
