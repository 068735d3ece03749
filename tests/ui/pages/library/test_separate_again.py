"""Separate again: the earlier stems are played and shown until the new stems are complete."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobProgress, JobState
from desktop.jobs.queue import JobChanged
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.base import TextDialog
from desktop.ui.dialogs.failure_details import FailureDetailsDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_commands import stems_folder
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.status import StatusLink, choose_model_to_separate_again, make_status
from desktop.ui.widgets.label import ElidedLabel
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job, write_stems
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def add_songs(setting: WindowHarness, count: int) -> list[Job]:
    return [setting.store.insert(write_library_job(setting.home, f"Song {n}")) for n in range(count)]


def notice_texts(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press_notice_button(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def status_text(window: MainWindow, job: Job) -> str:
    index = window.library.proxy.index_of(job.id)
    return str(index.siblingAtColumn(Column.STATUS).data())


def player_texts(window: MainWindow) -> list[str]:
    return [label.text() for label in window.player_panel.findChildren(ElidedLabel) if label.isVisible()]


def deliver_event(setting: WindowHarness, job: Job, progress: float = 0.0) -> None:
    """Deliver the event that a worker sends after it has written to the store."""
    if progress:
        setting.feed.deliver(JobProgress(job.id, job.token, Stage.SEPARATING, progress, 3.0, 9.0))
    else:
        setting.feed.deliver(JobChanged(job.id))


def claim(setting: WindowHarness, job: Job) -> Job:
    claimed = setting.store.ownership.claim(job.id)
    assert claimed is not None
    deliver_event(setting, claimed)
    return claimed


def test_earlier_stems_play_until_new_stems_take_over_at_the_same_position(
    setting: WindowHarness, qtbot: QtBot
) -> None:
    (job,) = add_songs(setting, 1)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.player.seek(44100)
    loaded: list[bool] = []
    window.player.loaded_changed.connect(lambda: loaded.append(window.player.is_ready))
    window.library.commands.separate_again([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: status_text(window, job) == "Up next: to be separated again")
    attempt = claim(setting, job)
    deliver_event(setting, attempt, 0.34)
    qtbot.waitUntil(lambda: status_text(window, job) == "Separating again 34 %")
    assert window.player.position == 44100
    assert "Separating again 34 %." in player_texts(window)
    assert "HT Demucs" in player_texts(window), "the model of the stems that are played"
    current = window.library.table_model.find_job(job.id)
    assert current is not None
    assert stems_folder(current) == setting.home.job_folder(job.id).result_folder(1)
    assert "Show files" in [item.text for item in build_menu_items([current], []) if item]
    assert setting.queue.drafts == []
    assert loaded == []
    stems = write_stems(setting.home.job_folder(job.id).result_folder(2))
    assert setting.store.ownership.complete(attempt, stems, (), seconds=2.0)
    with qtbot.waitSignal(window.player.loaded_changed):
        deliver_event(setting, attempt)
    assert window.player.position == 44100
    assert loaded == [True]
    assert window.player_panel.job is not None
    assert window.player_panel.job.stems == stems


@pytest.mark.parametrize("cancelled", [False, True])
def test_attempt_without_stems_is_reported_in_a_notice_the_row_and_the_player(
    setting: WindowHarness, qtbot: QtBot, cancelled: bool
) -> None:
    (job,) = add_songs(setting, 1)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    window.library.commands.separate_again([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: setting.store.job(job.id).state is JobState.PENDING)
    attempt = claim(setting, job)
    qtbot.waitUntil(lambda: status_text(window, job).startswith("Loading"))
    if cancelled:
        window.library.commands.cancel([attempt])
        qtbot.waitUntil(lambda: setting.store.job(job.id).cancel_requested)
        setting.store.ownership.record_stop(attempt, 1.0)
        message = "Separating {} again was cancelled. Its earlier stems are kept."
    else:
        setting.store.ownership.fail(attempt, verbatim("The disk is full."), 1.0)
        message = "{} could not be separated again. The disk is full. Its earlier stems are kept."
    deliver_event(setting, attempt)
    qtbot.waitUntil(lambda: notice_texts(window) == [message.format("“Song 0”")])
    assert status_text(window, job) == "4 stems: not separated again, Why?"
    tooltip = window.library.proxy.index_of(job.id).siblingAtColumn(Column.STATUS).data(Qt.ItemDataRole.ToolTipRole)
    assert message.format("this song" if cancelled else "This song") in tooltip
    assert message.format("this song" if cancelled else "This song") in player_texts(window)
    window.job_view.link_clicked.emit(setting.store.job(job.id), StatusLink.SHOW_ERROR)
    details = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, FailureDetailsDialog))
    assert details.windowTitle() == "Song 0 was not separated again"
    details.close()
    items = [item for item in build_menu_items([setting.store.job(job.id)], []) if item]
    assert ("Why it was not separated again…", ActionId.SHOW_ERROR) in [(item.text, item.action) for item in items]


def test_many_failed_attempts_are_reported_in_one_notice_with_a_list(setting: WindowHarness, qtbot: QtBot) -> None:
    jobs = add_songs(setting, 3)
    window = open_window(setting, qtbot)
    window.library.commands.separate_again(jobs, "htdemucs_6s")
    qtbot.waitUntil(
        lambda: all(status_text(window, job).endswith("again") or "again:" in status_text(window, job) for job in jobs)
    )
    for job in jobs:
        attempt = claim(setting, job)
        setting.store.ownership.fail(attempt, verbatim(f"{job.title} is broken."), 1.0)
        deliver_event(setting, attempt)
    qtbot.waitUntil(lambda: notice_texts(window) == ["3 songs were not separated again. Their earlier stems are kept."])
    press_notice_button(window, "Details")
    dialog = next(
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TextDialog) and widget.isVisible()
    )
    assert all(f"{job.title} is broken." in dialog.text_view.toPlainText() for job in jobs)
    dialog.close()
    assert notice_texts(window) == []


def test_notice_closes_when_its_song_is_separated_again(setting: WindowHarness, qtbot: QtBot) -> None:
    (job,) = add_songs(setting, 1)
    window = open_window(setting, qtbot)
    window.library.commands.separate_again([job])
    qtbot.waitUntil(lambda: status_text(window, job) == "Up next: to be separated again")
    window.library.commands.cancel([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: len(notice_texts(window)) == 1)
    window.library.commands.separate_again([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: notice_texts(window) == [])


def test_unavailable_model_changes_no_job_and_shows_one_notice(setting: WindowHarness, qtbot: QtBot) -> None:
    jobs = add_songs(setting, 3)
    window = open_window(setting, qtbot)
    setting.model_error = "HT Demucs is not downloaded, and there is no internet connection."
    window.library.commands.separate_again(jobs, "htdemucs")
    qtbot.waitUntil(lambda: notice_texts(window) == [setting.model_error])
    assert [job.state for job in setting.store.jobs()] == [JobState.COMPLETED] * 3
    setting.model_error = ""
    press_notice_button(window, "Try again")
    qtbot.waitUntil(lambda: [job.state for job in setting.store.jobs()] == [JobState.PENDING] * 3)
    assert notice_texts(window) == []


def test_draft_whose_last_attempt_failed_still_offers_separate_again() -> None:
    draft = make_job("x", JobState.COMPLETED, model_used="sketch")
    attempted = replace(draft, last_attempt=Attempt(JobState.FAILED, verbatim("No.")))
    assert (
        make_status(attempted, 0, choose_model_to_separate_again(attempted, "htdemucs")).link
        is StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY
    )
