"""A song that is separated again: played and shown as before until its new stems are there."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState, Stage
from desktop.jobs.queue import JobChanged, JobProgress
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_actions import JobAction
from desktop.ui.dialogs.base import TextDialog
from desktop.ui.dialogs.failure_details import FailureDetailsDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_commands import stems_folder
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.status import StatusLink, choose_retry_model, make_status
from desktop.ui.widgets.label import ElidedLabel
from tests.helpers.stems import write_library_job, write_stems
from tests.helpers.window import WindowHarness as Setting
from tests.helpers.window import make_job, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def songs(setting: Setting, count: int) -> list[Job]:
    return [setting.store.insert(write_library_job(setting.home, f"Song {n}")) for n in range(count)]


def said(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def row(window: MainWindow, job: Job) -> str:
    index = window.library.proxy.index_of(job.id)
    return str(index.siblingAtColumn(Column.STATUS).data())


def shown(window: MainWindow) -> list[str]:
    return [line.text() for line in window.player_panel.findChildren(ElidedLabel) if line.isVisible()]


def tell(setting: Setting, job: Job, progress: float = 0.0) -> None:
    """As a worker tells what it has written."""
    if progress:
        setting.feed.deliver(JobProgress(job.id, job.token, Stage.SEPARATING, progress, 3.0, 9.0))
    else:
        setting.feed.deliver(JobChanged(job.id))


def claim(setting: Setting, job: Job) -> Job:
    claimed = setting.store.claim(job.id)
    assert claimed is not None
    tell(setting, claimed)
    return claimed


def test_the_earlier_stems_are_played_until_the_new_ones_take_over_at_the_same_place(
    setting: Setting, qtbot: QtBot
) -> None:
    (job,) = songs(setting, 1)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.player.seek(44100)
    loaded: list[bool] = []
    window.player.loaded_changed.connect(lambda: loaded.append(window.player.is_ready))
    window.library.commands.retry([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: row(window, job) == "Up next: to be separated again")
    attempt = claim(setting, job)
    tell(setting, attempt, 0.34)
    qtbot.waitUntil(lambda: row(window, job) == "Separating again 34 %")
    assert window.player.position == 44100
    assert "Separating again 34 %." in shown(window)
    assert "HT Demucs" in shown(window), "the model of what is played"
    current = window.library.table_model.find_job(job.id)
    assert current is not None
    assert stems_folder(current) == setting.home.job_folder(job.id).result_folder(1)
    assert "Show files" in [line.text for line in build_menu_items([current], []) if line]
    assert setting.queue.drafts == []
    assert loaded == []
    stems = write_stems(setting.home.job_folder(job.id).result_folder(2))
    assert setting.store.complete(attempt, stems, (), seconds=2.0)
    with qtbot.waitSignal(window.player.loaded_changed):
        tell(setting, attempt)
    assert window.player.position == 44100
    assert loaded == [True]
    assert window.player_panel.job is not None
    assert window.player_panel.job.stems == stems


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_attempt_that_made_no_stems_is_told_in_a_notice_in_the_row_and_beside_the_stems(
    setting: Setting, qtbot: QtBot, cancelled: bool
) -> None:
    (job,) = songs(setting, 1)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    window.library.commands.retry([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: setting.store.job(job.id).state is JobState.PENDING)
    attempt = claim(setting, job)
    qtbot.waitUntil(lambda: row(window, job).startswith("Loading"))
    if cancelled:
        window.library.commands.cancel([attempt])
        qtbot.waitUntil(lambda: setting.store.job(job.id).cancel_requested)
        setting.store.record_stop(attempt, 1.0)
        told = "Separating {} again was cancelled. Its earlier stems are kept."
    else:
        setting.store.fail(attempt, "The disk is full.", 1.0)
        told = "{} could not be separated again. The disk is full. Its earlier stems are kept."
    tell(setting, attempt)
    qtbot.waitUntil(lambda: said(window) == [told.format("“Song 0”")])
    assert row(window, job) == "4 stems: not separated again, Why?"
    tip = window.library.proxy.index_of(job.id).siblingAtColumn(Column.STATUS).data(Qt.ItemDataRole.ToolTipRole)
    assert told.format("this song" if cancelled else "This song") in tip
    assert told.format("this song" if cancelled else "This song") in shown(window)
    window.job_view.link_clicked.emit(setting.store.job(job.id), StatusLink.SHOW_ERROR)
    details = next(w for w in QApplication.topLevelWidgets() if isinstance(w, FailureDetailsDialog))
    assert details.windowTitle() == "Song 0 was not separated again"
    details.close()
    menu = [line for line in build_menu_items([setting.store.job(job.id)], []) if line]
    assert ("Why it was not separated again…", JobAction.SHOW_ERROR) in [(line.text, line.action) for line in menu]


def test_many_attempts_are_told_in_one_notice_with_a_list(setting: Setting, qtbot: QtBot) -> None:
    jobs = songs(setting, 3)
    window = open_window(setting, qtbot)
    window.library.commands.retry(jobs, "htdemucs_6s")
    qtbot.waitUntil(lambda: all(row(window, job).endswith("again") or "again:" in row(window, job) for job in jobs))
    for job in jobs:
        attempt = claim(setting, job)
        setting.store.fail(attempt, f"{job.title} is broken.", 1.0)
        tell(setting, attempt)
    qtbot.waitUntil(lambda: said(window) == ["3 songs were not separated again. Their earlier stems are kept."])
    press(window, "Details")
    sheet = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TextDialog) and w.isVisible())
    assert all(f"{job.title} is broken." in sheet.text_view.toPlainText() for job in jobs)
    sheet.close()
    assert said(window) == []


def test_a_notice_goes_when_its_song_is_separated_again(setting: Setting, qtbot: QtBot) -> None:
    (job,) = songs(setting, 1)
    window = open_window(setting, qtbot)
    window.library.commands.retry([job])
    qtbot.waitUntil(lambda: row(window, job) == "Up next: to be separated again")
    window.library.commands.cancel([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: len(said(window)) == 1)
    window.library.commands.retry([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: said(window) == [])


def test_without_a_way_to_the_model_nothing_is_touched_and_one_sentence_says_so(setting: Setting, qtbot: QtBot) -> None:
    jobs = songs(setting, 3)
    window = open_window(setting, qtbot)
    setting.model_error = "HT Demucs is not downloaded, and there is no internet connection."
    window.library.commands.retry(jobs, "htdemucs")
    qtbot.waitUntil(lambda: said(window) == [setting.model_error])
    assert [job.state for job in setting.store.jobs()] == [JobState.COMPLETED] * 3
    setting.model_error = ""
    press(window, "Try again")
    qtbot.waitUntil(lambda: [job.state for job in setting.store.jobs()] == [JobState.PENDING] * 3)
    assert said(window) == []


def test_a_draft_that_was_not_separated_again_still_offers_it() -> None:
    draft = make_job("x", JobState.COMPLETED, model_used="sketch")
    tried = replace(draft, last_attempt=Attempt(JobState.FAILED, "No."))
    assert make_status(tried, 0, choose_retry_model(tried, "htdemucs")).link is StatusLink.SEPARATE_BETTER
