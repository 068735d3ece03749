"""Removing songs in the window, and restoring them."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.errors import StorageError
from desktop.jobs.bin import Bin
from desktop.jobs.model import Job, JobState, RemovedJob
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.bin import BinDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.menu import build_menu_items
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise)")
REMOVE_FINISHED_KEYS = (Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
REMOVED_FINISHED_TEXT = "Removed 3 finished songs and their stems. The original song files are untouched."
UNDO_KEYS = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


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


def find_job(setting: WindowHarness, title: str) -> Job:
    return next(job for job in setting.store.jobs() if job.title == title)


def notice_texts(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press_notice_button(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def remove_and_wait(window: MainWindow, qtbot: QtBot, *jobs: Job) -> None:
    """Remove jobs and wait until they are in the bin."""
    before = len(window.notices.notices)
    window.library.removals.remove(jobs)
    qtbot.waitUntil(
        lambda: len(window.notices.notices) >= max(before, 1) and notice_texts(window)[-1].startswith("Removed")
    )


def test_removed_song_leaves_the_table_at_once_and_its_stems_stay_in_the_bin(
    setting: WindowHarness, qtbot: QtBot
) -> None:
    done = setting.store.insert(write_library_job(setting.home))
    window = open_window(setting, qtbot)
    window.job_view.select_job(done.id)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Delete)
    assert "Night Drive" not in titles(window)
    qtbot.waitUntil(
        lambda: notice_texts(window) == ["Removed “Night Drive” and its stems. The original song file is untouched."]
    )
    assert window.library.table_model.find_job(done.id) is None
    assert [job.id for job in setting.store.jobs_in_bin()] == [done.id]
    assert all(stem.path.exists() for stem in done.stems)
    press_notice_button(window, "Dismiss")
    window.close()
    assert all(stem.path.exists() for stem in done.stems)


def test_undo_restores_songs_to_their_places_and_selects_them(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    before, rows = setting.store.jobs(), titles(window)
    remove_and_wait(window, qtbot, find_job(setting, "failed"), find_job(setting, "pending"))
    press_notice_button(window, "Undo")
    qtbot.waitUntil(lambda: titles(window) == rows)
    assert setting.store.jobs() == before
    assert notice_texts(window) == ["Restored 2 songs."]
    assert window.player_panel.job is not None
    assert window.player_panel.job.title == "pending"


def test_undo_shortcut_restores_removals_one_by_one_also_after_a_restart(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    remove_and_wait(window, qtbot, find_job(setting, "pending"))
    qtbot.keyClick(window, *REMOVE_FINISHED_KEYS)
    qtbot.waitUntil(lambda: notice_texts(window)[-1:] == [REMOVED_FINISHED_TEXT])
    assert titles(window) == ["processing"]
    window.close()
    second_window = open_window(setting, qtbot)
    qtbot.keyClick(second_window, *UNDO_KEYS)
    qtbot.waitUntil(lambda: len(titles(second_window)) == 4)
    assert notice_texts(second_window) == ["Restored 3 songs."]
    qtbot.keyClick(second_window, *UNDO_KEYS)
    qtbot.waitUntil(lambda: len(titles(second_window)) == 5)
    assert notice_texts(second_window) == ["Restored “pending”."]
    qtbot.keyClick(second_window, *UNDO_KEYS)
    qtbot.waitUntil(lambda: notice_texts(second_window) == ["There is no removed song to restore."])


def test_undo_does_not_change_the_song_that_plays(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = setting.store.insert(write_library_job(setting.home))
    window = open_window(setting, qtbot)
    window.job_view.select_job(done.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    remove_and_wait(window, qtbot, find_job(setting, "failed"))
    monkeypatch.setattr(type(window.player.tracks), "has_user_input", property(lambda _: True))
    window.registry.run(ActionId.UNDO_REMOVAL)
    qtbot.waitUntil(lambda: "failed" in titles(window))
    assert window.player_panel.job is not None
    assert window.player_panel.job.id == done.id


def test_menu_and_notice_mention_stems_only_where_there_are_any(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    done = write_library_job(setting.home)
    menu_texts = [item.text for item in build_menu_items([done], [], finished_count=67) if item]
    assert {"Remove with its stems", "Remove 67 finished songs and their stems", "Removed songs…"} <= set(menu_texts)
    assert "Remove 2 songs and their stems" in [item.text for item in build_menu_items([done, done], []) if item]
    assert "Remove" in [item.text for item in build_menu_items([make_job()], []) if item]
    assert [item.action for item in build_menu_items([], [], finished_count=1) if item] == [
        ActionId.REMOVE_FINISHED,
        ActionId.SHOW_BIN,
    ]
    assert [item.action for item in build_menu_items([], [], finished_count=0) if item] == [ActionId.SHOW_BIN]
    remove_and_wait(window, qtbot, find_job(setting, "failed"))
    assert notice_texts(window) == ["Removed “failed”. The original song file is untouched."]


def test_removing_finished_songs_without_any_shows_a_notice(window: MainWindow, qtbot: QtBot) -> None:
    window.registry.run(ActionId.REMOVE_FINISHED)
    qtbot.waitUntil(lambda: notice_texts(window) == [REMOVED_FINISHED_TEXT])
    window.registry.run(ActionId.REMOVE_FINISHED)
    assert notice_texts(window)[-1] == "There are no finished songs to remove."


def test_songs_that_cannot_be_removed_stay_in_the_table(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> list[Job]:
        raise StorageError(verbatim("The library cannot be written."))

    monkeypatch.setattr(Bin, "add", fail)
    window.library.removals.remove([find_job(setting, "failed")])
    assert "failed" not in titles(window)
    qtbot.waitUntil(lambda: notice_texts(window) == ["The library cannot be written."])
    assert "failed" in titles(window)


def test_notice_and_settings_open_the_list_of_removed_songs(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    remove_and_wait(window, qtbot, find_job(setting, "failed"))
    press_notice_button(window, "Removed songs…")
    dialog = window.findChild(BinDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1)
    dialog.close()
    window.dialogs.open_settings()
    buttons = window.findChildren(QPushButton, options=Qt.FindChildOption.FindChildrenRecursively)
    next(button for button in buttons if button.accessibleName() == "Removed songs…").click()
    assert dialog.isVisible()
    dialog.close()


def test_song_removed_and_restored_elsewhere_leaves_and_returns(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    job = find_job(setting, "failed")
    setting.service.remove_jobs([job.id])
    qtbot.waitUntil(lambda: "failed" not in titles(window))
    setting.service.bin.restore()
    qtbot.waitUntil(lambda: "failed" in titles(window))


def test_restored_song_returns_to_the_place_of_its_date(setting: WindowHarness, qtbot: QtBot) -> None:
    for job in setting.store.jobs():
        setting.store.move_to_bin([job.id])
    ages = [timedelta(days=days) for days in (3, 2, 1)]
    oldest, middle, _ = (
        setting.store.insert(replace(make_job(f"{age.days}", JobState.FAILED), added=make_job().added - age))
        for age in ages
    )
    assert oldest.title == "3"
    setting.store.move_to_bin([middle.id])
    window = open_window(setting, qtbot)
    assert titles(window) == ["1", "3"]
    window.registry.run(ActionId.UNDO_REMOVAL)
    qtbot.waitUntil(lambda: titles(window) == ["1", "2", "3"])


def test_late_result_of_an_earlier_load_is_not_shown(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = setting.store.insert(make_job("Song", JobState.FAILED))
    window = open_window(setting, qtbot)
    read, late, calls = setting.service.bin.jobs, threading.Event(), list[int]()

    def read_late_at_first() -> list[RemovedJob]:
        entries = read()
        calls.append(len(entries))
        if len(calls) == 1:
            assert late.wait(60)
        return entries

    monkeypatch.setattr(setting.service.bin, "jobs", read_late_at_first)
    shown: list[int] = []
    window.library.removals.bin_loaded.connect(lambda entries: shown.append(len(entries)))
    window.library.removals.load()
    qtbot.waitUntil(lambda: calls == [0])
    setting.service.remove_jobs([job.id])
    window.library.removals.load()
    qtbot.waitUntil(lambda: shown == [1])
    late.set()
    qtbot.waitUntil(lambda: not any(thread.name == "detached" for thread in threading.enumerate()))
    QApplication.processEvents()
    assert shown == [1]
