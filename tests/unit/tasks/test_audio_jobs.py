"""The Celery task, with valid and invalid arguments."""

import errno
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from celery.signals import task_failure

from desktop.errors import StorageError
from desktop.jobs.model import JobOptions, JobState
from desktop.tasks import audio_jobs
from desktop.tasks.audio_jobs import process_audio_job
from desktop.tasks.draft_jobs import draft_audio_job
from desktop.text.message import verbatim
from tests.helpers.bench import InProcessLibrary
from tests.helpers.library import write_song

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLibrary:
    library = InProcessLibrary(tmp_path / "library")
    monkeypatch.setattr(audio_jobs, "_get_runner", lambda: library.runner)
    return library


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The errors for which a crash report was written."""
    reported: list[BaseException] = []
    monkeypatch.setattr(audio_jobs.process_crash_handler, "record_exception", reported.append)
    return reported


@pytest.mark.parametrize("bad", ["nonsense", "../../etc/passwd", "", None, 5, {"a": 1}, ["x"], "a" * 100_000, "ü" * 99])
def test_invalid_job_id_fails_at_once_and_is_shortened_in_the_error(bad: object) -> None:
    result = process_audio_job(bad)
    assert result["status"] == "failed"
    assert "must be a UUID" in result["error"]
    assert len(result["error"]) < 150
    assert draft_audio_job(bad) == "dropped"


def test_task_with_missing_or_extra_arguments_returns_a_failure_and_raises_nothing(bench: InProcessLibrary) -> None:
    assert process_audio_job()["status"] == "failed"
    assert process_audio_job(1, 2, 3, four=4)["status"] == "failed"
    assert (draft_audio_job(), draft_audio_job(1, 2, three=3)) == ("dropped", "dropped")


@pytest.mark.parametrize("format_id", [str, str.upper, lambda text: UUID(text).hex, lambda text: f"{{{text}}}"])
def test_job_id_is_accepted_in_every_uuid_notation(
    bench: InProcessLibrary, tmp_path: Path, format_id: Callable[[str], str]
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    assert process_audio_job(format_id(job.id)) == {"status": "completed"}
    assert process_audio_job(job_id=format_id(job.id)) == {"status": "completed"}


def test_task_returns_the_state_in_the_row_of_a_job_that_it_cannot_claim(
    bench: InProcessLibrary, tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.wav", 1.0)
    failed, cancelled, paused, taken = (
        bench.service.add(song, JobOptions(model=name)) for name in ("no", *["sketch"] * 3)
    )
    error = process_audio_job(failed.id)["error"]
    assert process_audio_job(failed.id) == {"status": "failed", "error": error}
    bench.service.cancel(cancelled.id)
    assert process_audio_job(cancelled.id) == {"status": "cancelled"}
    bench.service.pause_jobs([paused.id])
    assert process_audio_job(paused.id) == {"status": "pending"}
    bench.store.ownership.claim(taken.id)
    assert process_audio_job(taken.id) == {"status": "processing"}
    bench.service.remove_jobs([taken.id])
    assert process_audio_job(taken.id) == {"status": "dropped"}


@pytest.mark.parametrize("as_keyword", [False, True], ids=["positional argument", "keyword argument"])
def test_unexpected_error_ends_the_claim_and_writes_a_crash_report(
    bench: InProcessLibrary, tmp_path: Path, reports: list[BaseException], as_keyword: bool
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    bench.store.ownership.claim(job.id)
    error = KeyError("unexpected")
    arguments = {"args": (), "kwargs": {"job_id": job.id.upper()}} if as_keyword else {"args": (job.id,), "kwargs": {}}
    task_failure.send(process_audio_job, task_id="x", exception=error, **arguments)
    assert bench.service.job(job.id).state is JobState.FAILED
    assert reports == [error]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(errno.ECONNRESET, "reset"),
        TimeoutError(),
        MemoryError(),
        StorageError(verbatim("It is full.")),
    ],
)
def test_transient_and_environment_errors_write_no_crash_report(
    bench: InProcessLibrary, tmp_path: Path, reports: list[BaseException], error: Exception
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    bench.store.ownership.claim(job.id)
    task_failure.send(process_audio_job, task_id="x", exception=error, args=(job.id,), kwargs={})
    assert bench.store.job(job.id).state is not JobState.PROCESSING
    assert reports == []


def test_failure_of_a_message_without_a_job_id_writes_no_crash_report(
    bench: InProcessLibrary, reports: list[BaseException]
) -> None:
    task_failure.send(process_audio_job, task_id="x", exception=TimeoutError(), args=(), kwargs={})
    task_failure.send(process_audio_job, task_id="x", exception=TimeoutError(), args=({"a": 1},), kwargs={})
    assert reports == []
