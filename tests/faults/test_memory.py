"""The kernel kills the worker's child process because it exceeds a memory limit."""

from pathlib import Path

import pytest

from desktop.jobs.model import Job, JobOptions, JobState
from tests.helpers.library import RunningLibrary, running_library, wait_until, write_song
from tests.helpers.memory_limit import MemoryLimit, memory_limit
from tests.helpers.resume import TINY_MODEL_NAME, find_owner, import_tiny_model

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
# Too little for torch, so the child is killed while it loads the model.
LIMIT = 32 << 20
DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


def add(library: RunningLibrary, folder: Path) -> Job:
    import_tiny_model(library.home, folder)
    return library.service.add(write_song(folder / "song.wav", 20), JobOptions(model=TINY_MODEL_NAME))


def limit_owner(library: RunningLibrary, job: Job, token: int, limit: MemoryLimit) -> None:
    """Limit the process that claims the job with this token, while it loads the model."""

    def is_claimed() -> bool:
        current = library.service.job(job.id)
        return (current.state, current.token) == (JobState.PROCESSING, token)

    wait_until(is_claimed, interval_s=0.01)
    limit.add_process(find_owner(library.home.root))


def test_job_whose_process_ran_out_of_memory_completes_in_low_memory(tmp_path: Path) -> None:
    with running_library(tmp_path / "library") as library, memory_limit(LIMIT) as limit:
        job = add(library, tmp_path)
        limit_owner(library, job, 1, limit)
        done = library.wait_for(job, *DONE)
    assert (done.state, done.error, done.crashes) == (JobState.COMPLETED, None, 1)
    assert any("not enough memory" in str(notice) for notice in done.notices)


def test_job_too_big_for_low_memory_fails_with_a_reason_and_the_next_one_completes(
    tmp_path: Path,
) -> None:
    with running_library(tmp_path / "library") as library, memory_limit(LIMIT) as limit:
        job = add(library, tmp_path)
        neighbour = library.service.add(write_song(tmp_path / "neighbour.wav"), JobOptions(model="sketch"))
        for token in (1, 2):
            limit_owner(library, job, token, limit)
        failed, done = (library.wait_for(one, *DONE) for one in (job, neighbour))
    assert (failed.state, failed.crashes, failed.token) == (JobState.FAILED, 2, 2)
    assert "not enough memory" in str(failed.error)
    assert done.state is JobState.COMPLETED
