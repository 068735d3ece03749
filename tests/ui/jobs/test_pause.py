"""Pausing songs in the window: by the row, its menu and a key; and what is said of songs that stand still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stage
from desktop.jobs.queue import JobProgress
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_actions import JobAction, layout_row_buttons
from desktop.ui.core.job_text import format_job_status, format_retry_delay
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.delegates import content_rect
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.queue_estimate import BatchCounter, estimate_seconds_left
from desktop.ui.pages.library.status import make_status
from tests.helpers.rows import update_rows
from tests.helpers.window import WindowHarness as Setting
from tests.helpers.window import make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL = Qt.KeyboardModifier.ControlModifier
_Role = Qt.ItemDataRole


@pytest.fixture
def setting(setting: Setting) -> Setting:
    for n in range(3):
        setting.store.insert(make_job(f"song {n}", ago=timedelta(seconds=8 - n)))
    return setting


def paused(setting: Setting) -> str:
    return "".join(job.title[-1] for job in setting.service.jobs() if job.paused)


def status(window: MainWindow, row: int) -> str:
    return str(window.library.proxy.index(row, Column.STATUS).data())


def click(window: MainWindow, qtbot: QtBot, row: int, action: JobAction) -> None:
    """A click on a button of a row, as the pointer finds it."""
    index = window.library.proxy.index(row, Column.ACTIONS)
    job = window.library.proxy.job_at(index)
    assert job is not None
    room = content_rect(window.job_view.visualRect(index), Column.ACTIONS)
    (button,) = (button for button in layout_row_buttons(job, room) if button.action is action)
    place = button.rect.center().toPoint()
    assert window.job_view.visualRect(index).contains(place)
    qtbot.mouseMove(window.job_view.viewport(), place)
    qtbot.mouseClick(window.job_view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_song_is_paused_and_resumed_by_the_buttons_of_its_row(
    window: MainWindow, setting: Setting, qtbot: QtBot
) -> None:
    click(window, qtbot, 1, JobAction.PAUSE)
    qtbot.waitUntil(lambda: status(window, 1) == "Paused")
    assert paused(setting) == "1"
    assert [status(window, row) for row in (0, 2)] == ["Up next", "Queued: 1 ahead"]
    assert [job.title for job in setting.store.due_jobs()] == ["song 0", "song 2"]
    click(window, qtbot, 1, JobAction.RESUME)
    qtbot.waitUntil(lambda: status(window, 1) == "Queued: 1 ahead")
    assert [job.title for job in setting.queue.jobs] == ["song 0", "song 1", "song 2"]


def test_a_key_pauses_the_chosen_songs_and_lets_them_go_on(window: MainWindow, setting: Setting, qtbot: QtBot) -> None:
    window.job_view.select_job(setting.service.pending_jobs()[0].id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: paused(setting) == "0")
    qtbot.waitUntil(lambda: status(window, 0) == "Paused")
    window.job_view.selectAll()
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)  # one of them is paused already
    qtbot.waitUntil(lambda: paused(setting) == "012")
    qtbot.waitUntil(lambda: status(window, 2) == "Paused")
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: paused(setting) == "")


def test_a_key_pauses_the_whole_queue(window: MainWindow, setting: Setting, qtbot: QtBot) -> None:
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(setting.service.is_queue_paused)
    qtbot.waitUntil(lambda: window.top_bar.pause_button.accessibleName() == "Resume the queue")


def test_what_has_ended_cannot_be_paused_and_that_is_said(window: MainWindow, setting: Setting, qtbot: QtBot) -> None:
    job = setting.service.pending_jobs()[0]
    setting.service.cancel(job.id)
    qtbot.waitUntil(lambda: status(window, 2).startswith("Cancelled"))
    window.job_view.select_job(job.id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: ["can be paused" in notice.text for notice in window.notices.notices] == [True])


def test_a_running_song_keeps_its_bar_while_it_is_paused(window: MainWindow, setting: Setting, qtbot: QtBot) -> None:
    claimed = setting.store.claim(setting.service.pending_jobs()[0].id)
    assert claimed is not None
    setting.store.heartbeat(claimed, Stage.SEPARATING, 0.64, 10.0, 5.0)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status(window, 0) == "Separating 64 %")
    click(window, qtbot, 0, JobAction.PAUSE)
    qtbot.waitUntil(lambda: status(window, 0) == "Pausing")
    setting.store.record_stop(claimed, 10.0)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status(window, 0) == "Paused at 64 %")
    spoken = window.library.proxy.index(0, Column.STATUS).data(_Role.AccessibleTextRole)
    assert spoken == "Status Paused at 64 %"


def test_news_that_its_owner_sent_before_it_stopped_does_not_make_a_song_run_again() -> None:
    model = JobTableModel()
    job = make_job(token=2, progress=0.64, paused=True)
    model.upsert_jobs([job])
    model.apply_progress(JobProgress(job.id, 2, Stage.SEPARATING, 0.7, 5.0, None))
    assert model.find_job(job.id) == job
    model.apply_progress(JobProgress(job.id, 3, Stage.SEPARATING, 0.7, 5.0, None))
    told = model.find_job(job.id)
    assert told is not None
    assert told.state is JobState.PROCESSING


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("job", "sentence", "progress"),
    [
        (make_job(paused=True), "Paused", None),
        (make_job(paused=True, progress=0.64), "Paused at 64 %", 0.64),
        (make_job(progress=0.64), "Queued at 64 %: 2 ahead", 0.64),
        (make_job(state=JobState.PROCESSING, paused=True, progress=0.64), "Pausing", 0.64),
        (make_job(not_before=soon(-1), error="It was busy."), "Queued: 2 ahead", None),
        (make_job(not_before=soon(1000), error="It was busy.", paused=True), "Paused", None),
    ],
)
def test_a_song_that_stands_still_says_why_and_how_far_it_is(job: Job, sentence: str, progress: float | None) -> None:
    told = make_status(job, 2, "")
    assert (told.full_text, told.progress) == (sentence, progress)


def test_a_song_that_is_tried_again_says_when_and_why() -> None:
    told = make_status(make_job(not_before=soon(39.5), error="It was busy."), 2, "")
    assert (told.full_text, told.progress) == ("Trying again in 40 s: It was busy.", None)


def test_the_player_says_the_same_of_it() -> None:
    assert format_job_status(make_job(paused=True, progress=0.64)) == "Paused at 64 %"
    assert format_job_status(make_job(not_before=soon(39.5))) == "Trying again in 40 s"
    assert format_job_status(make_job()) == "Queued"


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (40.0, "40 s"), (90.5, "2 min"), (600.0, "10 min")])
def test_rests_are_rounded_up(seconds: float, words: str) -> None:
    assert format_retry_delay(seconds) == words


def test_a_song_that_waits_for_its_next_try_counts_down_and_then_is_in_line_again(
    window: MainWindow, setting: Setting, qtbot: QtBot
) -> None:
    claimed = setting.store.claim(setting.service.pending_jobs()[2].id)
    assert claimed is not None
    setting.store.schedule_retry(claimed, "The library is busy.", 2.5)
    setting.feed.job_changed.emit(claimed.id)
    qtbot.waitUntil(lambda: status(window, 2) == "Trying again in 3 s: The library is busy.")
    told: list[str] = []
    window.library.table_model.dataChanged.connect(lambda *_: told.append(status(window, 2)))
    qtbot.waitUntil(lambda: "Trying again in 1 s: The library is busy." in told)
    qtbot.waitUntil(lambda: told[-1] == "Queued: 2 ahead")


def test_the_menu_offers_to_pause_and_to_resume() -> None:
    def words(*jobs: Job) -> list[str]:
        return [
            line.text for line in build_menu_items(jobs, []) if line is not None and line.text in ("Pause", "Resume")
        ]

    waiting, running = make_job(), make_job(state=JobState.PROCESSING)
    held, done = replace(waiting, paused=True), make_job(state=JobState.CANCELLED)
    assert [words(waiting), words(running), words(held), words(done)] == [["Pause"], ["Pause"], ["Resume"], []]
    assert words(held, running) == ["Pause", "Resume"]


def test_paused_songs_are_no_part_of_the_batch_and_no_part_of_its_time() -> None:
    running = make_job("0", JobState.PROCESSING, position=0, seconds=100.0, progress=0.5, elapsed=60.0, left=60.0)
    waiting, held = (make_job(f"{n}", position=n, seconds=100.0) for n in (1, 2))
    held = replace(held, paused=True)
    model = JobTableModel()
    model.upsert_jobs([running, waiting, held])
    batch = BatchCounter().count(model.jobs, model.active_jobs, model.seconds_left)
    assert batch is not None
    assert (batch.current_number, batch.total, batch.seconds_left) == (1, 2, pytest.approx(180.0))
    assert model.pending_ids == [waiting.id, held.id]
    model.upsert_jobs([replace(held, paused=False, progress=0.5)])
    assert estimate_seconds_left(model.active_jobs)[held.id] == pytest.approx(240.0)


def test_with_nothing_but_paused_songs_there_is_nothing_to_wait_for() -> None:
    model = JobTableModel()
    model.upsert_jobs([make_job(paused=True)])
    assert model.active_jobs == []


@pytest.mark.parametrize("width", [1024, 1440])
def test_the_buttons_of_a_row_have_room(setting: Setting, qtbot: QtBot, width: int) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    window.resize(QSize(width, 900))
    window.show()
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 3)
    index = window.library.proxy.index(0, Column.ACTIONS)
    cell = window.job_view.visualRect(index)
    job = window.library.proxy.job_at(index)
    assert job is not None
    places = [button.rect for button in layout_row_buttons(job, content_rect(cell, Column.ACTIONS))]
    assert len(places) == 3
    assert all(cell.contains(place.toAlignedRect()) for place in places)


def test_every_window_hears_that_a_song_was_paused_in_a_terminal(
    window: MainWindow, setting: Setting, qtbot: QtBot
) -> None:
    update_rows(setting.home, "paused = 1")
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: [status(window, row) for row in range(3)] == ["Paused"] * 3)
    qtbot.mouseMove(window.job_view.viewport(), QPoint(1, 1))
    assert window.top_bar.pause_button.isHidden()
