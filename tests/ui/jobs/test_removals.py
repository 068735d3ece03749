"""Songs that are removed in the window, and how they come back."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.errors import StorageError
from desktop.jobs.bin import Bin
from desktop.jobs.model import Job, JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_actions import JobAction
from desktop.ui.dialogs.bin import BinDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.menu import build_menu_items
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, make_job, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise)")
CLEAR = (Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
CLEARED = "Removed 3 finished songs and their stems. The original song files are untouched."
UNDO = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    for state in JobState:
        completed = state is JobState.COMPLETED
        setting.store.insert(
            write_library_job(setting.home, state.value) if completed else make_job(state.value, state)
        )
    return setting


def titles(window: MainWindow) -> list[str]:
    proxy = window.library.proxy
    return [proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount())]


def named(setting: WindowHarness, title: str) -> Job:
    return next(job for job in setting.store.jobs() if job.title == title)


def said(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def remove(window: MainWindow, qtbot: QtBot, *jobs: Job) -> None:
    """Remove them, and wait until they are in the bin."""
    before = len(window.notices.notices)
    window.library.removals.remove(jobs)
    qtbot.waitUntil(lambda: len(window.notices.notices) >= max(before, 1) and said(window)[-1].startswith("Removed"))


def test_a_removed_song_leaves_the_table_at_once_and_its_stems_stay_in_the_bin(
    setting: WindowHarness, qtbot: QtBot
) -> None:
    done = setting.store.insert(write_library_job(setting.home))
    window = open_window(setting, qtbot)
    window.job_view.select_job(done.id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Delete)
    assert "Night Drive" not in titles(window)
    qtbot.waitUntil(
        lambda: said(window) == ["Removed “Night Drive” and its stems. The original song file is untouched."]
    )
    assert window.library.table_model.find_row(done.id) is None
    assert [job.id for job in setting.store.jobs_in_bin()] == [done.id]
    assert all(stem.path.exists() for stem in done.stems)
    press(window, "Dismiss")
    window.close()
    assert all(stem.path.exists() for stem in done.stems)


def test_undo_brings_songs_back_to_their_places_and_chooses_them(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    before, rows = setting.store.jobs(), titles(window)
    remove(window, qtbot, named(setting, "failed"), named(setting, "pending"))
    press(window, "Undo")
    qtbot.waitUntil(lambda: titles(window) == rows)
    assert setting.store.jobs() == before
    assert said(window) == ["Restored 2 songs."]
    assert window.player_panel.job is not None
    assert window.player_panel.job.title == "pending"


def test_removals_are_undone_by_a_key_one_after_the_other_also_after_a_restart(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    remove(window, qtbot, named(setting, "pending"))
    qtbot.keyClick(window, *CLEAR)
    qtbot.waitUntil(lambda: said(window)[-1:] == [CLEARED])
    assert titles(window) == ["processing"]
    window.close()
    again = open_window(setting, qtbot)
    qtbot.keyClick(again, *UNDO)
    qtbot.waitUntil(lambda: len(titles(again)) == 4)
    assert said(again) == ["Restored 3 songs."]
    qtbot.keyClick(again, *UNDO)
    qtbot.waitUntil(lambda: len(titles(again)) == 5)
    assert said(again) == ["Restored “pending”."]
    qtbot.keyClick(again, *UNDO)
    qtbot.waitUntil(lambda: said(again) == ["There is no removed song to restore."])


def test_undo_does_not_take_the_player_away_from_a_song_that_plays(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = setting.store.insert(write_library_job(setting.home))
    window = open_window(setting, qtbot)
    window.job_view.select_job(done.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    remove(window, qtbot, named(setting, "failed"))
    monkeypatch.setattr(type(window.player), "is_playing", property(lambda _: True))
    window.undo_removal()
    qtbot.waitUntil(lambda: "failed" in titles(window))
    assert window.player_panel.job is not None
    assert window.player_panel.job.id == done.id


def test_the_words_name_stems_where_there_are_any(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    done = write_library_job(setting.home)
    one = [line.text for line in build_menu_items([done], [], finished_count=67) if line]
    assert {"Remove with its stems", "Remove 67 finished songs and their stems", "Removed songs…"} <= set(one)
    assert "Remove 2 songs and their stems" in [line.text for line in build_menu_items([done, done], []) if line]
    assert "Remove" in [line.text for line in build_menu_items([make_job()], []) if line]
    assert [line.action for line in build_menu_items([], [], finished_count=1) if line] == [
        JobAction.REMOVE_FINISHED,
        JobAction.SHOW_BIN,
    ]
    assert [line.action for line in build_menu_items([], [], finished_count=0) if line] == [JobAction.SHOW_BIN]
    remove(window, qtbot, named(setting, "failed"))
    assert said(window) == ["Removed “failed”. The original song file is untouched."]


def test_when_nothing_has_ended_that_is_said(window: MainWindow, qtbot: QtBot) -> None:
    window.remove_finished()
    qtbot.waitUntil(lambda: said(window) == [CLEARED])
    window.remove_finished()
    assert said(window)[-1] == "There are no finished songs to remove."


def test_songs_that_cannot_be_removed_stay_in_the_table(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> list[Job]:
        raise StorageError("The library cannot be written.")

    monkeypatch.setattr(Bin, "add", fail)
    window.library.removals.remove([named(setting, "failed")])
    assert "failed" not in titles(window)
    qtbot.waitUntil(lambda: said(window) == ["The library cannot be written."])
    assert "failed" in titles(window)


def test_the_notice_and_the_menu_open_the_list_of_removed_songs(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    remove(window, qtbot, named(setting, "failed"))
    press(window, "Removed songs…")
    dialog = window.findChild(BinDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1)
    dialog.close()
    window.open_settings()
    settings = window.findChildren(QPushButton, options=Qt.FindChildOption.FindChildrenRecursively)
    next(button for button in settings if button.accessibleName() == "Removed songs…").click()
    assert dialog.isVisible()
    dialog.close()


def test_a_song_that_was_removed_elsewhere_goes_and_comes_back(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    job = named(setting, "failed")
    setting.service.remove_jobs([job.id])
    qtbot.waitUntil(lambda: "failed" not in titles(window))
    setting.service.bin.restore()
    qtbot.waitUntil(lambda: "failed" in titles(window))


def test_a_song_of_long_ago_comes_back_among_the_songs_of_its_day(setting: WindowHarness, qtbot: QtBot) -> None:
    from datetime import timedelta

    for job in setting.store.jobs():
        setting.store.move_to_bin([job.id])
    ages = [timedelta(days=days) for days in (3, 2, 1)]
    old, older, _ = (
        setting.store.insert(replace(make_job(f"{age.days}", JobState.FAILED), added=make_job().added - age))
        for age in ages
    )
    assert old.title == "3"
    setting.store.move_to_bin([older.id])
    window = open_window(setting, qtbot)
    assert titles(window) == ["1", "3"]
    window.undo_removal()
    qtbot.waitUntil(lambda: titles(window) == ["1", "2", "3"])
