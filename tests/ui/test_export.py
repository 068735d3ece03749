"""Stems exported from the window, as a user does it: by key, by button, by menu."""

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.settings import load_settings
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_actions import JobAction
from desktop.ui.pages.library.menu import build_menu_items
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, make_job, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support", "systemTrayWindowChanged")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the user chooses in the dialog."""
    made = tmp_path / "For the band"
    made.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(made))
    return made


def _song(setting: WindowHarness, title: str) -> Job:
    """A separated song in the library."""
    return setting.store.insert(write_library_job(setting.home, title, stem_count=2, seconds=0.2))


def _said(window: MainWindow) -> str:
    return " | ".join(notice.text for notice in window.notices.notices)


def _button(window: MainWindow, name: str) -> QPushButton:
    return next(b for b in window.notices.findChildren(QPushButton) if b.accessibleName() == name)


def _held(window: MainWindow, setting: WindowHarness) -> Event:
    """Hold the export before its first song, until the event is set."""
    go_on = Event()

    def service() -> object:
        go_on.wait(30)
        return setting.service

    window.exporter._service = service
    return go_on


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_ctrl_e_exports_the_selection_and_names_what_has_no_stems(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    for title in ("One", "Two"):
        _song(setting, title)
    setting.store.insert(make_job("Not yet"))
    window = open_window(setting, qtbot)
    window.job_view.selectAll()
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Exported 4 stems of 2 songs to" in _said(window))
    assert "“Not yet” was left out: It has no stems yet." in _said(window)
    assert _names(folder) == [
        f"Mara Lind - {title} ({stem}).wav" for title in ("One", "Two") for stem in ("Drums", "Vocals")
    ]
    assert load_settings(setting.home).export_folder == str(folder)
    assert window.settings_store.export_folder() == folder


def test_the_button_of_the_player_exports_its_song_in_the_format_of_the_settings(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    done, waiting = _song(setting, "Done"), setting.store.insert(make_job("Waiting"))
    window = open_window(setting, qtbot)
    window.settings_store.change(export_format="flac")
    button = next(b for b in window.player_panel.findChildren(QAbstractButton) if b.accessibleName() == "Export stems")
    window.job_view.select_job(waiting.id)
    assert not button.isVisible()
    window.job_view.select_job(done.id)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Exported 2 stems of “Done” to" in _said(window))
    assert _names(folder) == ["Mara Lind - Done (Drums).flac", "Mara Lind - Done (Vocals).flac"]


def test_the_menu_offers_export_only_where_there_are_stems(setting: WindowHarness) -> None:
    done = _song(setting, "Done")
    offered = [entry.action for entry in build_menu_items([done, make_job()], []) if entry]
    assert JobAction.EXPORT in offered
    assert JobAction.EXPORT not in [entry.action for entry in build_menu_items([make_job()], []) if entry]


def test_songs_without_stems_open_no_dialog(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = setting.store.insert(make_job())
    window = open_window(setting, qtbot)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: pytest.fail("asked for a folder"))
    window.job_view.select_job(job.id)
    window.export_selected()
    assert "There are no stems to export yet." in _said(window)


def test_an_export_shows_how_far_it_is_and_is_cancelled_by_its_button(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    window = opened_with(setting, qtbot, "One", "Two")
    go_on = _held(window, setting)
    window.export_selected()
    assert _said(window) == "Exporting 2 songs"
    for number in range(9):  # it is not crowded out
        window.notices.show_text(f"{number}")
    assert "Exporting 2 songs" in _said(window)
    qtbot.mouseClick(_button(window, "Cancel"), Qt.MouseButton.LeftButton)
    go_on.set()
    qtbot.waitUntil(lambda: "The export was cancelled. No files were written." in _said(window))
    assert _names(folder) == []


def test_a_second_export_waits_for_the_first(setting: WindowHarness, qtbot: QtBot, folder: Path) -> None:
    window = opened_with(setting, qtbot, "One")
    go_on = _held(window, setting)
    window.export_selected()
    window.export_selected()
    assert window.exporter.remaining_count == 2
    go_on.set()
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 0)
    assert _names(folder) == [
        f"Mara Lind - One ({stem}){end}.wav" for stem in ("Drums", "Vocals") for end in (" 2", "")
    ]


def test_a_full_disk_is_told_in_one_sentence(setting: WindowHarness, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    window = opened_with(setting, qtbot, "One")
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(disk.mount_point))
        window.export_selected()
        qtbot.waitUntil(lambda: "Make room there, or choose another folder." in _said(window))
        assert "has 0 kB free" in _said(window)
        assert _names(disk.mount_point) == ["filler"]


@pytest.mark.parametrize("xdg_open", ["none", "fails"])
def test_a_folder_that_no_file_manager_opens_is_named(
    setting: WindowHarness, qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xdg_open: str
) -> None:
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    if xdg_open == "fails":
        program.write_text("#!/bin/sh\nexit 3\n")
        program.chmod(0o755)
    window = opened_with(setting, qtbot, "One")
    window.export_selected()
    qtbot.waitUntil(lambda: "Exported" in _said(window))
    qtbot.mouseClick(_button(window, "Show"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"No file manager could be opened. The files are in {folder}" in _said(window))


def test_closing_the_window_asks_and_stopping_leaves_nothing_half_written(
    setting: WindowHarness, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[bool] = []
    monkeypatch.setattr("desktop.ui.app.quit_policy.QApplication.quit", staticmethod(lambda: quits.append(True)))
    window = opened_with(setting, qtbot, "One")
    window.settings_store.change(quit="stop")  # said of separations, which lose nothing by it
    farewell = DesktopIntegration(window, setting.feed).quit_policy
    go_on = _held(window, setting)
    window.export_selected()
    window.close()
    assert farewell.quit_dialog is not None
    assert farewell.quit_dialog.stop_button.text() == "Stop exporting and quit"
    go_on.set()
    farewell.quit_dialog.stop_button.click()
    assert quits
    assert not window.isVisible()
    assert len(_names(folder)) in (0, 2)


def test_an_export_ends_in_the_background_before_the_app_does(
    setting: WindowHarness, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[bool] = []
    monkeypatch.setattr("desktop.ui.app.quit_policy.QApplication.quit", staticmethod(lambda: quits.append(True)))
    monkeypatch.setattr("desktop.ui.app.quit_policy._QUIT_DELAY_MS", 20)
    window = opened_with(setting, qtbot, "One")
    farewell = DesktopIntegration(window, setting.feed).quit_policy
    farewell._has_tray = lambda: True
    go_on = _held(window, setting)
    window.export_selected()
    window.close()
    assert farewell.quit_dialog is not None
    farewell.quit_dialog.background_button.click()
    assert not quits
    go_on.set()
    qtbot.waitUntil(lambda: bool(quits))
    assert len(_names(folder)) == 2


def opened_with(setting: WindowHarness, qtbot: QtBot, *titles: str) -> MainWindow:
    """A window on a library of separated songs, all of them selected."""
    for title in titles:
        _song(setting, title)
    window = open_window(setting, qtbot)
    window.job_view.selectAll()
    return window
