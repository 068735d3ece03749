"""Failed jobs: transient failures are retried, permanent ones fail at once with their reason."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from desktop.errors import StorageError
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.store import JobStore
from desktop.pipeline.engines.engine import Samples
from desktop.runtime.disk_errors import disk_error_reason
from desktop.tasks.outcomes import MAX_RETRIES
from desktop.text.message import verbatim
from tests.helpers.bench import InProcessLibrary, SingleEngineCache
from tests.helpers.engines import IdentityEngine
from tests.helpers.library import write_song
from tests.helpers.rows import update_rows


@dataclass(frozen=True)
class FailingEngine(IdentityEngine):
    """Raises these errors, one per run, and then separates normally."""

    errors: list[Exception] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        if self.errors:
            raise self.errors.pop(0)
        return super().stems(segments)


class Trial:
    """One job, and an engine that fails."""

    def __init__(self, root: Path, *errors: Exception) -> None:
        self.bench = InProcessLibrary(root / "library")
        self.engines = SingleEngineCache(self.bench.home, FailingEngine(errors=list(errors)))
        self.runner = replace(self.bench.runner, engines=self.engines)
        self.out = root / "stems"
        options = JobOptions(model="sketch", out=self.out)
        self.job = self.bench.service.add(write_song(root / "song.wav", seconds=2), options)
        self.attempts = 0

    def run(self) -> Job:
        """Run the job once, as the task does, and return it."""
        self.attempts += 1
        try:
            self.runner.run(self.job.id)
        except (MemoryError, RuntimeError, LookupError) as error:
            self.runner.handle_unexpected_error(self.job.id, error)
        return self.current_job

    def run_until_ended(self) -> Job:
        while not self.current_job.state.has_ended:
            self.run()
        return self.current_job

    @property
    def current_job(self) -> Job:
        return self.bench.service.job(self.job.id)


def timeouts(count: int) -> list[Exception]:
    return [TimeoutError(errno.ETIMEDOUT, "Connection timed out") for _ in range(count)]


def test_transient_failure_is_retried_until_the_job_completes(tmp_path: Path) -> None:
    trial = Trial(tmp_path, *timeouts(MAX_RETRIES))
    done = trial.run_until_ended()
    assert (done.state, done.error, done.retries, trial.attempts) == (JobState.COMPLETED, None, 3, 4)


def test_lasting_timeout_fails_after_three_retries_and_reports_the_number_of_attempts(tmp_path: Path) -> None:
    trial = Trial(tmp_path, *timeouts(10))
    failed = trial.run_until_ended()
    assert (failed.state, trial.attempts) == (JobState.FAILED, 1 + MAX_RETRIES)
    assert "it does not answer" in str(failed.error)
    assert str(failed.error).endswith("Check the disk, then try again. Unbraid tried 4 times.")


def test_job_waiting_for_a_retry_keeps_its_reason_and_its_finished_segments(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    folder = trial.bench.home.job_folder(trial.job.id)
    trial.engines._single_engine = SecondSegmentFails()
    trial.runner = replace(trial.runner, retry_delay=lambda retry: 40.0 + retry)
    waiting = trial.run()
    assert waiting.state is JobState.PENDING
    # Without "then try again": Unbraid retries by itself.
    assert str(waiting.error) == "The stems of song.wav could not be written: the disk reports an error."
    assert folder.count_finished_segments() == 1
    assert not list(folder.root.glob("run-*"))
    assert trial.run() == waiting  # its retry delay has not passed
    assert JobStore(trial.bench.home).due_jobs() == []
    update_rows(trial.bench.home, "not_before = 0")
    assert trial.run().state is JobState.COMPLETED


@dataclass(frozen=True)
class SecondSegmentFails(IdentityEngine):
    """Raises EIO once, at its second call."""

    calls: list[int] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        self.calls.append(len(segments))
        if len(self.calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().stems(segments)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOENT, errno.EACCES])
def test_permanent_failure_fails_at_the_first_attempt_with_its_reason(tmp_path: Path, number: int) -> None:
    trial = Trial(tmp_path, OSError(number, os.strerror(number)))
    failed = trial.run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)
    assert str(disk_error_reason(OSError(number, ""))) in str(failed.error)
    assert "song.wav" in str(failed.error)
    assert not trial.bench.home.job_folder(trial.job.id).segments.exists()


def test_missing_track_fails_at_the_first_attempt(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    shutil.rmtree(trial.bench.home.job_folder(trial.job.id).source)
    failed = trial.run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)


def test_unexpected_error_fails_at_the_first_attempt(tmp_path: Path) -> None:
    failed = Trial(tmp_path, KeyError("stems")).run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)
    assert "An internal error" in str(failed.error)


def test_transient_error_raised_outside_the_run_is_retried(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.bench.store.ownership.claim(trial.job.id)
    trial.runner.handle_unexpected_error(
        trial.job.id, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    )
    waiting = trial.current_job
    assert (waiting.state, waiting.retries) == (JobState.PENDING, 1)
    assert "did not answer" in str(waiting.error)


def test_busy_library_at_completion_is_retried_and_exports_the_stems_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path)
    complete = trial.bench.store.ownership.complete

    def busy(*_: object, **__: object) -> bool:
        monkeypatch.setattr(trial.bench.store.ownership, "complete", complete)
        raise StorageError(verbatim("The library is busy.")) from TimeoutError()

    monkeypatch.setattr(trial.bench.store.ownership, "complete", busy)
    assert trial.run().state is JobState.PENDING
    assert not list(trial.out.iterdir())
    assert trial.run().state is JobState.COMPLETED
    assert [folder.name for folder in trial.out.iterdir()] == ["song"]


def test_run_that_lost_its_claim_leaves_nothing_in_the_output_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path)
    monkeypatch.setattr(trial.bench.store.ownership, "complete", lambda *_, **__: False)
    assert trial.run().state is JobState.PROCESSING
    assert not list(trial.out.iterdir())


TORCH_OUT_OF_MEMORY = RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")


@pytest.mark.parametrize("error", [MemoryError(), TORCH_OUT_OF_MEMORY, OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_job_that_ran_out_of_memory_is_retried_once_with_low_memory(tmp_path: Path, error: Exception) -> None:
    trial = Trial(tmp_path, error)
    waiting = trial.run()
    assert (waiting.state, waiting.low_memory, waiting.retries) == (JobState.PENDING, True, 0)
    assert trial.run().state is JobState.COMPLETED
    assert trial.engines.low_memory_calls == [False, True]


@pytest.mark.parametrize("error", [MemoryError(), TORCH_OUT_OF_MEMORY, OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_job_that_runs_out_of_memory_twice_fails_with_advice(tmp_path: Path, error: Exception) -> None:
    trial = Trial(tmp_path, error, error)
    failed = trial.run_until_ended()
    assert (failed.state, trial.attempts) == (JobState.FAILED, 2)
    assert "not enough memory" in str(failed.error)
    assert "Close other programs" in str(failed.error)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", folder]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_during_separation_fails_the_job_at_the_first_attempt(small_disk: Path) -> None:
    trial = Trial(small_disk)
    filler = small_disk / "somebody else's"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))

    trial.bench.call_when_separating(trial.job, fill)
    failed = trial.run()
    filler.unlink()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)
    assert "the disk is full" in str(failed.error)
    assert not list(trial.bench.home.job_folder(trial.job.id).root.glob("run-*"))
