"""Clearing the finished songs, and calling them back."""


import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.menu import entries
from desktop.ui.main_window import MainWindow
from tests.helpers.window import Stage, a_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CLEAR = (Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)


@pytest.fixture
def setting(setting: Stage) -> Stage:
    for state in JobState:
        setting.store.insert(a_job(state.value, state))
    return setting


def _titles(window: MainWindow) -> set[str]:
    proxy = window.library.proxy
    return {proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount())}


def _press(window: MainWindow, name: str) -> None:
    button = next(b for b in window.notices.findChildren(QPushButton) if b.accessibleName() == name)
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_finished_songs_go_by_a_key_and_come_back_by_undo(window: MainWindow, setting: Stage, qtbot: QtBot) -> None:
    qtbot.keyClick(window, *CLEAR)
    assert _titles(window) == {"pending", "processing"}
    assert "Cleared 3 finished songs" in window.notices.notices[0].sentence
    assert len(setting.store.jobs()) == len(JobState)
    _press(window, "Undo")
    assert len(_titles(window)) == len(JobState)
    assert len(setting.store.jobs()) == len(JobState)


def test_when_nobody_calls_them_back_they_are_gone(window: MainWindow, setting: Stage, qtbot: QtBot) -> None:
    qtbot.keyClick(window, *CLEAR)
    _press(window, "Dismiss")
    qtbot.waitUntil(lambda: len(setting.store.jobs()) == 2)
    qtbot.waitUntil(lambda: window.library.jobs.rowCount() == 2)
    assert _titles(window) == {"pending", "processing"}


def test_quitting_makes_it_final(window: MainWindow, setting: Stage) -> None:
    window.clear_finished()
    window.close()
    assert len(setting.store.jobs()) == 2


def test_clearing_twice_says_that_there_is_nothing_to_clear(window: MainWindow, qtbot: QtBot) -> None:
    window.clear_finished()
    window.clear_finished()
    assert "no finished songs" in window.notices.notices[-1].sentence


def test_the_menu_offers_it_with_its_key_while_there_is_something_to_clear() -> None:
    offered = entries([], [], finished=3)
    assert [line.words for line in offered if line] == ["Clear 3 finished songs"]
    assert offered[0] is not None
    assert offered[0].action is JobAction.CLEAR
    assert entries([], [], finished=0) == []
    assert entries([a_job()], [], finished=1)[-2] is None
