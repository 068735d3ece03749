"""A running song stops within two seconds when it, or the queue, is paused, or the song is removed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from desktop.jobs.model import Job, JobOptions, JobState
from tests.helpers.library import RunningLibrary, running_library, wait_until, write_song
from tests.helpers.resume import FinishedSegments

pytestmark = pytest.mark.alone

# Two seconds, plus a margin for a busy machine.
LIMIT_S = 3.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    with running_library(tmp_path_factory.mktemp("library")) as library:
        yield library


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_song(tmp_path_factory.mktemp("music") / "song.wav", 300.0)


@pytest.fixture
def job(library: RunningLibrary, song: Path) -> Iterator[Job]:
    """Yield a job of which several segments are finished and most are not; cancel it at the end."""
    job = library.service.add(song, JobOptions(model="sketch"))
    segments = FinishedSegments(library.home, job)
    wait_until(lambda: segments.count() >= 3, interval_s=0.02)
    yield job
    if job.id in {other.id for other in library.service.jobs()}:
        library.service.cancel(job.id)
    library.service.resume_queue()


def seconds_until(condition: Callable[[], bool], since: float) -> float:
    wait_until(condition, timeout_s=10, interval_s=0.02)
    return monotonic() - since


@pytest.mark.parametrize("whole_queue", [False, True], ids=["job paused", "queue paused"])
def test_paused_job_stops_within_two_seconds(library: RunningLibrary, job: Job, whole_queue: bool) -> None:
    paused_at = monotonic()
    library.service.pause_queue() if whole_queue else library.service.pause_jobs([job.id])
    assert seconds_until(lambda: library.service.job(job.id).state is JobState.PENDING, paused_at) < LIMIT_S


def test_removed_running_job_stops_within_two_seconds(library: RunningLibrary, job: Job) -> None:
    removed_at = monotonic()
    library.service.remove_jobs([job.id])
    assert seconds_until(lambda: library.service.bin.jobs()[0].job.state is JobState.PENDING, removed_at) < LIMIT_S
