"""Work that was stopped is not done again: finished segments outlive every process, and drafts come back."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from desktop.jobs.model import Job, JobOptions, JobState
from desktop.segments.unfinished import COMPLETE
from tests.helpers.library import Library, assert_all_ended, running_library, until, write_song
from tests.helpers.resume import (
    FinishedSegments,
    assert_same_stems,
    draft_worker_of,
    import_thin_model,
    leftovers,
    owner_of,
    worker_of,
)

DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)
# 14 segments of the thin model.
SECONDS = 40.0
# Long enough for its draft to be stopped in the middle.
LONG = 400.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    root = tmp_path_factory.mktemp("library")
    with running_library(root, drafts=True) as library:
        import_thin_model(library.home, tmp_path_factory.mktemp("model"))
        yield library


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_song(tmp_path_factory.mktemp("music") / "song.wav", SECONDS)


@pytest.fixture(scope="module")
def uninterrupted(library: Library, song: Path) -> Job:
    return completed(library, add(library, song))


def add(library: Library, song: Path) -> Job:
    return library.service.add(song, JobOptions(model="thin"))


def completed(library: Library, job: Job) -> Job:
    done = library.wait_for(job, *DONE)
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    until(lambda: not leftovers(library.home, done))
    return done


def test_a_killed_worker_goes_on_from_the_last_finished_segment_with_the_same_stems(
    library: Library, song: Path, uninterrupted: Job
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    until(lambda: segments.count() >= 3, every=0.02)
    owner_of(library.home.root).kill()
    until(lambda: segments.count() >= 7, every=0.02)
    worker_of(library.home.root).kill()
    until(lambda: segments.count() >= 11, every=0.02)
    assert_same_stems(completed(library, job), uninterrupted)


def test_a_quit_goes_on_from_the_last_finished_segment_with_the_same_stems(
    tmp_path: Path, song: Path, uninterrupted: Job
) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        import_thin_model(library.home, tmp_path)
        job = add(library, song)
        segments = FinishedSegments(library.home, job)
        until(lambda: segments.count() >= 4, every=0.02)
    assert_all_ended(root)
    with running_library(root) as library:
        until(lambda: segments.count() >= 10, every=0.02)
        stopped = completed(library, job)
        assert stopped.crashes == 0
        assert_same_stems(stopped, uninterrupted)


@pytest.mark.parametrize("whole_queue", [False, True], ids=["the song", "the queue"])
def test_a_pause_takes_two_seconds_and_the_song_goes_on_from_there_with_the_same_stems(
    library: Library, song: Path, uninterrupted: Job, whole_queue: bool
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    until(lambda: segments.count() >= 5, every=0.02)
    asked = monotonic()
    library.service.pause() if whole_queue else library.service.pause_jobs([job.id])
    until(lambda: library.service.job(job.id).state is JobState.PENDING, patience=10, every=0.02)
    assert monotonic() - asked < 3  # two, and what a busy machine adds
    kept = segments.count()
    behind = completed(library, add(library, song)) if not whole_queue else None
    assert library.service.job(job.id).progress > 0.2
    library.service.resume() if whole_queue else library.service.resume_jobs([job.id])
    until(lambda: segments.count() > kept, every=0.02)
    done = completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)
    if behind is not None:
        assert done.ended is not None
        assert behind.ended is not None
        assert behind.ended < done.ended


def test_a_running_song_that_is_removed_stops_and_goes_on_from_there_when_it_is_restored(
    library: Library, song: Path, uninterrupted: Job
) -> None:
    job = add(library, song)
    segments = FinishedSegments(library.home, job)
    until(lambda: segments.count() >= 5, every=0.02)
    asked = monotonic()
    library.service.remove_jobs([job.id])
    until(lambda: library.service.bin.jobs()[0].job.state is JobState.PENDING, patience=10, every=0.02)
    assert monotonic() - asked < 3  # as a pause: two, and what a busy machine adds
    kept = segments.count()
    assert job.id not in {other.id for other in library.service.jobs()}
    (restored,) = library.service.bin.restore()
    assert (restored.id, restored.progress > 0.2) == (job.id, True)
    until(lambda: segments.count() > kept, every=0.02)
    done = completed(library, job)
    assert done.crashes == 0
    assert_same_stems(done, uninterrupted)


def test_a_pause_outlives_every_process(tmp_path: Path, song: Path, uninterrupted: Job) -> None:
    root = tmp_path / "library"
    with running_library(root) as library:
        import_thin_model(library.home, tmp_path)
        job = add(library, song)
        segments = FinishedSegments(library.home, job)
        until(lambda: segments.count() >= 4, every=0.02)
        library.service.pause_jobs([job.id])
        until(lambda: library.service.job(job.id).state is JobState.PENDING, every=0.02)
        worker_of(root).kill()
    with running_library(root) as library:
        completed(library, add(library, song))  # the worker is there, and has begun nothing but this
        held = library.service.job(job.id)
        assert (held.state, held.paused, held.token) == (JobState.PENDING, True, 1)
        library.service.resume_jobs([job.id])
        assert_same_stems(completed(library, job), uninterrupted)


class TestDrafts:
    """Of songs that wait: the queue is paused meanwhile."""

    @pytest.fixture(autouse=True)
    def paused(self, library: Library) -> Iterator[None]:
        library.service.pause()
        yield
        library.service.remove_jobs([job.id for job in library.service.jobs()])
        library.service.resume()

    def test_a_song_is_drafted_and_it_is_told_as_it_grows(self, library: Library, song: Path) -> None:
        job = add(library, song)
        library.service.draft(job.id)
        library.wait_until(lambda: whole(library, job))
        library.wait_until(lambda: [d.complete for d in library.drafts if d.job_id == job.id][-1:] == [True])
        told = [draft.complete for draft in library.drafts if draft.job_id == job.id]
        assert told.count(True) == 1
        assert told.count(False) >= 2

    def test_the_draft_worker_never_loads_torch(self, library: Library, song: Path) -> None:
        job = add(library, song)
        library.service.draft(job.id)
        library.wait_until(lambda: whole(library, job))
        loaded = {Path(part.path).name for part in draft_worker_of(library.home.root).memory_maps()}
        assert any("numpy" in name or "multiarray" in name for name in loaded)
        assert not [name for name in loaded if "torch" in name or "openvino" in name or "Qt6" in name]

    def test_a_killed_draft_worker_comes_back_and_makes_the_draft_whole(self, library: Library, tmp_path: Path) -> None:
        job = add(library, write_song(tmp_path / "long.wav", LONG))
        library.service.draft(job.id)
        drafted = library.home.job(job.id).draft
        until(lambda: any(drafted.glob("*.int16")), every=0.01)
        killed = draft_worker_of(library.home.root)
        killed.kill()
        killed.wait(10)
        assert not whole(library, job)
        library.service.draft(job.id)
        library.wait_until(lambda: whole(library, job))
        assert draft_worker_of(library.home.root) != killed
        assert not list(drafted.glob("*.part"))

    @pytest.mark.parametrize("finished", [False, True], ids=["in work", "finished"])
    def test_a_cancelled_song_loses_its_draft(
        self, library: Library, tmp_path: Path, song: Path, finished: bool
    ) -> None:
        job = self._drafted(library, tmp_path, finished)
        library.service.cancel(job.id)
        until(lambda: not leftovers(library.home, library.service.job(job.id)))
        self._nothing_comes_back(library, job, song, ["job.json", "source"])

    @pytest.mark.parametrize("finished", [False, True], ids=["in work", "finished"])
    def test_a_deleted_song_loses_its_draft(self, library: Library, tmp_path: Path, song: Path, finished: bool) -> None:
        job = self._drafted(library, tmp_path, finished)
        library.service.remove_jobs([job.id])
        library.service.bin.delete([job.id])
        until(lambda: not library.home.job(job.id).root.exists())
        self._nothing_comes_back(library, job, song, [])

    def _drafted(self, library: Library, tmp_path: Path, finished: bool) -> Job:
        job = add(library, write_song(tmp_path / "drafted.wav", SECONDS if finished else LONG))
        library.service.draft(job.id)
        drafted = library.home.job(job.id).draft
        until(lambda: whole(library, job) if finished else any(drafted.glob("*.int16")), every=0.01)
        return job

    def _nothing_comes_back(self, library: Library, job: Job, song: Path, kept: list[str]) -> None:
        """Once the draft worker is done with the song: it has drafted another one since."""
        after = add(library, song)
        library.service.draft(after.id)
        library.wait_until(lambda: whole(library, after))
        assert sorted(path.name for path in library.home.job(job.id).root.glob("*")) == kept


def whole(library: Library, job: Job) -> bool:
    return (library.home.job(job.id).draft / COMPLETE).exists()


def test_a_completed_song_loses_its_draft(library: Library, song: Path) -> None:
    job = add(library, song)
    library.service.draft(job.id)
    library.wait_until(lambda: whole(library, job))
    assert not library.service.job(job.id).state.ended
    completed(library, job)


def test_a_killed_draft_worker_stops_no_separation(library: Library, song: Path) -> None:
    before = worker_of(library.home.root)
    job = add(library, song)
    library.service.draft(job.id)
    draft_worker_of(library.home.root).kill()
    assert completed(library, job).crashes == 0
    assert worker_of(library.home.root) == before
