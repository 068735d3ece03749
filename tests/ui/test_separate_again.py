"""A song that is separated again: played and shown as before until its new stems are there."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState, Stage
from desktop.jobs.queue import JobChanged, JobProgress
from desktop.ui.dialogs.error_details import ErrorDetails
from desktop.ui.dialogs.sheet import Sheet
from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.commands import files_of
from desktop.ui.jobs.menu import entries
from desktop.ui.jobs.status import Link, better_model, status_of
from desktop.ui.main_window import MainWindow
from desktop.ui.player.words import Line
from tests.helpers.stems import separated_job, write_stems
from tests.helpers.window import Stage as Setting
from tests.helpers.window import a_job, opened

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def songs(setting: Setting, count: int) -> list[Job]:
    return [setting.store.insert(separated_job(setting.home, f"Song {n}")) for n in range(count)]


def said(window: MainWindow) -> list[str]:
    return [notice.sentence for notice in window.notices.notices]


def press(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def row(window: MainWindow, job: Job) -> str:
    index = window.library.proxy.index_of(job.id)
    return str(index.siblingAtColumn(Column.STATUS).data())


def shown(window: MainWindow) -> list[str]:
    return [line.text() for line in window.panel.findChildren(Line) if line.isVisible()]


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
    window = opened(setting, qtbot)
    window.table.choose(job.id)
    qtbot.waitUntil(lambda: window.player.ready)
    window.player.seek(44100)
    loaded: list[bool] = []
    window.player.loaded_changed.connect(lambda: loaded.append(window.player.ready))
    window.library.commands.retry([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: row(window, job) == "Up next: to be separated again")
    attempt = claim(setting, job)
    tell(setting, attempt, 0.34)
    qtbot.waitUntil(lambda: row(window, job) == "Separating again 34 %")
    assert window.player.position == 44100
    assert "Separating again 34 %." in shown(window)
    assert "HT Demucs" in shown(window), "the model of what is played"
    current = window.library.jobs.job(job.id)
    assert current is not None
    assert files_of(current) == setting.home.job(job.id).run(1)
    assert "Show files" in [line.words for line in entries([current], []) if line]
    assert setting.queue.drafts == []
    assert loaded == []
    stems = write_stems(setting.home.job(job.id).run(2))
    assert setting.store.complete(attempt, stems, (), seconds=2.0)
    with qtbot.waitSignal(window.player.loaded_changed):
        tell(setting, attempt)
    assert window.player.position == 44100
    assert loaded == [True]
    assert window.panel.job is not None
    assert window.panel.job.stems == stems


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_attempt_that_made_no_stems_is_told_in_a_notice_in_the_row_and_beside_the_stems(
    setting: Setting, qtbot: QtBot, cancelled: bool
) -> None:
    (job,) = songs(setting, 1)
    window = opened(setting, qtbot)
    window.table.choose(job.id)
    window.library.commands.retry([job], "htdemucs_6s")
    qtbot.waitUntil(lambda: setting.store.job(job.id).state is JobState.PENDING)
    attempt = claim(setting, job)
    qtbot.waitUntil(lambda: row(window, job).startswith("Loading"))
    if cancelled:
        window.library.commands.cancel([attempt])
        qtbot.waitUntil(lambda: setting.store.job(job.id).cancel_requested)
        setting.store.stopped(attempt, 1.0)
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
    window.table.link_clicked.emit(setting.store.job(job.id), Link.DETAILS)
    details = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ErrorDetails))
    assert details.windowTitle() == "Song 0 was not separated again"
    details.close()
    menu = [line for line in entries([setting.store.job(job.id)], []) if line]
    assert ("Why it was not separated again…", JobAction.DETAILS) in [(line.words, line.action) for line in menu]


def test_many_attempts_are_told_in_one_notice_with_a_list(setting: Setting, qtbot: QtBot) -> None:
    jobs = songs(setting, 3)
    window = opened(setting, qtbot)
    window.library.commands.retry(jobs, "htdemucs_6s")
    qtbot.waitUntil(lambda: all(row(window, job).endswith("again") or "again:" in row(window, job) for job in jobs))
    for job in jobs:
        attempt = claim(setting, job)
        setting.store.fail(attempt, f"{job.title} is broken.", 1.0)
        tell(setting, attempt)
    qtbot.waitUntil(lambda: said(window) == ["3 songs were not separated again. Their earlier stems are kept."])
    press(window, "Details")
    sheet = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Sheet) and w.isVisible())
    assert all(f"{job.title} is broken." in sheet.text.toPlainText() for job in jobs)
    sheet.close()
    assert said(window) == []


def test_a_notice_goes_when_its_song_is_separated_again(setting: Setting, qtbot: QtBot) -> None:
    (job,) = songs(setting, 1)
    window = opened(setting, qtbot)
    window.library.commands.retry([job])
    qtbot.waitUntil(lambda: row(window, job) == "Up next: to be separated again")
    window.library.commands.cancel([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: len(said(window)) == 1)
    window.library.commands.retry([setting.store.job(job.id)])
    qtbot.waitUntil(lambda: said(window) == [])


def test_without_a_way_to_the_model_nothing_is_touched_and_one_sentence_says_so(setting: Setting, qtbot: QtBot) -> None:
    jobs = songs(setting, 3)
    window = opened(setting, qtbot)
    setting.model_trouble = "HT Demucs is not downloaded, and there is no internet connection."
    window.library.commands.retry(jobs, "htdemucs")
    qtbot.waitUntil(lambda: said(window) == [setting.model_trouble])
    assert [job.state for job in setting.store.jobs()] == [JobState.COMPLETED] * 3
    setting.model_trouble = ""
    press(window, "Try again")
    qtbot.waitUntil(lambda: [job.state for job in setting.store.jobs()] == [JobState.PENDING] * 3)
    assert said(window) == []


def test_a_draft_that_was_not_separated_again_still_offers_it() -> None:
    draft = a_job("x", JobState.COMPLETED, model_used="sketch")
    tried = replace(draft, last_attempt=Attempt(JobState.FAILED, "No."))
    assert status_of(tried, 0, better_model(tried, "htdemucs")).link is Link.SEPARATE_BETTER
