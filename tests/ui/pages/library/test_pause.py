"""Pausing songs by row button, menu and shortcut, and the texts of paused and retrying songs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobProgress, JobState
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.core.job_actions import layout_row_buttons
from desktop.ui.core.job_text import format_job_status
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.delegates import content_rect
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.status import make_status
from tests.helpers.jobs import make_job
from tests.helpers.rows import update_rows
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL = Qt.KeyboardModifier.ControlModifier
_Role = Qt.ItemDataRole


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    for n in range(3):
        setting.store.insert(make_job(f"song {n}", ago=timedelta(seconds=8 - n)))
    return setting


def paused_numbers(setting: WindowHarness) -> str:
    return "".join(job.title[-1] for job in setting.service.jobs() if job.paused)


def status_text(window: MainWindow, row: int) -> str:
    return str(window.library.proxy.index(row, Column.STATUS).data())


def click_row_button(window: MainWindow, qtbot: QtBot, row: int, action: ActionId) -> None:
    """Click a button of a row where it is painted."""
    index = window.library.proxy.index(row, Column.ACTIONS)
    job = window.library.proxy.job_at(index)
    assert job is not None
    area = content_rect(window.job_view.visualRect(index), Column.ACTIONS)
    (button,) = (button for button in layout_row_buttons(job, area) if button.action is action)
    point = button.rect.center().toPoint()
    assert window.job_view.visualRect(index).contains(point)
    qtbot.mouseMove(window.job_view.viewport(), point)
    qtbot.mouseClick(window.job_view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_song_is_paused_and_resumed_by_the_buttons_of_its_row(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    click_row_button(window, qtbot, 1, ActionId.PAUSE)
    qtbot.waitUntil(lambda: status_text(window, 1) == "Paused")
    assert paused_numbers(setting) == "1"
    assert [status_text(window, row) for row in (0, 2)] == ["Up next", "Queued: 1 ahead"]
    assert [job.title for job in setting.store.due_jobs()] == ["song 0", "song 2"]
    click_row_button(window, qtbot, 1, ActionId.RESUME)
    qtbot.waitUntil(lambda: status_text(window, 1) == "Queued: 1 ahead")
    assert [job.title for job in setting.queue.jobs] == ["song 0", "song 1", "song 2"]


def test_shortcut_pauses_and_resumes_the_selected_songs(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    window.job_view.select_job(setting.service.pending_jobs()[0].id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: paused_numbers(setting) == "0")
    qtbot.waitUntil(lambda: status_text(window, 0) == "Paused")
    window.job_view.selectAll()
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)  # one of them is paused already
    qtbot.waitUntil(lambda: paused_numbers(setting) == "012")
    qtbot.waitUntil(lambda: status_text(window, 2) == "Paused")
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: paused_numbers(setting) == "")


def test_shortcut_pauses_the_whole_queue(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(setting.service.is_queue_paused)
    qtbot.waitUntil(lambda: window.top_bar.pause_button.accessibleName() == "Resume the queue")


def test_pausing_an_ended_song_shows_a_notice(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.service.pending_jobs()[0]
    setting.service.cancel(job.id)
    qtbot.waitUntil(lambda: status_text(window, 2).startswith("Cancelled"))
    window.job_view.select_job(job.id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: ["can be paused" in notice.text for notice in window.notices.notices] == [True])


def test_running_song_keeps_its_progress_while_it_is_paused(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    claimed = setting.store.ownership.claim(setting.service.pending_jobs()[0].id)
    assert claimed is not None
    setting.store.ownership.heartbeat(claimed, Stage.SEPARATING, 0.64, 10.0, 5.0)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status_text(window, 0) == "Separating 64 %")
    click_row_button(window, qtbot, 0, ActionId.PAUSE)
    qtbot.waitUntil(lambda: status_text(window, 0) == "Pausing")
    setting.store.ownership.record_stop(claimed, 10.0)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status_text(window, 0) == "Paused at 64 %")
    spoken = window.library.proxy.index(0, Column.STATUS).data(_Role.AccessibleTextRole)
    assert spoken == "Status Paused at 64 %"


def test_progress_of_the_run_before_a_pause_does_not_mark_the_song_as_running() -> None:
    model = JobTableModel()
    job = make_job(token=2, progress=0.64, paused=True)
    model.upsert_jobs([job])
    model.apply_progress(JobProgress(job.id, 2, Stage.SEPARATING, 0.7, 5.0, None))
    assert model.find_job(job.id) == job
    model.apply_progress(JobProgress(job.id, 3, Stage.SEPARATING, 0.7, 5.0, None))
    updated = model.find_job(job.id)
    assert updated is not None
    assert updated.state is JobState.PROCESSING


def seconds_from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("job", "text", "progress"),
    [
        (make_job(paused=True), "Paused", None),
        (make_job(paused=True, progress=0.64), "Paused at 64 %", 0.64),
        (make_job(progress=0.64), "Queued at 64 %: 2 ahead", 0.64),
        (make_job(state=JobState.PROCESSING, paused=True, progress=0.64), "Pausing", 0.64),
        (make_job(not_before=seconds_from_now(-1), error=verbatim("It was busy.")), "Queued: 2 ahead", None),
        (make_job(not_before=seconds_from_now(1000), error=verbatim("It was busy."), paused=True), "Paused", None),
    ],
)
def test_waiting_song_shows_its_reason_and_its_progress(job: Job, text: str, progress: float | None) -> None:
    status = make_status(job, 2, "")
    assert (status.full_text, status.progress) == (text, progress)


def test_song_with_a_scheduled_retry_shows_delay_and_reason() -> None:
    status = make_status(make_job(not_before=seconds_from_now(39.5), error=verbatim("It was busy.")), 2, "")
    assert (status.full_text, status.progress) == ("Trying again in 40 s: It was busy.", None)


def test_player_shows_the_same_status() -> None:
    assert format_job_status(make_job(paused=True, progress=0.64)) == "Paused at 64 %"
    assert format_job_status(make_job(not_before=seconds_from_now(39.5))) == "Trying again in 40 s"
    assert format_job_status(make_job()) == "Queued"


def test_retry_delay_counts_down_and_then_the_song_is_queued_again(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    claimed = setting.store.ownership.claim(setting.service.pending_jobs()[2].id)
    assert claimed is not None
    setting.store.ownership.schedule_retry(claimed, verbatim("The library is busy."), 2.5)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status_text(window, 2) == "Trying again in 3 s: The library is busy.")
    texts: list[str] = []
    window.library.table_model.dataChanged.connect(lambda *_: texts.append(status_text(window, 2)))
    qtbot.waitUntil(lambda: "Trying again in 1 s: The library is busy." in texts)
    qtbot.waitUntil(lambda: texts[-1] == "Queued: 2 ahead")


def test_menu_offers_pause_and_resume() -> None:
    def item_texts(*jobs: Job) -> list[str]:
        return [
            item.text for item in build_menu_items(jobs, []) if item is not None and item.text in ("Pause", "Resume")
        ]

    waiting, running = make_job(), make_job(state=JobState.PROCESSING)
    paused_job, cancelled = replace(waiting, paused=True), make_job(state=JobState.CANCELLED)
    assert [item_texts(waiting), item_texts(running), item_texts(paused_job), item_texts(cancelled)] == [
        ["Pause"],
        ["Pause"],
        ["Resume"],
        [],
    ]
    assert item_texts(paused_job, running) == ["Pause", "Resume"]


def test_paused_songs_count_neither_in_the_batch_nor_in_its_time() -> None:
    running = make_job("0", JobState.PROCESSING, position=0, seconds=100.0, progress=0.5, elapsed=60.0, left=60.0)
    waiting, paused_job = (make_job(f"{n}", position=n, seconds=100.0) for n in (1, 2))
    paused_job = replace(paused_job, paused=True)
    model = JobTableModel()
    activity = ActivityTracker(model, model)
    model.upsert_jobs([running, waiting, paused_job])
    batch = activity.batch
    assert batch is not None
    assert (batch.current_number, batch.total, batch.seconds_left) == (1, 2, pytest.approx(180.0))
    assert model.queue.pending_ids == [waiting.id, paused_job.id]
    model.upsert_jobs([replace(paused_job, paused=False, progress=0.5)])
    assert model.queue.seconds_left(paused_job.id) == pytest.approx(240.0)


def test_paused_songs_are_not_active_jobs() -> None:
    model = JobTableModel()
    model.upsert_jobs([make_job(paused=True)])
    assert model.queue.active_count == 0


@pytest.mark.parametrize("width", [1024, 1440])
def test_row_buttons_fit_in_their_cell(setting: WindowHarness, qtbot: QtBot, width: int) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    window.resize(QSize(width, 900))
    window.show()
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 3)
    index = window.library.proxy.index(0, Column.ACTIONS)
    cell = window.job_view.visualRect(index)
    job = window.library.proxy.job_at(index)
    assert job is not None
    rects = [button.rect for button in layout_row_buttons(job, content_rect(cell, Column.ACTIONS))]
    assert len(rects) == 3
    assert all(cell.contains(rect.toAlignedRect()) for rect in rects)


def test_song_paused_in_a_terminal_is_shown_as_paused_in_the_window(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    update_rows(setting.home, "paused = 1")
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: [status_text(window, row) for row in range(3)] == ["Paused"] * 3)
    qtbot.mouseMove(window.job_view.viewport(), QPoint(1, 1))
    assert window.top_bar.pause_button.isHidden()
