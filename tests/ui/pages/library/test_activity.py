"""Active work of the library: which changes are reported, the batch, and the times left of a long queue."""

import sys
from dataclasses import replace
from types import FrameType

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobProgress, JobState
from desktop.stage import Stage
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_model import JobTableModel
from tests.helpers.jobs import make_job


@pytest.fixture
def model(qtbot: QtBot) -> JobTableModel:
    return JobTableModel()


@pytest.fixture
def activity(model: JobTableModel) -> ActivityTracker:
    return ActivityTracker(model, model)


def _progress(job: Job, progress: float, left: float) -> JobProgress:
    return JobProgress(job.id, 1, Stage.SEPARATING, progress, 10.0, left)


def _add_queue(model: JobTableModel, waiting_count: int) -> tuple[Job, list[Job]]:
    running = make_job("Running", JobState.PROCESSING, position=0, token=1, seconds=100.0)
    waiting = [make_job(f"Song {n}", position=n, seconds=100.0) for n in range(1, waiting_count + 1)]
    model.upsert_jobs([running, *waiting])
    return running, waiting


def test_progress_is_not_reported_as_a_change_of_membership(
    model: JobTableModel, activity: ActivityTracker, qtbot: QtBot
) -> None:
    running, _ = _add_queue(model, 2)
    with qtbot.assertNotEmitted(activity.membership_changed), qtbot.waitSignal(activity.progress_changed):
        model.apply_progress(_progress(running, 0.5, 30.0))


@pytest.mark.parametrize(
    "changes",
    [{"paused": True}, {"position": 9}, {"state": JobState.PROCESSING}, {"state": JobState.CANCELLED}],
)
def test_pause_move_start_and_end_of_a_waiting_song_are_changes_of_membership(
    model: JobTableModel, activity: ActivityTracker, qtbot: QtBot, changes: dict[str, object]
) -> None:
    _, waiting = _add_queue(model, 2)
    with qtbot.waitSignal(activity.membership_changed):
        model.upsert_jobs([replace(waiting[0], **changes)])  # type: ignore[arg-type]


def test_removed_songs_leave_the_batch(model: JobTableModel, activity: ActivityTracker, qtbot: QtBot) -> None:
    running, waiting = _add_queue(model, 2)
    model.upsert_jobs([replace(running, state=JobState.COMPLETED, progress=1.0)])
    assert activity.batch is not None
    assert activity.batch.total == 3
    for job, total in ((running, 2), (waiting[0], 1)):
        with qtbot.waitSignal(activity.membership_changed):
            model.remove_jobs([job.id])
        assert activity.batch is not None
        assert activity.batch.total == total


def test_songs_that_ended_before_the_batch_are_not_part_of_it(model: JobTableModel, activity: ActivityTracker) -> None:
    model.upsert_jobs([make_job(f"Old {n}", JobState.COMPLETED) for n in range(3)])
    assert activity.batch is None
    _add_queue(model, 1)
    assert activity.batch is not None
    assert (activity.batch.current_number, activity.batch.total) == (1, 2)


def test_waiting_songs_are_not_active_while_the_queue_is_paused_or_in_trouble(
    model: JobTableModel, activity: ActivityTracker
) -> None:
    _add_queue(model, 2)
    assert activity.active_count == 3
    activity.set_queue_paused(True)
    assert (activity.active_count, activity.is_active) == (1, True)
    activity.set_queue_paused(False)
    activity.set_trouble("Redis does not answer.")
    assert activity.active_count == 1


def test_progress_shifts_the_times_left_of_all_waiting_songs_in_one_step(model: JobTableModel, qtbot: QtBot) -> None:
    running, waiting = _add_queue(model, 3)
    model.apply_progress(_progress(running, 0.5, 50.0))
    assert [model.queue.seconds_left(job.id) for job in waiting] == pytest.approx([150.0, 250.0, 350.0])
    changed_rows: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, _: changed_rows.append((first.row(), last.row())))
    with qtbot.waitSignal(model.times_left_changed):
        model.apply_progress(_progress(running, 0.6, 40.0))
    assert changed_rows == [(0, 0)]
    assert [model.index(row, Column.TIME_LEFT).data() for row in range(4)] == ["0:40", "2:20", "4:00", "5:40"]


def test_times_left_that_become_known_are_a_change_of_the_waiting_rows(model: JobTableModel, qtbot: QtBot) -> None:
    running, _ = _add_queue(model, 3)
    changed_rows: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, _: changed_rows.append((first.row(), last.row())))
    model.apply_progress(_progress(running, 0.5, 50.0))
    assert changed_rows == [(0, 0), (0, 3)]


def _count_calls_of_progress(waiting_count: int) -> int:
    """Return how many Python functions run while a queue of this length shows a hundred steps of progress."""
    model = JobTableModel()
    activity = ActivityTracker(model, model)
    running, _ = _add_queue(model, waiting_count)
    model.apply_progress(_progress(running, 0.01, 99.0))
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        for number in range(100):
            model.apply_progress(_progress(running, 0.02 + number / 1000, 90.0 - number / 2))
            assert activity.batch is not None
    finally:
        sys.setprofile(None)
    return calls


def test_progress_costs_the_same_in_a_queue_of_five_thousand_songs(qtbot: QtBot) -> None:
    assert _count_calls_of_progress(5000) < 1.1 * _count_calls_of_progress(50)
