"""Adding songs that are already in the library."""

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
    """Return a folder with three songs."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for number in range(3):
        write_song(folder / f"Song {number}.wav", seconds=0.1)
    return folder


def sorted_titles(window: MainWindow) -> list[str]:
    proxy = window.library.proxy
    return sorted(proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount()))


def notice_texts(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def press_notice_button(window: MainWindow, name: str) -> None:
    QApplication.processEvents()  # a new notice is shown by the event loop
    buttons = window.notices.findChildren(QPushButton)
    button = next(b for b in buttons if b.accessibleName() == name and b.isVisibleTo(window))
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)


def add_and_wait(window: MainWindow, qtbot: QtBot, *paths: Path) -> None:
    with qtbot.waitSignal(window.library.import_queue.finished):
        window.add_tracks(list(paths))


def test_folder_dropped_three_times_is_added_once(
    window: MainWindow, setting: WindowHarness, folder: Path, qtbot: QtBot
) -> None:
    results: list[object] = []
    window.library.import_queue.finished.connect(results.append)
    for _ in range(3):  # without waiting in between
        window.add_tracks([folder])
    qtbot.waitUntil(lambda: len(results) == 3)
    assert sorted_titles(window) == ["Song 0", "Song 1", "Song 2"]
    assert notice_texts(window) == ["3 songs are already in your library."]
    assert len(setting.queue.jobs) == 3


def test_duplicate_song_can_be_opened_or_added_again(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    add_and_wait(window, qtbot, folder)
    window.top_bar.search_field.setText("Song 2")
    copy = Path(shutil.copyfile(folder / "Song 1.wav", folder / "called otherwise.wav"))
    add_and_wait(window, qtbot, copy)
    assert notice_texts(window) == ["“Song 1” is already in your library."]
    press_notice_button(window, "Open")
    qtbot.waitUntil(lambda: window.player_panel.job is not None and window.player_panel.job.title == "Song 1")
    assert window.top_bar.search_field.text() == ""
    assert len(sorted_titles(window)) == 3
    add_and_wait(window, qtbot, copy)
    press_notice_button(window, "Add again")
    qtbot.waitUntil(lambda: sorted_titles(window) == ["Song 0", "Song 1", "Song 2", "called otherwise"])
    assert notice_texts(window) == []


def test_one_of_two_equal_files_in_a_folder_is_added(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    shutil.copyfile(folder / "Song 1.wav", folder / "Song 1 (copy).wav")
    add_and_wait(window, qtbot, folder)
    assert sorted_titles(window) == ["Song 0", "Song 1 (copy)", "Song 2"]
    assert notice_texts(window) == ["“Song 1 (copy)” is already in your library."]


def test_duplicates_of_removed_songs_can_be_restored(
    window: MainWindow, setting: WindowHarness, folder: Path, qtbot: QtBot
) -> None:
    add_and_wait(window, qtbot, folder)
    jobs = {job.title: job for job in setting.store.jobs()}
    setting.service.remove_jobs([jobs["Song 0"].id, jobs["Song 2"].id])
    qtbot.waitUntil(lambda: sorted_titles(window) == ["Song 1"])
    add_and_wait(window, qtbot, folder)
    assert notice_texts(window) == ["“Song 1” is already in your library.", "2 songs are among the removed songs."]
    press_notice_button(window, "Restore")
    qtbot.waitUntil(lambda: len(sorted_titles(window)) == 3)
    assert {job.id for job in setting.store.jobs()} == {job.id for job in jobs.values()}
