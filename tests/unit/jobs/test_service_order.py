"""Changes of the order of the pending jobs."""

from pathlib import Path

import pytest

from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import JobState
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness, window_harness


@pytest.fixture
def harness(tmp_path: Path) -> "WindowHarness":
    with window_harness(tmp_path / "home") as created:
        return created


def _add_pending_jobs(harness: WindowHarness, count: int = 5) -> list[str]:
    return [harness.store.insert(make_job(str(n))).id for n in range(count)]


def _queue_order(harness: WindowHarness) -> str:
    return "".join(job.title for job in harness.service.pending_jobs())


@pytest.mark.parametrize(
    ("job", "before", "order"),
    [(4, 0, "40123"), (0, 3, "12034"), (0, None, "12340"), (2, None, "01342"), (2, 3, "01234"), (2, 2, "01234"),
     (3, 1, "03124"), (4, None, "01234")],
)  # fmt: skip
def test_pending_job_moves_before_another_one_or_to_the_end(
    harness: WindowHarness, job: int, before: int | None, order: str
) -> None:
    ids = _add_pending_jobs(harness)
    harness.service.move(ids[job], None if before is None else ids[before])
    assert _queue_order(harness) == order
    assert [job.title for job in harness.queue.jobs] == ([] if order == "01234" else list(order))


def test_jobs_that_are_not_pending_keep_their_positions(harness: WindowHarness) -> None:
    done = harness.store.insert(make_job("done", JobState.COMPLETED))
    ids = _add_pending_jobs(harness, 2)
    cancelled = harness.store.insert(make_job("cancelled", JobState.CANCELLED))
    last = harness.store.insert(make_job("2")).id
    changed = harness.service.move(last, ids[0])
    assert _queue_order(harness) == "201"
    assert {job.title for job in changed} == {"0", "1", "2"}
    assert harness.service.job(done.id).position == done.position
    assert harness.service.job(cancelled.id).position == cancelled.position


def test_only_pending_jobs_can_be_moved_and_only_before_pending_jobs(harness: WindowHarness) -> None:
    ids = _add_pending_jobs(harness, 2)
    harness.store.ownership.claim(ids[0])
    for job, before in ((ids[0], ids[1]), (ids[1], ids[0])):
        with pytest.raises(JobStateError, match="Only queued songs"):
            harness.service.move(job, before)
    with pytest.raises(UnknownJobError):
        harness.service.move(ids[1], "nonesuch")


def test_move_in_a_paused_queue_is_published_only_when_the_queue_resumes(harness: WindowHarness) -> None:
    ids = _add_pending_jobs(harness, 3)
    harness.service.pause_queue()
    harness.service.move(ids[2], ids[0])
    assert harness.queue.jobs == []
    harness.service.resume_queue()
    assert [job.title for job in harness.queue.jobs] == ["2", "0", "1"]


def test_move_signals_each_job_whose_position_changed(harness: WindowHarness) -> None:
    ids = _add_pending_jobs(harness, 4)
    changed_ids: list[str] = []
    harness.feed.job_changed.connect(changed_ids.append)
    harness.service.move(ids[2], ids[1])
    assert sorted(changed_ids) == sorted(ids[1:3])
