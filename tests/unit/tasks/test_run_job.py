"""JobRunner without Celery: a job is claimed, separated and recorded, whatever happens to it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from desktop.errors import StorageError
from desktop.export.output_folder import is_exported
from desktop.jobs.model import Attempt, Job, JobOptions, JobProgress, JobState, OwnerDirective
from desktop.jobs.queue import JobChanged, JobEvent
from desktop.stage import Stage
from desktop.tasks.heartbeat import Heartbeat
from desktop.tasks.run_job import JobRunner
from tests.helpers.bench import BlockingEngine, InProcessLibrary, SingleEngineCache
from tests.helpers.library import write_song
from tests.helpers.rows import simulate_dead_owner

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLibrary:
    monkeypatch.setenv("UNBRAID_MODEL_URL", "http://127.0.0.1:9")  # no server listens there
    return InProcessLibrary(tmp_path / "library")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=2)


def test_completed_job_has_stems_and_sent_progress_and_change_events(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert (done.state, done.model_used, done.runtime, len(done.stems)) == (JobState.COMPLETED, "sketch", "numpy", 4)
    assert isinstance(bench.events.events[-1], JobChanged)
    assert any(isinstance(event, JobProgress) for event in bench.events.events)
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert bench.service.job(job.id) == done


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED])
def test_end_of_a_job_is_announced_before_its_segments_are_deleted(
    bench: InProcessLibrary, song: Path, state: JobState
) -> None:
    job = bench.service.add(song, SKETCH if state is JobState.COMPLETED else JobOptions(model="nonesuch"))
    folder = bench.home.job_folder(job.id)
    for subfolder in (folder.segments, folder.draft):
        subfolder.mkdir(parents=True)
    existing: list[tuple[bool, bool]] = []

    def record(event: JobEvent) -> None:
        if bench.store.job(job.id).state.has_ended:
            existing.append((folder.segments.exists(), folder.draft.exists()))

    bench.events.on_event = record
    bench.runner.run(job.id)
    assert existing == [(True, True)]
    assert bench.store.job(job.id).state is state
    assert not folder.segments.exists()
    assert not folder.draft.exists()


def test_job_whose_model_cannot_be_downloaded_uses_sketch_and_adds_a_notice(
    bench: InProcessLibrary, song: Path
) -> None:
    job = bench.service.add(song)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert (done.options.model, done.model_used) == ("htdemucs", "sketch")
    assert "Sketch" in str(done.notices[0])
    assert "HT Demucs" in str(done.notices[0])


def test_stems_that_cannot_be_exported_are_kept_and_a_notice_says_how_to_export_them(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = bench.service.add(song, replace(SKETCH, out=out))

    def block_folder(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING and not out.exists():
            out.write_text("not a folder")

    bench.events.on_event = block_folder
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    assert [stem.exported for stem in done.stems] == [None] * 4
    assert all(stem.path.exists() for stem in done.stems)
    assert f"{out}: the name is already taken" in str(done.notices[-1])
    assert f"unbraid export {job.id[:8]} --to FOLDER" in str(done.notices[-1])
    assert not is_exported(done)


def test_unusable_output_folder_fails_the_job_before_any_work(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.touch()
    job = bench.service.add(song, replace(SKETCH, out=out))
    result = bench.runner.run(job.id)
    assert result["status"] == "failed"
    assert f"{out}: it is a file" in result["error"]
    assert not [event for event in bench.events.events if isinstance(event, JobProgress)]


def test_unknown_model_fails_the_job_and_is_named_in_the_error(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, JobOptions(model="nonesuch"))
    assert bench.runner.run(job.id)["status"] == "failed"
    assert "nonesuch" in str(bench.service.job(job.id).error)


def test_job_with_a_missing_track_fails_with_advice(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    shutil.rmtree(bench.home.job_folder(job.id).source)
    result = bench.runner.run(job.id)
    assert result["status"] == "failed"
    assert "add it again" in result["error"]


def test_job_cancelled_while_processing_stops_and_leaves_no_files(bench: InProcessLibrary, tmp_path: Path) -> None:
    job = bench.service.add(write_song(tmp_path / "long.wav", seconds=120), SKETCH)

    def cancel(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING:
            bench.events.on_event = lambda event: None
            bench.store.request_cancel(job.id)

    bench.events.on_event = cancel
    assert bench.runner.run(job.id) == {"status": "cancelled"}
    assert bench.service.job(job.id).state is JobState.CANCELLED
    assert not list(bench.home.job_folder(job.id).root.glob("run-*"))


def test_job_deleted_while_processing_is_dropped(bench: InProcessLibrary, tmp_path: Path) -> None:
    job = bench.service.add(write_song(tmp_path / "long.wav", seconds=120), SKETCH)

    def remove(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is Stage.SEPARATING:
            bench.events.on_event = lambda event: None
            bench.store.move_to_bin([job.id])
            bench.store.delete_from_bin([job.id])

    bench.events.on_event = remove
    assert bench.runner.run(job.id) == {"status": "dropped"}


def test_job_that_cannot_be_saved_leaves_no_folder(bench: InProcessLibrary, song: Path) -> None:
    engine = create_engine(f"sqlite:///{bench.home.database}")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO elsewhere"))
    engine.dispose()
    with pytest.raises(StorageError):
        bench.service.add(song, SKETCH)
    assert not list(bench.home.jobs.iterdir())


def test_time_left_ignores_the_download(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.ownership.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    heartbeat = Heartbeat(bench.store, bench.events, claimed)
    heartbeat.report(Stage.DOWNLOADING, 0.9)
    heartbeat.report(Stage.DECODING, 0.0)
    heartbeat.report(Stage.SEPARATING, 0.5)
    last = bench.events.events[-1]
    assert isinstance(last, JobProgress)
    assert (last.progress, last.left) == (0.5, None)  # no time has been spent on separation yet


@pytest.fixture
def stuck(bench: InProcessLibrary) -> Iterator[JobRunner]:
    """A blocked engine. Instead of ending the process, it lets the engine go on, which can no longer write."""
    BlockingEngine.released.clear()
    yield replace(
        bench.runner, engines=SingleEngineCache(bench.home, BlockingEngine()), end_process=BlockingEngine.released.set
    )
    BlockingEngine.released.set()


def test_cancel_does_not_wait_for_a_long_segment(bench: InProcessLibrary, stuck: JobRunner, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.call_when_separating(job, lambda: bench.service.cancel(job.id))
    stuck.run(job.id)
    assert BlockingEngine.released.is_set()  # the process was to end, and did not wait for the engine
    assert bench.service.job(job.id).state is JobState.CANCELLED
    folder = bench.home.job_folder(job.id)
    assert not folder.segments.exists()
    assert not list(folder.root.glob("run-*"))


def test_stalled_job_fails(
    bench: InProcessLibrary, stuck: JobRunner, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.tasks.heartbeat.STALL_TIMEOUT_S", 0.5)
    job = bench.service.add(song, SKETCH)
    stuck.run(job.id)
    failed = bench.service.job(job.id)
    assert failed.state is JobState.FAILED
    assert (
        str(failed.error)
        == "The separation of this song made no progress and was stopped. See the worker's log, then try again."
    )


def test_progress_never_decreases(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    bench.runner.run(job.id)
    reported = [event.progress for event in bench.events.events if isinstance(event, JobProgress)]
    assert reported == sorted(reported)


def leave_work_files(bench: InProcessLibrary, job: Job) -> Path:
    """Create what a killed owner leaves behind: finished segments, a draft and half-written stems."""
    folder = bench.home.job_folder(job.id)
    for subfolder in (folder.segments / "key", folder.draft, folder.result_folder(job.token)):
        subfolder.mkdir(parents=True)
        (subfolder / "something").touch()
    return folder.root


def test_unexpected_error_leaves_no_work_files(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.ownership.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    root = leave_work_files(bench, claimed)
    bench.runner.handle_unexpected_error(claimed.id, KeyError("unexpected"))
    assert bench.service.job(claimed.id).state is JobState.FAILED
    assert {path.name for path in root.iterdir()} == {"source", "job.json"}


def test_cancelled_job_of_a_dead_owner_leaves_no_work_files(bench: InProcessLibrary, song: Path) -> None:
    claimed = bench.store.ownership.claim(bench.service.add(song, SKETCH).id)
    assert claimed is not None
    root = leave_work_files(bench, claimed)
    bench.store.request_cancel(claimed.id)
    simulate_dead_owner(bench.home, claimed)
    assert bench.runner.run(claimed.id) == {"status": "cancelled"}
    assert bench.service.job(claimed.id).state is JobState.CANCELLED
    assert {path.name for path in root.iterdir()} == {"source", "job.json"}


def add_separated(bench: InProcessLibrary, song: Path) -> tuple[Job, list[bytes]]:
    """Add a job, separate it with Sketch, and return it with the bytes of its stems."""
    job = bench.service.add(song, SKETCH)
    assert bench.runner.run(job.id) == {"status": "completed"}
    done = bench.service.job(job.id)
    return done, [stem.path.read_bytes() for stem in done.stems]


def test_job_separated_again_has_only_its_new_stems(bench: InProcessLibrary, song: Path) -> None:
    done, _ = add_separated(bench, song)
    bench.service.separate_again(done.id)
    assert bench.runner.run(done.id) == {"status": "completed"}
    after = bench.service.job(done.id)
    assert {stem.path.parent.name for stem in after.stems} == {"run-2"}
    assert {path.name for path in bench.home.job_folder(done.id).root.iterdir()} == {
        "source", "job.json", "mixture.peaks", "run-2",
    }  # fmt: skip


def assert_unchanged(bench: InProcessLibrary, done: Job, stem_bytes: list[bytes]) -> None:
    """Assert that the attempt left nothing but its record."""
    after = bench.service.job(done.id)
    assert after == replace(done, token=after.token, last_attempt=after.last_attempt)
    assert [stem.path.read_bytes() for stem in after.stems] == stem_bytes
    assert {path.name for path in bench.home.job_folder(done.id).root.iterdir()} == {
        "source", "job.json", "mixture.peaks", "run-1",
    }  # fmt: skip


@pytest.mark.parametrize("stage", [Stage.DECODING, Stage.SEPARATING, Stage.WRITING])
def test_cancelled_attempt_leaves_the_stems_unchanged(bench: InProcessLibrary, song: Path, stage: Stage) -> None:
    done, stem_bytes = add_separated(bench, song)

    def cancel(event: JobEvent) -> None:
        if isinstance(event, JobProgress) and event.stage is stage:
            bench.events.on_event = lambda event: None
            bench.store.request_cancel(done.id)
            cancel_seen.wait(5)

    cancel_seen = Event()
    heartbeat = bench.store.ownership.heartbeat

    def signal_cancel(job: Job, *progress: Any) -> OwnerDirective:
        directive = heartbeat(job, *progress)
        if directive is OwnerDirective.CANCEL:
            cancel_seen.set()
        return directive

    bench.store.ownership.heartbeat = signal_cancel  # the engine continues once its owner knows of the cancel
    bench.service.separate_again(done.id)
    bench.events.on_event = cancel
    assert bench.runner.run(done.id) == {"status": "cancelled"}
    assert_unchanged(bench, done, stem_bytes)
    assert bench.service.job(done.id).last_attempt == Attempt(JobState.CANCELLED)


def test_failed_attempt_leaves_the_stems_unchanged(bench: InProcessLibrary, song: Path) -> None:
    done, stem_bytes = add_separated(bench, song)
    source = bench.home.job_folder(done.id).source
    source.rename(source.with_name("elsewhere"))
    bench.service.separate_again(done.id)
    assert bench.runner.run(done.id)["status"] == "failed"
    source.with_name("elsewhere").rename(source)
    assert_unchanged(bench, done, stem_bytes)
    attempt = bench.service.job(done.id).last_attempt
    assert attempt is not None
    assert "copy of this song is missing" in str(attempt.error)


def test_attempt_whose_model_cannot_be_downloaded_fails_and_never_uses_sketch(
    bench: InProcessLibrary, song: Path
) -> None:
    done, stem_bytes = add_separated(bench, song)
    bench.runner.run(bench.service.add(song).id)  # saves that the model's server was unreachable
    for _ in range(2):
        bench.service.separate_again(done.id, "htdemucs")
        assert bench.runner.run(done.id)["status"] == "failed"
        assert_unchanged(bench, done, stem_bytes)
        attempt = bench.service.job(done.id).last_attempt
        assert attempt is not None
        assert "HT Demucs is not downloaded. It could not be downloaded" in str(attempt.error)


def test_unexpected_error_in_an_attempt_leaves_the_stems_unchanged(bench: InProcessLibrary, song: Path) -> None:
    done, stem_bytes = add_separated(bench, song)
    bench.service.separate_again(done.id)
    attempt = bench.store.ownership.claim(done.id)
    assert attempt is not None
    leave_work_files(bench, attempt)
    bench.runner.handle_unexpected_error(done.id, KeyError("unexpected"))
    assert bench.runner.run(done.id) == {"status": "completed"}
    assert_unchanged(bench, done, stem_bytes)
