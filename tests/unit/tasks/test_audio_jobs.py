"""The Celery task, called by whoever may call it, with whatever they may send."""

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
from tests.helpers.bench import InProcessLibrary
from tests.helpers.library import write_song

SKETCH = JobOptions(model="sketch")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLibrary:
    made = InProcessLibrary(tmp_path / "library")
    monkeypatch.setattr(audio_jobs, "_get_runner", lambda: made.runner)
    return made


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The errors of which a crash report was made."""
    made: list[BaseException] = []
    monkeypatch.setattr(audio_jobs.process_crash_handler, "record", made.append)
    return made


@pytest.mark.parametrize("bad", ["nonsense", "../../etc/passwd", "", None, 5, {"a": 1}, ["x"], "a" * 100_000, "ü" * 99])
def test_what_is_no_uuid_fails_at_once_and_is_shown_shortened(bad: object) -> None:
    answer = process_audio_job(bad)
    assert answer["status"] == "failed"
    assert "must be a UUID" in answer["error"]
    assert len(answer["error"]) < 150
    assert draft_audio_job(bad) == "dropped"


def test_a_message_without_arguments_or_with_too_many_is_answered_and_raises_nothing(bench: InProcessLibrary) -> None:
    assert process_audio_job()["status"] == "failed"
    assert process_audio_job(1, 2, 3, four=4)["status"] == "failed"
    assert (draft_audio_job(), draft_audio_job(1, 2, three=3)) == ("dropped", "dropped")


@pytest.mark.parametrize("write", [str, str.upper, lambda text: UUID(text).hex, lambda text: f"{{{text}}}"])
def test_a_uuid_is_accepted_however_it_is_written(
    bench: InProcessLibrary, tmp_path: Path, write: Callable[[str], str]
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    assert process_audio_job(write(job.id)) == {"status": "completed"}
    assert process_audio_job(job_id=write(job.id)) == {"status": "completed"}


def test_the_answer_for_a_job_that_ended_before_or_is_in_other_hands_is_what_its_row_says(
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
    bench.store.claim(taken.id)
    assert process_audio_job(taken.id) == {"status": "processing"}
    bench.service.remove_jobs([taken.id])
    assert process_audio_job(taken.id) == {"status": "dropped"}


@pytest.mark.parametrize("by_name", [False, True], ids=["as an argument", "by name"])
def test_what_nobody_foresaw_ends_the_claim_however_the_job_was_named(
    bench: InProcessLibrary, tmp_path: Path, reports: list[BaseException], by_name: bool
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    bench.store.claim(job.id)
    error = KeyError("nobody foresaw it")
    given = {"args": (), "kwargs": {"job_id": job.id.upper()}} if by_name else {"args": (job.id,), "kwargs": {}}
    task_failure.send(process_audio_job, task_id="x", exception=error, **given)
    assert bench.service.job(job.id).state is JobState.FAILED
    assert reports == [error]


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(errno.ECONNRESET, "reset"), TimeoutError(), MemoryError(), StorageError("It is full.")],
)
def test_what_passes_and_what_is_no_fault_of_ours_makes_no_crash_report(
    bench: InProcessLibrary, tmp_path: Path, reports: list[BaseException], error: Exception
) -> None:
    job = bench.service.add(write_song(tmp_path / "song.wav", 1.0), SKETCH)
    bench.store.claim(job.id)
    task_failure.send(process_audio_job, task_id="x", exception=error, args=(job.id,), kwargs={})
    assert bench.store.job(job.id).state is not JobState.PROCESSING
    assert reports == []


def test_a_stranger_s_message_that_fails_ends_nobody_s_claim(
    bench: InProcessLibrary, reports: list[BaseException]
) -> None:
    task_failure.send(process_audio_job, task_id="x", exception=TimeoutError(), args=(), kwargs={})
    task_failure.send(process_audio_job, task_id="x", exception=TimeoutError(), args=({"a": 1},), kwargs={})
    assert reports == []
