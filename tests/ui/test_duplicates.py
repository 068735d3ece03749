"""Songs that are added once more."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from tests.helpers.library import write_song
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three songs."""
    made = tmp_path / "songs"
    made.mkdir()
    for number in range(3):
        write_song(made / f"Song {number}.wav", seconds=0.1)
    return made


def titles(window: MainWindow) -> list[str]:
    proxy = window.library.proxy
    return sorted(proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount()))


def said(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def add(window: MainWindow, qtbot: QtBot, *paths: Path) -> None:
    with qtbot.waitSignal(window.library.import_queue.finished):
        window.add_tracks(list(paths))


def test_a_folder_that_is_dropped_three_times_makes_one_set(
    window: MainWindow, setting: WindowHarness, folder: Path, qtbot: QtBot
) -> None:
    ends: list[object] = []
    window.library.import_queue.finished.connect(ends.append)
    for _ in range(3):  # quickly one after the other
        window.add_tracks([folder])
    qtbot.waitUntil(lambda: len(ends) == 3)
    assert titles(window) == ["Song 0", "Song 1", "Song 2"]
    assert said(window) == ["3 songs are already in your library."]
    assert len(setting.queue.jobs) == 3


def test_a_song_that_is_there_is_opened_or_added_again_as_the_user_likes(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    add(window, qtbot, folder)
    window.top_bar.search_field.setText("Song 2")
    again = Path(shutil.copyfile(folder / "Song 1.wav", folder / "called otherwise.wav"))
    add(window, qtbot, again)
    assert said(window) == ["“Song 1” is already in your library."]
    press(window, "Open")
    qtbot.waitUntil(lambda: window.player_panel.job is not None and window.player_panel.job.title == "Song 1")
    assert window.top_bar.search_field.text() == ""
    assert len(titles(window)) == 3
    add(window, qtbot, again)
    press(window, "Add again")
    qtbot.waitUntil(lambda: titles(window) == ["Song 0", "Song 1", "Song 2", "called otherwise"])
    assert said(window) == []


def test_of_two_equal_files_in_one_folder_one_is_added(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    shutil.copyfile(folder / "Song 1.wav", folder / "Song 1 (copy).wav")
    add(window, qtbot, folder)
    assert titles(window) == ["Song 0", "Song 1 (copy)", "Song 2"]
    assert said(window) == ["“Song 1 (copy)” is already in your library."]


def test_songs_of_the_bin_can_be_restored_in_place_of_being_added(
    window: MainWindow, setting: WindowHarness, folder: Path, qtbot: QtBot
) -> None:
    add(window, qtbot, folder)
    jobs = {job.title: job for job in setting.store.jobs()}
    setting.service.remove_jobs([jobs["Song 0"].id, jobs["Song 2"].id])
    qtbot.waitUntil(lambda: titles(window) == ["Song 1"])
    add(window, qtbot, folder)
    assert said(window) == ["“Song 1” is already in your library.", "2 songs are among the removed songs."]
    press(window, "Restore")
    qtbot.waitUntil(lambda: len(titles(window)) == 3)
    assert {job.id for job in setting.store.jobs()} == {job.id for job in jobs.values()}
