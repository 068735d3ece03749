"""A job that fails is tried again where that may help, and ends at once with its reason where it does not."""

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
from desktop.tasks.failure_policy import MAX_RETRIES
from tests.helpers.bench import InProcessLibrary, SingleEngineCache
from tests.helpers.engines import IdentityEngine
from tests.helpers.library import write_song
from tests.helpers.rows import update_rows


@dataclass(frozen=True)
class FailingEngine(IdentityEngine):
    """Raises these errors, one at each run, and then does its work."""

    errors: list[Exception] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        if self.errors:
            raise self.errors.pop(0)
        return super().stems(segments)


class Trial:
    """One song, and an engine that fails."""

    def __init__(self, root: Path, *errors: Exception) -> None:
        self.bench = InProcessLibrary(root / "library")
        self.room = SingleEngineCache(self.bench.home, FailingEngine(errors=list(errors)))
        self.runner = replace(self.bench.runner, engines=self.room)
        self.out = root / "stems"
        options = JobOptions(model="sketch", out=self.out)
        self.job = self.bench.service.add(write_song(root / "song.wav", seconds=2), options)
        self.tries = 0

    def run(self) -> Job:
        """Try once, as the task does. The job as it is then."""
        self.tries += 1
        try:
            self.runner.run(self.job.id)
        except (MemoryError, RuntimeError, LookupError) as error:
            self.runner.handle_unexpected_error(self.job.id, error)
        return self.now

    def run_to_the_end(self) -> Job:
        while not self.now.state.has_ended:
            self.run()
        return self.now

    @property
    def now(self) -> Job:
        return self.bench.service.job(self.job.id)


def timeouts(count: int) -> list[Exception]:
    return [TimeoutError(errno.ETIMEDOUT, "Connection timed out") for _ in range(count)]


def test_what_may_pass_is_tried_again_and_completes(tmp_path: Path) -> None:
    trial = Trial(tmp_path, *timeouts(MAX_RETRIES))
    done = trial.run_to_the_end()
    assert (done.state, done.error, done.retries, trial.tries) == (JobState.COMPLETED, None, 3, 4)


def test_what_does_not_pass_fails_after_three_retries_and_says_how_often_it_was_tried(tmp_path: Path) -> None:
    trial = Trial(tmp_path, *timeouts(10))
    failed = trial.run_to_the_end()
    assert (failed.state, trial.tries) == (JobState.FAILED, 1 + MAX_RETRIES)
    assert "it does not answer" in (failed.error or "")
    assert (failed.error or "").endswith("Check the disk, then try again. It was tried 4 times.")


def test_between_two_tries_the_job_waits_with_its_reason_and_keeps_its_finished_segments(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    folder = trial.bench.home.job_folder(trial.job.id)
    trial.room._single_engine = SecondSegmentFails()
    trial.runner = replace(trial.runner, retry_delay=lambda retry: 40.0 + retry)
    waiting = trial.run()
    assert waiting.state is JobState.PENDING
    # Not "then try again": Unbraid does.
    assert waiting.error == "The stems of song.wav could not be written: the disk reports an error."
    assert folder.count_finished_segments() == 1
    assert not list(folder.root.glob("run-*"))
    assert trial.run() == waiting  # it is not its time yet
    assert JobStore(trial.bench.home).due_jobs() == []
    update_rows(trial.bench.home, "not_before = 0")
    assert trial.run().state is JobState.COMPLETED


@dataclass(frozen=True)
class SecondSegmentFails(IdentityEngine):
    """Once."""

    calls: list[int] = field(default_factory=list)

    def stems(self, segments: Samples) -> Samples:
        self.calls.append(len(segments))
        if len(self.calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().stems(segments)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOENT, errno.EACCES])
def test_what_lasts_fails_at_the_first_try_with_the_reason(tmp_path: Path, number: int) -> None:
    trial = Trial(tmp_path, OSError(number, os.strerror(number)))
    failed = trial.run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)
    assert disk_error_reason(OSError(number, "")) in (failed.error or "")
    assert "song.wav" in (failed.error or "")
    assert not trial.bench.home.job_folder(trial.job.id).segments.exists()


def test_a_track_that_is_gone_fails_at_the_first_try(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    shutil.rmtree(trial.bench.home.job_folder(trial.job.id).source)
    failed = trial.run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)


def test_what_nobody_foresaw_fails_at_the_first_try(tmp_path: Path) -> None:
    failed = Trial(tmp_path, KeyError("stems")).run()
    assert (failed.state, failed.retries) == (JobState.FAILED, 0)
    assert "in Unbraid itself" in (failed.error or "")


def test_what_may_pass_is_tried_again_also_where_nobody_foresaw_it(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.bench.store.claim(trial.job.id)
    trial.runner.handle_unexpected_error(
        trial.job.id, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    )
    waiting = trial.now
    assert (waiting.state, waiting.retries) == (JobState.PENDING, 1)
    assert "did not answer" in (waiting.error or "")


def test_a_library_that_was_busy_when_the_stems_were_ready_costs_no_song(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path)
    complete = trial.bench.store.complete

    def busy(*_: object, **__: object) -> bool:
        monkeypatch.setattr(trial.bench.store, "complete", complete)
        raise StorageError("The library is busy.") from TimeoutError()

    monkeypatch.setattr(trial.bench.store, "complete", busy)
    assert trial.run().state is JobState.PENDING
    assert not list(trial.out.iterdir())
    assert trial.run().state is JobState.COMPLETED
    assert [folder.name for folder in trial.out.iterdir()] == ["song"]


def test_whoever_lost_its_claim_leaves_nothing_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path)
    monkeypatch.setattr(trial.bench.store, "complete", lambda *_, **__: False)
    assert trial.run().state is JobState.PROCESSING
    assert not list(trial.out.iterdir())


TORCHS = RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")


@pytest.mark.parametrize("error", [MemoryError(), TORCHS, OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_without_enough_memory_a_job_is_tried_once_more_with_less(tmp_path: Path, error: Exception) -> None:
    trial = Trial(tmp_path, error)
    waiting = trial.run()
    assert (waiting.state, waiting.sparing, waiting.retries) == (JobState.PENDING, True, 0)
    assert trial.run().state is JobState.COMPLETED
    assert trial.room.low_memory_calls == [False, True]


@pytest.mark.parametrize("error", [MemoryError(), TORCHS, OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_without_enough_memory_for_less_either_it_fails_and_says_what_to_do(tmp_path: Path, error: Exception) -> None:
    trial = Trial(tmp_path, error, error)
    failed = trial.run_to_the_end()
    assert (failed.state, trial.tries) == (JobState.FAILED, 2)
    assert "not enough memory" in (failed.error or "")
    assert "Close other programs" in (failed.error or "")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", folder]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk of its own can be had here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up_while_a_song_is_separated_fails_it_at_the_first_try(small_disk: Path) -> None:
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
    assert "the disk is full" in (failed.error or "")
    assert not list(trial.bench.home.job_folder(trial.job.id).root.glob("run-*"))
