"""Resuming: finished segments survive every process and are not computed again, and drafts are completed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.jobs.model import Job, JobOptions, JobState
from desktop.segments.partial_result import COMPLETE_MARKER
from tests.helpers.library import RunningLibrary, assert_all_ended, running_library, wait_until, write_song
from tests.helpers.resume import (
    FinishedSegments,
    assert_same_stems,
    find_draft_worker,
    find_owner,
    find_worker,
    import_tiny_model,
    list_leftovers,
)

DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)
# 14 segments of the tiny model.
SONG_SECONDS = 40.0
# Long enough to interrupt its draft halfway.
LONG_SONG_SECONDS = 400.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    root = tmp_path_factory.mktemp("library")
    with running_library(root, drafts=True) as library:
        import_tiny_model(library.home, tmp_path_factory.mktemp("model"))
        yield library


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_song(tmp_path_factory.mktemp("music") / "song.wav", SONG_SECONDS)


@pytest.fixture(scope="module")
def uninterrupted(library: RunningLibrary, song: Path) -> Job:
    return wait_until_completed(library, add_job(library, song))


@pytest.fixture(scope="module")
def converted_model(library: RunningLibrary, uninterrupted: Job) -> Path:
    """Return the folder of the models with the tiny one, which the first job has converted for OpenVINO."""
    return library.home.models


def add_job(library: RunningLibrary, song: Path) -> Job:
    return library.service.add(song, JobOptions(model="thin"))


def wait_until_completed(library: RunningLibrary, job: Job) -> Job:
    done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    wait_until(lambda: not list_leftovers(library.home, done))
    return done


def test_job_of_a_killed_worker_resumes_from_its_last_segment_with_identical_stems(
    library: RunningLibrary, song: Path, uninterrupted: Job
) -> None:
    job = add_job(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 3, interval_s=0.02)
    find_owner(library.home.root).kill()
    wait_until(lambda: segments.count() >= 7, interval_s=0.02)
    find_worker(library.home.root).kill()
    wait_until(lambda: segments.count() >= 11, interval_s=0.02)
    assert_same_stems(wait_until_completed(library, job), uninterrupted)


def test_job_resumes_from_its_last_segment_after_a_quit_with_identical_stems(
    converted_model: Path, tmp_path: Path, song: Path, uninterrupted: Job
) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        shutil.copytree(converted_model, library.home.models, dirs_exist_ok=True)
        job = add_job(library, song)
        segments = FinishedSegments(library.home, job)
        wait_until(lambda: segments.count() >= 4, interval_s=0.02)
    assert_all_ended(root)
    with running_library(root) as library:
        wait_until(lambda: segments.count() >= 10, interval_s=0.02)
        done = wait_until_completed(library, job)
        assert done.crashes == 0
        assert_same_stems(done, uninterrupted)


@pytest.mark.parametrize("whole_queue", [False, True], ids=["job paused", "queue paused"])
def test_paused_job_stops_and_resumes_with_identical_stems(
    library: RunningLibrary, song: Path, uninterrupted: Job, whole_queue: bool
) -> None:
    job = add_job(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 5, interval_s=0.02)
    library.service.pause_queue() if whole_queue else library.service.pause_jobs([job.id])
    wait_until(lambda: library.service.job(job.id).state is JobState.PENDING, interval_s=0.02)
    segments_at_pause = segments.count()
    next_done = wait_until_completed(library, add_job(library, song)) if not whole_queue else None
    assert library.service.job(job.id).progress > 0.2
    library.service.resume_queue() if whole_queue else library.service.resume_jobs([job.id])
    wait_until(lambda: segments.count() > segments_at_pause, interval_s=0.02)
    done = wait_until_completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)
    if next_done is not None:
        assert done.ended is not None
        assert next_done.ended is not None
        assert next_done.ended < done.ended


def test_removed_running_job_stops_and_resumes_with_identical_stems_when_restored(
    library: RunningLibrary, song: Path, uninterrupted: Job
) -> None:
    job = add_job(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 5, interval_s=0.02)
    library.service.remove_jobs([job.id])
    wait_until(lambda: library.service.bin.jobs()[0].job.state is JobState.PENDING, interval_s=0.02)
    segments_at_removal = segments.count()
    assert job.id not in {other.id for other in library.service.jobs()}
    (restored,) = library.service.bin.restore()
    assert (restored.id, restored.progress > 0.2) == (job.id, True)
    wait_until(lambda: segments.count() > segments_at_removal, interval_s=0.02)
    done = wait_until_completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)


def test_paused_job_stays_paused_after_a_restart(
    converted_model: Path, tmp_path: Path, song: Path, uninterrupted: Job
) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        shutil.copytree(converted_model, library.home.models, dirs_exist_ok=True)
        job = add_job(library, song)
        segments = FinishedSegments(library.home, job)
        wait_until(lambda: segments.count() >= 4, interval_s=0.02)
        library.service.pause_jobs([job.id])
        wait_until(lambda: library.service.job(job.id).state is JobState.PENDING, interval_s=0.02)
        find_worker(root).kill()
    with running_library(root) as library:
        wait_until_completed(library, add_job(library, song))  # the worker runs, and has started only this job
        paused_job = library.service.job(job.id)
        assert (paused_job.state, paused_job.paused, paused_job.token) == (JobState.PENDING, True, 1)
        library.service.resume_jobs([job.id])
        assert_same_stems(wait_until_completed(library, job), uninterrupted)


class TestDrafts:
    """Drafts of pending jobs, while the queue is paused."""

    @pytest.fixture(autouse=True)
    def paused(self, library: RunningLibrary) -> Iterator[None]:
        library.service.pause_queue()
        yield
        library.service.remove_jobs([job.id for job in library.service.jobs()])
        library.service.resume_queue()

    def test_draft_events_report_growth_and_completion_once(self, library: RunningLibrary, song: Path) -> None:
        job = add_job(library, song)
        library.service.request_draft(job.id)
        library.wait_until(lambda: is_draft_complete(library, job))
        library.wait_until(lambda: [d.complete for d in library.drafts if d.job_id == job.id][-1:] == [True])
        completions = [draft.complete for draft in library.drafts if draft.job_id == job.id]
        assert completions.count(True) == 1
        assert completions.count(False) >= 2

    def test_draft_worker_loads_neither_torch_nor_openvino_nor_qt(self, library: RunningLibrary, song: Path) -> None:
        job = add_job(library, song)
        library.service.request_draft(job.id)
        library.wait_until(lambda: is_draft_complete(library, job))
        loaded_files = {Path(mapping.path).name for mapping in find_draft_worker(library.home.root).memory_maps()}
        assert any("numpy" in name or "multiarray" in name for name in loaded_files)
        assert not [name for name in loaded_files if "torch" in name or "openvino" in name or "Qt6" in name]

    def test_killed_draft_worker_restarts_and_completes_the_draft(
        self, library: RunningLibrary, tmp_path: Path
    ) -> None:
        job = add_job(library, write_song(tmp_path / "long.wav", LONG_SONG_SECONDS))
        library.service.request_draft(job.id)
        draft_folder = library.home.job_folder(job.id).draft
        wait_until(lambda: any(draft_folder.glob("*.int16")), interval_s=0.01)
        killed_worker = find_draft_worker(library.home.root)
        killed_worker.kill()
        killed_worker.wait(10)
        assert not is_draft_complete(library, job)
        library.service.request_draft(job.id)
        library.wait_until(lambda: is_draft_complete(library, job))
        assert find_draft_worker(library.home.root) != killed_worker
        assert not list(draft_folder.glob("*.part"))

    @pytest.mark.parametrize("finished", [False, True], ids=["in progress", "finished"])
    def test_cancelled_job_loses_its_draft(
        self, library: RunningLibrary, tmp_path: Path, song: Path, finished: bool
    ) -> None:
        job = self._add_drafted_job(library, tmp_path, finished)
        library.service.cancel(job.id)
        wait_until(lambda: not list_leftovers(library.home, library.service.job(job.id)))
        self._assert_draft_stays_deleted(library, job, song, ["job.json", "source"])

    @pytest.mark.parametrize("finished", [False, True], ids=["in progress", "finished"])
    def test_deleted_job_loses_its_draft(
        self, library: RunningLibrary, tmp_path: Path, song: Path, finished: bool
    ) -> None:
        job = self._add_drafted_job(library, tmp_path, finished)
        library.service.remove_jobs([job.id])
        library.service.bin.delete([job.id])
        wait_until(lambda: not library.home.job_folder(job.id).root.exists())
        self._assert_draft_stays_deleted(library, job, song, [])

    def _add_drafted_job(self, library: RunningLibrary, tmp_path: Path, finished: bool) -> Job:
        job = add_job(library, write_song(tmp_path / "drafted.wav", SONG_SECONDS if finished else LONG_SONG_SECONDS))
        library.service.request_draft(job.id)
        draft_folder = library.home.job_folder(job.id).draft
        wait_until(
            lambda: is_draft_complete(library, job) if finished else any(draft_folder.glob("*.int16")), interval_s=0.01
        )
        return job

    def _assert_draft_stays_deleted(
        self, library: RunningLibrary, job: Job, song: Path, expected_files: list[str]
    ) -> None:
        """Draft another job, so that the draft worker is done with this one, and check which files are left."""
        later_job = add_job(library, song)
        library.service.request_draft(later_job.id)
        library.wait_until(lambda: is_draft_complete(library, later_job))
        files = {path.name for path in library.home.job_folder(job.id).root.glob("*")}
        assert sorted(files - {"analysis.json"}) == expected_files  # the analysis is of the song, and stays


def is_draft_complete(library: RunningLibrary, job: Job) -> bool:
    return (library.home.job_folder(job.id).draft / COMPLETE_MARKER).exists()


def test_completed_job_loses_its_draft(library: RunningLibrary, song: Path) -> None:
    job = add_job(library, song)
    library.service.request_draft(job.id)
    library.wait_until(lambda: is_draft_complete(library, job))
    assert not library.service.job(job.id).state.has_ended
    wait_until_completed(library, job)


def test_killed_draft_worker_does_not_interrupt_separation(library: RunningLibrary, song: Path) -> None:
    before = find_worker(library.home.root)
    job = add_job(library, song)
    library.service.request_draft(job.id)
    find_draft_worker(library.home.root).kill()
    assert wait_until_completed(library, job).crashes == 0
    assert find_worker(library.home.root) == before
