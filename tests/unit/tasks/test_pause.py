"""A job paused while processing stops soon, keeps its finished segments, and gives the same stems once resumed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.jobs.model import Job, JobOptions, JobProgress, JobState
from desktop.stage import Stage
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
    ("pause", "resume"), [(pause_job, resume_job), (pause_all, resume_all)], ids=["pause the job", "pause the queue"]
)
def test_resumed_job_reuses_its_finished_segments_and_gives_the_same_stems(
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
    reused: list[dict[Path, int]] = []
    bench.call_when_separating(job, lambda: reused.append({file: file.stat().st_mtime_ns for file in kept}))
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert reused == [kept]
    uninterrupted = bench.service.add(song, SKETCH)
    bench.runner.run(uninterrupted.id)
    assert_same_stems(bench.service.job(job.id), bench.service.job(uninterrupted.id))


def test_progress_of_a_resumed_job_continues_from_where_it_paused(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.call_when_separating(job, lambda: pause_job(bench, job))
    bench.runner.run(job.id)
    paused = bench.service.job(job.id).progress
    resume_job(bench, job)
    bench.events.events.clear()
    bench.runner.run(job.id)
    reported = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert reported == sorted(reported)
    assert reported[0] >= paused


def test_progress_drops_to_the_real_value_if_finished_segments_were_lost(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.ownership.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    heartbeat = Heartbeat(bench.store, bench.events, replace(claimed, progress=0.64))
    heartbeat.report(Stage.DECODING, 0.01)
    heartbeat.report(Stage.SEPARATING, 0.05)
    reported = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert reported == [0.64, 0.05]


@pytest.fixture
def stuck(bench: InProcessLibrary) -> Iterator[JobRunner]:
    BlockingEngine.released.clear()
    yield replace(
        bench.runner, engines=SingleEngineCache(bench.home, BlockingEngine()), end_process=BlockingEngine.released.set
    )
    BlockingEngine.released.set()


def test_pause_does_not_wait_for_a_long_segment(bench: InProcessLibrary, stuck: JobRunner, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.call_when_separating(job, lambda: pause_job(bench, job))
    stuck.run(job.id)
    assert BlockingEngine.released.is_set()  # the process was to end, and did not wait for the engine
    paused = bench.service.job(job.id)
    assert (paused.state, paused.paused, paused.crashes) == (JobState.PENDING, True, 0)
    folder = bench.home.job_folder(job.id)
    assert folder.segments.exists()
    assert not list(folder.root.glob("run-*"))


def test_job_resumed_before_it_has_stopped_continues_without_a_break(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.ownership.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    ended: list[bool] = []
    with Heartbeat(bench.store, bench.events, claimed, lambda stalled, _: ended.append(stalled)) as heartbeat:
        for act, stops in ((pause_job, True), (resume_job, False), (pause_job, True), (resume_job, False)):
            act(bench, claimed)
            wait_until(lambda: heartbeat.should_stop() is stops, interval_s=0.02)  # noqa: B023
    assert not ended
