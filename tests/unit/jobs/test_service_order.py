"""What the user does to the whole queue: putting what waits in another order."""

from pathlib import Path

import pytest

from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import JobState
from tests.helpers.window import WindowHarness, make_job, window_harness


@pytest.fixture
def setting(tmp_path: Path) -> "WindowHarness":
    with window_harness(tmp_path / "home") as made:
        return made


def _line(setting: WindowHarness, count: int = 5) -> list[str]:
    return [setting.store.insert(make_job(str(n))).id for n in range(count)]


def _order(setting: WindowHarness) -> str:
    return "".join(job.title for job in setting.service.pending_jobs())


@pytest.mark.parametrize(
    ("job", "before", "order"),
    [(4, 0, "40123"), (0, 3, "12034"), (0, None, "12340"), (2, None, "01342"), (2, 3, "01234"), (2, 2, "01234"),
     (3, 1, "03124"), (4, None, "01234")],
)  # fmt: skip
def test_a_waiting_song_goes_before_another_one_or_to_the_end(
    setting: WindowHarness, job: int, before: int | None, order: str
) -> None:
    ids = _line(setting)
    setting.service.move(ids[job], None if before is None else ids[before])
    assert _order(setting) == order
    assert [job.title for job in setting.queue.jobs] == ([] if order == "01234" else list(order))


def test_songs_that_do_not_wait_keep_their_places(setting: WindowHarness) -> None:
    done = setting.store.insert(make_job("done", JobState.COMPLETED))
    ids = _line(setting, 2)
    cancelled = setting.store.insert(make_job("cancelled", JobState.CANCELLED))
    last = setting.store.insert(make_job("2")).id
    changed = setting.service.move(last, ids[0])
    assert _order(setting) == "201"
    assert {job.title for job in changed} == {"0", "1", "2"}
    assert setting.service.job(done.id).position == done.position
    assert setting.service.job(cancelled.id).position == cancelled.position


def test_only_songs_that_wait_are_moved_and_only_before_such(setting: WindowHarness) -> None:
    ids = _line(setting, 2)
    setting.store.claim(ids[0])
    for job, before in ((ids[0], ids[1]), (ids[1], ids[0])):
        with pytest.raises(JobStateError, match="Only queued songs"):
            setting.service.move(job, before)
    with pytest.raises(UnknownJobError):
        setting.service.move(ids[1], "nonesuch")


def test_in_a_held_queue_the_order_is_kept_and_nothing_is_asked_for(setting: WindowHarness) -> None:
    ids = _line(setting, 3)
    setting.service.pause_queue()
    setting.service.move(ids[2], ids[0])
    assert setting.queue.jobs == []
    setting.service.resume_queue()
    assert [job.title for job in setting.queue.jobs] == ["2", "0", "1"]


def test_every_window_hears_of_the_songs_that_changed_places(setting: WindowHarness) -> None:
    ids = _line(setting, 4)
    heard: list[str] = []
    setting.feed.job_changed.connect(heard.append)
    setting.service.move(ids[2], ids[1])
    assert sorted(heard) == sorted(ids[1:3])
