"""Work that was stopped is not done again: finished segments outlive every process, and drafts come back."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

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
# 14 segments of the thin model.
SECONDS = 40.0
# Long enough for its draft to be stopped in the middle.
LONG = 400.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    root = tmp_path_factory.mktemp("library")
    with running_library(root, drafts=True) as library:
        import_tiny_model(library.home, tmp_path_factory.mktemp("model"))
        yield library


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_song(tmp_path_factory.mktemp("music") / "song.wav", SECONDS)


@pytest.fixture(scope="module")
def uninterrupted(library: RunningLibrary, song: Path) -> Job:
    return completed(library, add(library, song))


def add(library: RunningLibrary, song: Path) -> Job:
    return library.service.add(song, JobOptions(model="thin"))


def completed(library: RunningLibrary, job: Job) -> Job:
    done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    wait_until(lambda: not list_leftovers(library.home, done))
    return done


def test_a_killed_worker_goes_on_from_the_last_finished_segment_with_the_same_stems(
    library: RunningLibrary, song: Path, uninterrupted: Job
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 3, interval_s=0.02)
    find_owner(library.home.root).kill()
    wait_until(lambda: segments.count() >= 7, interval_s=0.02)
    find_worker(library.home.root).kill()
    wait_until(lambda: segments.count() >= 11, interval_s=0.02)
    assert_same_stems(completed(library, job), uninterrupted)


def test_a_quit_goes_on_from_the_last_finished_segment_with_the_same_stems(
    tmp_path: Path, song: Path, uninterrupted: Job
) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        import_tiny_model(library.home, tmp_path)
        job = add(library, song)
        segments = FinishedSegments(library.home, job)
        wait_until(lambda: segments.count() >= 4, interval_s=0.02)
    assert_all_ended(root)
    with running_library(root) as library:
        wait_until(lambda: segments.count() >= 10, interval_s=0.02)
        stopped = completed(library, job)
        assert stopped.crashes == 0
        assert_same_stems(stopped, uninterrupted)


@pytest.mark.parametrize("whole_queue", [False, True], ids=["the song", "the queue"])
def test_a_pause_takes_two_seconds_and_the_song_goes_on_from_there_with_the_same_stems(
    library: RunningLibrary, song: Path, uninterrupted: Job, whole_queue: bool
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 5, interval_s=0.02)
    asked = monotonic()
    library.service.pause_queue() if whole_queue else library.service.pause_jobs([job.id])
    wait_until(lambda: library.service.job(job.id).state is JobState.PENDING, timeout_s=10, interval_s=0.02)
    assert monotonic() - asked < 3  # two, and what a busy machine adds
    kept = segments.count()
    behind = completed(library, add(library, song)) if not whole_queue else None
    assert library.service.job(job.id).progress > 0.2
    library.service.resume_queue() if whole_queue else library.service.resume_jobs([job.id])
    wait_until(lambda: segments.count() > kept, interval_s=0.02)
    done = completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)
    if behind is not None:
        assert done.ended is not None
        assert behind.ended is not None
        assert behind.ended < done.ended


def test_a_running_song_that_is_removed_stops_and_goes_on_from_there_when_it_is_restored(
    library: RunningLibrary, song: Path, uninterrupted: Job
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 5, interval_s=0.02)
    asked = monotonic()
    library.service.remove_jobs([job.id])
    wait_until(lambda: library.service.bin.jobs()[0].job.state is JobState.PENDING, timeout_s=10, interval_s=0.02)
    assert monotonic() - asked < 3  # as a pause: two, and what a busy machine adds
    kept = segments.count()
    assert job.id not in {other.id for other in library.service.jobs()}
    (restored,) = library.service.bin.restore()
    assert (restored.id, restored.progress > 0.2) == (job.id, True)
    wait_until(lambda: segments.count() > kept, interval_s=0.02)
    done = completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)


def test_a_pause_outlives_every_process(tmp_path: Path, song: Path, uninterrupted: Job) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        import_tiny_model(library.home, tmp_path)
        job = add(library, song)
        segments = FinishedSegments(library.home, job)
        wait_until(lambda: segments.count() >= 4, interval_s=0.02)
        library.service.pause_jobs([job.id])
        wait_until(lambda: library.service.job(job.id).state is JobState.PENDING, interval_s=0.02)
        find_worker(root).kill()
    with running_library(root) as library:
        completed(library, add(library, song))  # the worker is there, and has begun nothing but this
        held = library.service.job(job.id)
        assert (held.state, held.paused, held.token) == (JobState.PENDING, True, 1)
        library.service.resume_jobs([job.id])
        assert_same_stems(completed(library, job), uninterrupted)


class TestDrafts:
    """Of songs that wait: the queue is paused meanwhile."""

    @pytest.fixture(autouse=True)
    def paused(self, library: RunningLibrary) -> Iterator[None]:
        library.service.pause_queue()
        yield
        library.service.remove_jobs([job.id for job in library.service.jobs()])
        library.service.resume_queue()

    def test_a_song_is_drafted_and_it_is_told_as_it_grows(self, library: RunningLibrary, song: Path) -> None:
        job = add(library, song)
        library.service.request_draft(job.id)
        library.wait_until(lambda: whole(library, job))
        library.wait_until(lambda: [d.complete for d in library.drafts if d.job_id == job.id][-1:] == [True])
        told = [draft.complete for draft in library.drafts if draft.job_id == job.id]
        assert told.count(True) == 1
        assert told.count(False) >= 2

    def test_the_draft_worker_never_loads_torch(self, library: RunningLibrary, song: Path) -> None:
        job = add(library, song)
        library.service.request_draft(job.id)
        library.wait_until(lambda: whole(library, job))
        loaded = {Path(part.path).name for part in find_draft_worker(library.home.root).memory_maps()}
        assert any("numpy" in name or "multiarray" in name for name in loaded)
        assert not [name for name in loaded if "torch" in name or "openvino" in name or "Qt6" in name]

    def test_a_killed_draft_worker_comes_back_and_makes_the_draft_whole(
        self, library: RunningLibrary, tmp_path: Path
    ) -> None:
        job = add(library, write_song(tmp_path / "long.wav", LONG))
        library.service.request_draft(job.id)
        drafted = library.home.job_folder(job.id).draft
        wait_until(lambda: any(drafted.glob("*.int16")), interval_s=0.01)
        killed = find_draft_worker(library.home.root)
        killed.kill()
        killed.wait(10)
        assert not whole(library, job)
        library.service.request_draft(job.id)
        library.wait_until(lambda: whole(library, job))
        assert find_draft_worker(library.home.root) != killed
        assert not list(drafted.glob("*.part"))

    @pytest.mark.parametrize("finished", [False, True], ids=["in work", "finished"])
    def test_a_cancelled_song_loses_its_draft(
        self, library: RunningLibrary, tmp_path: Path, song: Path, finished: bool
    ) -> None:
        job = self._drafted(library, tmp_path, finished)
        library.service.cancel(job.id)
        wait_until(lambda: not list_leftovers(library.home, library.service.job(job.id)))
        self._nothing_comes_back(library, job, song, ["job.json", "source"])

    @pytest.mark.parametrize("finished", [False, True], ids=["in work", "finished"])
    def test_a_deleted_song_loses_its_draft(
        self, library: RunningLibrary, tmp_path: Path, song: Path, finished: bool
    ) -> None:
        job = self._drafted(library, tmp_path, finished)
        library.service.remove_jobs([job.id])
        library.service.bin.delete([job.id])
        wait_until(lambda: not library.home.job_folder(job.id).root.exists())
        self._nothing_comes_back(library, job, song, [])

    def _drafted(self, library: RunningLibrary, tmp_path: Path, finished: bool) -> Job:
        job = add(library, write_song(tmp_path / "drafted.wav", SECONDS if finished else LONG))
        library.service.request_draft(job.id)
        drafted = library.home.job_folder(job.id).draft
        wait_until(lambda: whole(library, job) if finished else any(drafted.glob("*.int16")), interval_s=0.01)
        return job

    def _nothing_comes_back(self, library: RunningLibrary, job: Job, song: Path, kept: list[str]) -> None:
        """Once the draft worker is done with the song: it has drafted another one since."""
        after = add(library, song)
        library.service.request_draft(after.id)
        library.wait_until(lambda: whole(library, after))
        assert sorted(path.name for path in library.home.job_folder(job.id).root.glob("*")) == kept


def whole(library: RunningLibrary, job: Job) -> bool:
    return (library.home.job_folder(job.id).draft / COMPLETE_MARKER).exists()


def test_a_completed_song_loses_its_draft(library: RunningLibrary, song: Path) -> None:
    job = add(library, song)
    library.service.request_draft(job.id)
    library.wait_until(lambda: whole(library, job))
    assert not library.service.job(job.id).state.has_ended
    completed(library, job)


def test_a_killed_draft_worker_stops_no_separation(library: RunningLibrary, song: Path) -> None:
    before = find_worker(library.home.root)
    job = add(library, song)
    library.service.request_draft(job.id)
    find_draft_worker(library.home.root).kill()
    assert completed(library, job).crashes == 0
    assert find_worker(library.home.root) == before
