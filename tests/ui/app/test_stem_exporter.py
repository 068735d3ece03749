"""Export stems from the window, by key, by button and by menu; a thread of the test is the worker."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import ExportedSong, ExportJob, ExportProgress, ExportState, SongResult
from desktop.jobs.model import Job
from desktop.runtime.settings_file import load_settings
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.export_texts import result_text
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.pages.library.menu import build_menu_items
from tests.helpers.exports import ExportThread, export_thread
from tests.helpers.jobs import make_job
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_library_job
from tests.helpers.window import FeedEmitter, WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support", "systemTrayWindowChanged")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the dialog returns."""
    chosen = tmp_path / "For the band"
    chosen.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(chosen))
    return chosen


@pytest.fixture(autouse=True)
def worker(setting: WindowHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExportThread]:
    """The worker of the library."""
    with export_thread(setting.home, FeedEmitter(setting.feed)) as thread:
        monkeypatch.setattr(setting.queue, "publish_export", thread.publish_export)
        yield thread


def _insert_separated_job(setting: WindowHarness, title: str) -> Job:
    """Insert a separated job into the library."""
    return setting.store.insert(write_library_job(setting.home, title, stem_count=2, seconds=0.2))


def _notice_text(window: MainWindow) -> str:
    return " | ".join(notice.text for notice in window.notices.notices)


def _button(window: MainWindow, name: str) -> QPushButton:
    return next(b for b in window.notices.findChildren(QPushButton) if b.accessibleName() == name)


def _file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_ctrl_e_exports_the_selection_and_names_jobs_without_stems(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    for title in ("One", "Two"):
        _insert_separated_job(setting, title)
    setting.store.insert(make_job("Not yet"))
    window = open_window(setting, qtbot)
    window.job_view.selectAll()
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Exported 4 stems of 2 songs to" in _notice_text(window))
    assert "“Not yet” was left out: It has no stems yet." in _notice_text(window)
    assert _file_names(folder) == [
        f"Mara Lind - {title} ({stem}).wav" for title in ("One", "Two") for stem in ("Drums", "Vocals")
    ]
    assert load_settings(setting.home).export_folder == str(folder)
    assert window.settings_store.export_folder() == folder


def test_player_button_exports_its_job_in_the_format_of_the_settings(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    completed, pending = _insert_separated_job(setting, "Done"), setting.store.insert(make_job("Waiting"))
    window = open_window(setting, qtbot)
    window.settings_store.change(export_format="flac")
    button = next(b for b in window.player_panel.findChildren(QAbstractButton) if b.accessibleName() == "Export stems")
    window.job_view.select_job(pending.id)
    assert not button.isVisible()
    window.job_view.select_job(completed.id)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Exported 2 stems of “Done” to" in _notice_text(window))
    assert _file_names(folder) == ["Mara Lind - Done (Drums).flac", "Mara Lind - Done (Vocals).flac"]


def test_menu_offers_export_only_for_jobs_with_stems(setting: WindowHarness) -> None:
    completed = _insert_separated_job(setting, "Done")
    actions = [entry.action for entry in build_menu_items([completed, make_job()], []) if entry]
    assert ActionId.EXPORT in actions
    assert ActionId.EXPORT not in [entry.action for entry in build_menu_items([make_job()], []) if entry]


def test_export_of_a_job_without_stems_opens_no_dialog(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = setting.store.insert(make_job())
    window = open_window(setting, qtbot)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: pytest.fail("asked for a folder"))
    window.job_view.select_job(job.id)
    window.registry.run(ActionId.EXPORT)
    assert "There are no stems to export yet." in _notice_text(window)


def test_export_shows_its_progress_and_is_cancelled_by_its_button(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread
) -> None:
    window = _open_with_selection(setting, qtbot, "One", "Two")
    worker.hold()
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: _notice_text(window) == "Exporting 2 songs")
    for number in range(9):  # other notices do not displace it
        window.notices.show_text(f"{number}")
    (export,) = setting.service.exports()
    setting.feed.deliver(ExportProgress(export.id, 1, 2, 0.6, 70.0))
    assert "Exporting song 2 of 2 · about 2 min left" in _notice_text(window)
    setting.feed.deliver(ExportProgress("of another window", 0, 9, 0.1, None))
    assert "Exporting song 2 of 2" in _notice_text(window)
    qtbot.mouseClick(_button(window, "Cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "The export was cancelled. No files were written." in _notice_text(window))
    worker.resume()
    assert _file_names(folder) == []
    qtbot.waitUntil(lambda: setting.service.exports() == [])  # forgotten, once its result is shown


def test_second_export_waits_for_the_first(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread
) -> None:
    window = _open_with_selection(setting, qtbot, "One")
    worker.hold()
    window.registry.run(ActionId.EXPORT)
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 2)
    setting.feed.deliver(ExportProgress(setting.service.exports()[0].id, 0, 1, 0.5, None))
    assert "Exporting “One” · 1 more export queued" in _notice_text(window)
    worker.resume()
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 0)
    assert _file_names(folder) == [
        f"Mara Lind - One ({stem}){suffix}.wav" for stem in ("Drums", "Vocals") for suffix in (" 2", "")
    ]


def test_full_disk_is_reported_with_the_free_space(setting: WindowHarness, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    window = _open_with_selection(setting, qtbot, "One")
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(disk.mount_point))
        window.registry.run(ActionId.EXPORT)
        qtbot.waitUntil(lambda: "Free up space there, or choose another folder." in _notice_text(window))
        assert "has only 0 kB free" in _notice_text(window)
        assert _file_names(disk.mount_point) == ["filler"]


@pytest.mark.parametrize("xdg_open", ["none", "fails"])
def test_notice_names_the_folder_when_no_file_manager_opens(
    setting: WindowHarness, qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xdg_open: str
) -> None:
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    if xdg_open == "fails":
        program.write_text("#!/bin/sh\nexit 3\n")
        program.chmod(0o755)
    window = _open_with_selection(setting, qtbot, "One")
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: "Exported" in _notice_text(window))
    qtbot.mouseClick(_button(window, "Show"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"No file manager could be opened. The files are in {folder}" in _notice_text(window))


def test_export_goes_on_after_quitting_and_the_next_window_reports_it(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[bool] = []
    monkeypatch.setattr("desktop.ui.app.quit_policy.QApplication.quit", staticmethod(lambda: quits.append(True)))
    window = _open_with_selection(setting, qtbot, "One")
    quit_policy = DesktopIntegration(window).quit_policy
    worker.hold()
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 1)
    window.close()
    assert quit_policy.quit_dialog is not None
    assert quit_policy.quit_dialog.stop_button.text() == "Quit and resume later"
    quit_policy.quit_dialog.stop_button.click()
    assert quits
    assert not window.isVisible()
    next_window = open_window(setting, qtbot)
    setting.feed.events_missed.emit()  # as after the connection to the worker
    qtbot.waitUntil(lambda: "Exporting “One”" in _notice_text(next_window))
    worker.resume()
    qtbot.waitUntil(lambda: "Exported 2 stems of “One” to" in _notice_text(next_window))
    assert len(_file_names(folder)) == 2


def test_export_that_ended_without_a_window_is_reported_by_the_next_one(
    setting: WindowHarness, qtbot: QtBot, folder: Path
) -> None:
    job = _insert_separated_job(setting, "One")
    setting.service.start_export([job], ExportSettings(ExportKind.MIX), folder)
    qtbot.waitUntil(lambda: all(export.state.has_ended for export in setting.service.exports()))
    window = open_window(setting, qtbot)
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: "Exported 1 file of “One” to" in _notice_text(window))
    qtbot.waitUntil(lambda: setting.service.exports() == [])
    setting.feed.events_missed.emit()
    assert _notice_text(window).count("Exported") == 1


