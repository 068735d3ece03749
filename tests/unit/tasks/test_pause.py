"""A song that is paused at work stops soon, keeps what is finished, and comes out the same when it goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from desktop.jobs.model import Job, JobOptions, JobState, Stage
from desktop.jobs.queue import JobProgress
from desktop.tasks.heartbeat import Heartbeat
from desktop.tasks.run_job import JobRunner
from tests.helpers.bench import BlockingEngine, InProcessLibrary, SingleEngineCache
from tests.helpers.library import wait_until, write_song
from tests.helpers.resume import assert_same_stems

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def bench(tmp_path: Path) -> InProcessLibrary:
    return InProcessLibrary(tmp_path / "library")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=45)


def pause_job(bench: InProcessLibrary, job: Job) -> None:
    bench.service.pause_jobs([job.id])


def resume_job(bench: InProcessLibrary, job: Job) -> None:
    bench.service.resume_jobs([job.id])


def pause_all(bench: InProcessLibrary, _: Job) -> None:
    bench.service.pause_queue()


def resume_all(bench: InProcessLibrary, _: Job) -> None:
    bench.service.resume_queue()


@pytest.mark.parametrize(
    ("pause", "resume"), [(pause_job, resume_job), (pause_all, resume_all)], ids=["the song", "the queue"]
)
def test_a_song_paused_at_work_goes_on_from_its_finished_segments_to_the_same_stems(
    bench: InProcessLibrary,
    song: Path,
    pause: Callable[[InProcessLibrary, Job], None],
    resume: Callable[[InProcessLibrary, Job], None],
) -> None:
    job = bench.service.add(song, SKETCH)
    folder = bench.home.job_folder(job.id)
    bench.call_when_separating(job, lambda: pause(bench, job))
    assert bench.runner.run(job.id) == {"status": "pending"}
    paused = bench.service.job(job.id)
    kept = {file: file.stat().st_mtime_ns for file in folder.segments.glob("*/*.float32")}
    assert (paused.state, paused.crashes) == (JobState.PENDING, 0)
    assert 0 < paused.progress < 1
    assert kept
    assert not list(folder.root.glob("run-*"))
    assert bench.runner.run(job.id) == {"status": "pending"}

    resume(bench, job)
    found: list[dict[Path, int]] = []
    bench.call_when_separating(job, lambda: found.append({file: file.stat().st_mtime_ns for file in kept}))
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert found == [kept]
    uninterrupted = bench.service.add(song, SKETCH)
    bench.runner.run(uninterrupted.id)
    assert_same_stems(bench.service.job(job.id), bench.service.job(uninterrupted.id))


def test_the_progress_of_a_song_that_goes_on_stays_where_it_was(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.call_when_separating(job, lambda: pause_job(bench, job))
    bench.runner.run(job.id)
    paused = bench.service.job(job.id).progress
    resume_job(bench, job)
    bench.events.events.clear()
    bench.runner.run(job.id)
    told = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert told == sorted(told)
    assert told[0] >= paused


def test_progress_falls_to_the_truth_where_finished_segments_were_lost(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    claim = Heartbeat(bench.store, bench.events, replace(claimed, progress=0.64))
    claim.report(Stage.DECODING, 0.01)
    claim.report(Stage.SEPARATING, 0.05)
    told = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert told == [0.64, 0.05]


@pytest.fixture
def stuck(bench: InProcessLibrary) -> Iterator[JobRunner]:
    BlockingEngine.released.clear()
    yield replace(
        bench.runner, engines=SingleEngineCache(bench.home, BlockingEngine()), end_process=BlockingEngine.released.set
    )
    BlockingEngine.released.set()


def test_a_pause_does_not_wait_for_a_long_segment(bench: InProcessLibrary, stuck: JobRunner, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    asked: list[float] = []

    def pause() -> None:
        asked.append(monotonic())
        pause_job(bench, job)

    bench.call_when_separating(job, pause)
    stuck.run(job.id)
    assert monotonic() - asked[0] < 10
    paused = bench.service.job(job.id)
    assert (paused.state, paused.paused, paused.crashes) == (JobState.PENDING, True, 0)
    folder = bench.home.job_folder(job.id)
    assert folder.segments.exists()
    assert not list(folder.root.glob("run-*"))


def test_a_song_that_is_resumed_before_it_has_stopped_goes_on_without_a_break(
    bench: InProcessLibrary, song: Path
) -> None:
    claimed = bench.store.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    ended: list[bool] = []
    with Heartbeat(bench.store, bench.events, claimed, lambda stalled, _: ended.append(stalled)) as claim:
        for act, stops in ((pause_job, True), (resume_job, False), (pause_job, True), (resume_job, False)):
            act(bench, claimed)
            wait_until(lambda: claim.should_stop() is stops, interval_s=0.02)  # noqa: B023
    assert not ended
