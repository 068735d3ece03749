"""Files that the system asks the running app to open, as the Finder of macOS does."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.ui.app.desktop_integration import DesktopIntegration
from tests.helpers.library import write_song
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged")


def test_files_that_are_opened_in_the_finder_come_in_as_if_dropped_all_at_once(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    companion = DesktopIntegration(window, setting.feed)
    window.showMinimized()
    given: list[list[Path]] = []
    take = window.add_tracks
    window.add_tracks = lambda paths: (given.append(list(paths)), take(paths))[1]  # type: ignore[method-assign]
    songs = [write_song(tmp_path / f"{name}.wav") for name in ("öne", "two")]
    for song in songs:
        QCoreApplication.sendEvent(QApplication.instance(), QFileOpenEvent(str(song)))
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 2)
    assert given == [songs]
    assert not window.isMinimized()
    assert sorted(job.source for job in setting.service.jobs()) == sorted(songs)
    companion.close()


def test_an_address_in_the_web_is_left_to_others(setting: WindowHarness, qtbot: QtBot) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    companion = DesktopIntegration(window, setting.feed)
    event = QFileOpenEvent("")
    assert not companion.file_open_events.eventFilter(window, event)
    companion.close()