def test_app_in_the_background_quits_after_the_export_has_finished(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[bool] = []
    monkeypatch.setattr("desktop.ui.app.quit_policy.QApplication.quit", staticmethod(lambda: quits.append(True)))
    monkeypatch.setattr("desktop.ui.app.quit_policy._QUIT_DELAY_MS", 20)
    window = _open_with_selection(setting, qtbot, "One")
    quit_policy = DesktopIntegration(window).quit_policy
    quit_policy._has_tray = lambda: True
    worker.hold()
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 1)
    window.close()
    assert quit_policy.quit_dialog is not None
    quit_policy.quit_dialog.background_button.click()
    assert not quits
    worker.resume()
    qtbot.waitUntil(lambda: bool(quits))
    assert len(_file_names(folder)) == 2


def _open_with_selection(setting: WindowHarness, qtbot: QtBot, *titles: str) -> MainWindow:
    """Open a window on a library of separated jobs and select all of them."""
    for title in titles:
        _insert_separated_job(setting, title)
    window = open_window(setting, qtbot)
    window.job_view.selectAll()
    return window


def test_result_names_songs_that_were_written_in_another_format() -> None:
    def text(file_name: str) -> str:
        result, song = SongResult("Done", (Path("/out", file_name),)), ExportedSong("id", "Done")
        settings = ExportSettings(file_format="alac").to_json()
        export = ExportJob("id", datetime.now(UTC), (song,), settings, Path("/out"), ExportState.DONE, (result,))
        return result_text(export)

    assert "cannot hold" not in text("Done (Drums).m4a")
    assert "Apple Lossless (M4A) cannot hold “Done”: written as WAV." in text("Done (Drums).wav")
