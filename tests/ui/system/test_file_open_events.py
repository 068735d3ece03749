"""Files that the system asks the running app to open, for example from the macOS Finder."""

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


def test_files_opened_in_the_finder_are_added_together_like_dropped_files(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    integration = DesktopIntegration(window)
    window.showMinimized()
    added: list[list[Path]] = []
    add_tracks = window.add_tracks
    window.add_tracks = lambda paths: (added.append(list(paths)), add_tracks(paths))[1]  # type: ignore[method-assign]
    songs = [write_song(tmp_path / f"{name}.wav") for name in ("öne", "two")]
    for song in songs:
        QCoreApplication.sendEvent(QApplication.instance(), QFileOpenEvent(str(song)))
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 2)
    assert added == [songs]
    assert not window.isMinimized()
    assert sorted(job.source for job in setting.service.jobs()) == sorted(songs)
    integration.close()


def test_open_event_without_a_local_file_is_not_handled(setting: WindowHarness, qtbot: QtBot) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    integration = DesktopIntegration(window)
    event = QFileOpenEvent("")
    assert not integration.file_open_events.eventFilter(window, event)
    integration.close()
