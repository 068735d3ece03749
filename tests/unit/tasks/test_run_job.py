"""A job without Celery: claimed, separated, recorded, whatever happens to it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from desktop.errors import StorageError
from desktop.export.output_folder import is_exported
from desktop.jobs.model import Attempt, Job, JobOptions, JobState, OwnerDirective, Stage
from desktop.jobs.queue import JobChanged, JobEvent, JobProgress
from desktop.tasks.heartbeat import Heartbeat
from desktop.tasks.run_job import JobRunner
from tests.helpers.bench import BlockingEngine, InProcessLibrary, SingleEngineCache
from tests.helpers.library import write_song
from tests.helpers.rows import simulate_dead_owner

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLibrary:
    monkeypatch.setenv("UNBRAID_MODEL_URL", "http://127.0.0.1:9")  # nobody answers there
    return InProcessLibrary(tmp_path / "library")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=2)


def test_a_completed_job_has_stems_progress_and_an_announced_end(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert (done.state, done.model_used, done.runtime, len(done.stems)) == (JobState.COMPLETED, "sketch", "numpy", 4)
    assert isinstance(bench.events.events[-1], JobChanged)
    assert any(isinstance(event, JobProgress) for event in bench.events.events)
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert bench.service.job(job.id) == done


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED])
def test_the_end_of_a_job_is_told_before_its_segments_are_deleted(
    bench: InProcessLibrary, song: Path, state: JobState
) -> None:
    job = bench.service.add(song, SKETCH if state is JobState.COMPLETED else JobOptions(model="nonesuch"))
    folder = bench.home.job_folder(job.id)
    for part in (folder.segments, folder.draft):
        part.mkdir(parents=True)
    seen: list[tuple[bool, bool]] = []

    def look(event: JobEvent) -> None:
        if bench.store.job(job.id).state.has_ended:
            seen.append((folder.segments.exists(), folder.draft.exists()))

    bench.events.on_event = look
    bench.runner.run(job.id)
    assert seen == [(True, True)]
    assert bench.store.job(job.id).state is state
    assert not folder.segments.exists()
    assert not folder.draft.exists()


def test_without_a_way_to_its_model_a_job_is_done_with_sketch_and_says_why(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert (done.options.model, done.model_used) == ("htdemucs", "sketch")
    assert "Sketch" in done.notices[0]
    assert "HT Demucs" in done.notices[0]


def test_stems_that_cannot_be_exported_in_the_end_are_kept_and_the_user_is_told_where(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = bench.service.add(song, replace(SKETCH, out=out))

    def spoil(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING and not out.exists():
            out.write_text("This was a folder, or none.")

    bench.events.on_event = spoil
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert [stem.exported for stem in done.stems] == [None] * 4
    assert all(stem.path.exists() for stem in done.stems)
    assert f"{out}: there is something of that name already" in done.notices[-1]
    assert f"unbraid export {job.id[:8]} --to FOLDER" in done.notices[-1]
    assert not is_exported(done)


def test_a_folder_that_cannot_take_stems_fails_the_job_before_anything_is_done(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.touch()
    job = bench.service.add(song, replace(SKETCH, out=out))
    answer = bench.runner.run(job.id)
    assert answer["status"] == "failed"
    assert f"{out}: it is a file" in answer["error"]
    assert not [event for event in bench.events.events if isinstance(event, JobProgress)]


def test_a_model_nobody_knows_fails_the_job_with_its_name(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, JobOptions(model="nonesuch"))
    assert bench.runner.run(job.id)["status"] == "failed"
    assert "nonesuch" in (bench.service.job(job.id).error or "")


def test_a_job_whose_track_is_gone_fails_and_says_what_to_do(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    shutil.rmtree(bench.home.job_folder(job.id).source)
    answer = bench.runner.run(job.id)
    assert answer["status"] == "failed"
    assert "add it again" in answer["error"]


def test_a_job_cancelled_at_work_stops_and_leaves_no_files(bench: InProcessLibrary, tmp_path: Path) -> None:
    job = bench.service.add(write_song(tmp_path / "long.wav", seconds=120), SKETCH)

    def cancel(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING:
            bench.events.on_event = lambda event: None
            bench.store.request_cancel(job.id)

    bench.events.on_event = cancel
    assert bench.runner.run(job.id) == {"status": "cancelled"}
    assert bench.service.job(job.id).state is JobState.CANCELLED
    assert not list(bench.home.job_folder(job.id).root.glob("run-*"))


def test_a_job_removed_at_work_is_dropped(bench: InProcessLibrary, tmp_path: Path) -> None:
    job = bench.service.add(write_song(tmp_path / "long.wav", seconds=120), SKETCH)

    def remove(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING:
            bench.events.on_event = lambda event: None
            bench.store.move_to_bin([job.id])
            bench.store.delete_from_bin([job.id])

    bench.events.on_event = remove
    assert bench.runner.run(job.id) == {"status": "dropped"}


def test_a_job_that_cannot_be_written_into_the_library_leaves_no_folder(bench: InProcessLibrary, song: Path) -> None:
    engine = create_engine(f"sqlite:///{bench.home.database}")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO elsewhere"))
    engine.dispose()
    with pytest.raises(StorageError):
        bench.service.add(song, SKETCH)
    assert not list(bench.home.jobs.iterdir())


def test_time_left_does_not_count_the_download(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    claim = Heartbeat(bench.store, bench.events, claimed)
    claim.report(Stage.DOWNLOADING, 0.9)
    claim.report(Stage.DECODING, 0.0)
    claim.report(Stage.SEPARATING, 0.5)
    last = bench.events.events[-1]
    assert isinstance(last, JobProgress)
    assert (last.progress, last.left) == (0.5, None)  # no second of work has passed yet


@pytest.fixture
def stuck(bench: InProcessLibrary) -> Iterator[JobRunner]:
    """Instead of ending the process, it lets the engine go on, and finds that nothing is left to write to."""
    BlockingEngine.released.clear()
    yield replace(
        bench.runner, engines=SingleEngineCache(bench.home, BlockingEngine()), end_process=BlockingEngine.released.set
    )
    BlockingEngine.released.set()


def test_a_cancel_does_not_wait_for_a_long_segment(bench: InProcessLibrary, stuck: JobRunner, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    cancelled: list[float] = []

    def cancel_at_work(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING and not cancelled:
            cancelled.append(monotonic())
            bench.service.cancel(job.id)

    bench.events.on_event = cancel_at_work
    stuck.run(job.id)
    assert monotonic() - cancelled[0] < 10
    assert bench.service.job(job.id).state is JobState.CANCELLED
    folder = bench.home.job_folder(job.id)
    assert not folder.segments.exists()
    assert not list(folder.root.glob("run-*"))


def test_a_job_that_stands_still_is_given_up(
    bench: InProcessLibrary, stuck: JobRunner, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.tasks.heartbeat.STALL_TIMEOUT_S", 0.5)
    job = bench.service.add(song, SKETCH)
    stuck.run(job.id)
    failed = bench.service.job(job.id)
    assert failed.state is JobState.FAILED
    assert failed.error == "Separating this song came to a standstill. The worker's log may tell why; then try again."


def test_progress_never_falls(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.runner.run(job.id)
    told = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert told == sorted(told)


def leave_work(bench: InProcessLibrary, job: Job) -> Path:
    """As a killed owner leaves it: finished segments, a draft, and stems half written."""
    folder = bench.home.job_folder(job.id)
    for part in (folder.segments / "key", folder.draft, folder.result_folder(job.token)):
        part.mkdir(parents=True)
        (part / "something").touch()
    return folder.root


def test_what_nobody_foresaw_leaves_no_work_behind(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    root = leave_work(bench, claimed)
    bench.runner.handle_unexpected_error(claimed.id, KeyError("nobody thought of it"))
    assert bench.service.job(claimed.id).state is JobState.FAILED
    assert {path.name for path in root.iterdir()} == {"source", "job.json"}


def test_a_job_that_ended_with_its_lost_owner_leaves_no_work_behind(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    root = leave_work(bench, claimed)
    bench.store.request_cancel(claimed.id)
    simulate_dead_owner(bench.home, claimed)
    assert bench.runner.run(claimed.id) == {"status": "cancelled"}
    assert bench.service.job(claimed.id).state is JobState.CANCELLED
    assert {path.name for path in root.iterdir()} == {"source", "job.json"}


def separated(bench: InProcessLibrary, song: Path) -> tuple[Job, list[bytes]]:
    """A song with stems of Sketch, and their bytes."""
    job = bench.service.add(song, SKETCH)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    return done, [stem.path.read_bytes() for stem in done.stems]


def test_a_song_that_is_separated_again_has_its_new_stems_alone(bench: InProcessLibrary, song: Path) -> None:
    done, _ = separated(bench, song)
    bench.service.separate_again(done.id)
    assert bench.runner.run(done.id) == {"status": "completed"}
    after = bench.service.job(done.id)
    assert {stem.path.parent.name for stem in after.stems} == {"run-2"}
    assert {path.name for path in bench.home.job_folder(done.id).root.iterdir()} == {
        "source", "job.json", "mixture.peaks", "run-2",
    }  # fmt: skip


def as_before(bench: InProcessLibrary, done: Job, sounds: list[bytes]) -> None:
    """Nothing is left of the attempt but what is said of it."""
    after = bench.service.job(done.id)
    assert after == replace(done, token=after.token, last_attempt=after.last_attempt)
    assert [stem.path.read_bytes() for stem in after.stems] == sounds
    assert {path.name for path in bench.home.job_folder(done.id).root.iterdir()} == {
        "source", "job.json", "mixture.peaks", "run-1",
    }  # fmt: skip


@pytest.mark.parametrize("stage", [Stage.DECODING, Stage.SEPARATING, Stage.WRITING])
def test_a_cancelled_attempt_leaves_the_stems_as_they_were(bench: InProcessLibrary, song: Path, stage: Stage) -> None:
    done, sounds = separated(bench, song)

    def cancel(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is stage:
            bench.events.on_event = lambda event: None
            bench.store.request_cancel(done.id)
            sees_it.wait(5)

    sees_it = Event()
    heartbeat = bench.store.heartbeat

    def beat(job: Job, *progress: Any) -> OwnerDirective:
        duty = heartbeat(job, *progress)
        if duty is OwnerDirective.CANCEL:
            sees_it.set()
        return duty

    bench.store.heartbeat = beat  # the engine goes on when its owner knows
    bench.service.separate_again(done.id)
    bench.events.on_event = cancel
    assert bench.runner.run(done.id) == {"status": "cancelled"}
    as_before(bench, done, sounds)
    assert bench.service.job(done.id).last_attempt == Attempt(JobState.CANCELLED)


def test_a_failed_attempt_leaves_the_stems_as_they_were(bench: InProcessLibrary, song: Path) -> None:
    done, sounds = separated(bench, song)
    source = bench.home.job_folder(done.id).source
    source.rename(source.with_name("elsewhere"))
    bench.service.separate_again(done.id)
    assert bench.runner.run(done.id)["status"] == "failed"
    source.with_name("elsewhere").rename(source)
    as_before(bench, done, sounds)
    attempt = bench.service.job(done.id).last_attempt
    assert attempt is not None
    assert "copy of this song is gone" in (attempt.error or "")


def test_an_attempt_with_a_model_that_cannot_be_had_never_becomes_a_draft(bench: InProcessLibrary, song: Path) -> None:
    done, sounds = separated(bench, song)
    bench.runner.run(bench.service.add(song).id)  # which remembers that the model's server was away
    for _ in range(2):
        bench.service.separate_again(done.id, "htdemucs")
        assert bench.runner.run(done.id)["status"] == "failed"
        as_before(bench, done, sounds)
        attempt = bench.service.job(done.id).last_attempt
        assert attempt is not None
        assert "HT Demucs is not downloaded. It could not be downloaded" in (attempt.error or "")


def test_what_nobody_foresaw_takes_no_stems(bench: InProcessLibrary, song: Path) -> None:
    done, sounds = separated(bench, song)
    bench.service.separate_again(done.id)
    attempt = bench.store.claim(done.id)
    assert attempt is not None
    leave_work(bench, attempt)
    bench.runner.handle_unexpected_error(done.id, KeyError("nobody thought of it"))
    assert bench.runner.run(done.id) == {"status": "completed"}
    as_before(bench, done, sounds)
