"""Export stems from the window, by key, by button and by menu; a thread of the test is the worker."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.export.settings import ExportKind, ExportSettings, ProjectKind
from desktop.jobs.export_job import AutomaticExport, ExportedSong, ExportJob, ExportProgress, ExportState, SongResult
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import ExportChanged, JobChanged
from desktop.playback.song_state import SongState
from desktop.runtime.settings_file import load_settings
from desktop.ui.app import stem_exporter
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.export_texts import result_text
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.export.dialog import ExportDialog
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.exports import ExportThread, export_thread
from tests.helpers.jobs import make_job
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_library_job
from tests.helpers.window import FeedEmitter, WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support", "systemTrayWindowChanged")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an export that the user leaves as the dialog offers it."""
    chosen = tmp_path / "For the band"
    chosen.mkdir()
    _answer_with(monkeypatch, chosen)
    return chosen


@pytest.fixture(autouse=True)
def worker(setting: WindowHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExportThread]:
    """The worker of the library."""
    with export_thread(setting.home, FeedEmitter(setting.feed)) as thread:
        monkeypatch.setattr(setting.queue, "publish_export", thread.publish_export)
        yield thread


def _answer_with(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(stem_exporter, "ask_for_export", lambda *_: (ExportSettings(), folder))


def _export(window: MainWindow, qtbot: QtBot) -> None:
    """Start an export, and wait until it is queued."""
    window.registry.run(ActionId.EXPORT)
    qtbot.waitUntil(lambda: not window.exporter._is_asking)


def _press_in_dialog(key: Qt.Key) -> None:
    """Press a key in the export dialog as soon as it is there."""

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, ExportDialog) and QApplication.activeWindow() is dialog:
            timer.stop()
            QtBot.keyClick(dialog.focusWidget(), key)

    timer = QTimer(QApplication.instance(), interval=10)
    timer.timeout.connect(press)
    timer.start()


def _insert_separated_job(setting: WindowHarness, title: str) -> Job:
    """Insert a separated job into the library."""
    return setting.store.insert(write_library_job(setting.home, title, stem_count=2, seconds=0.2))


def _notice_text(window: MainWindow) -> str:
    return " | ".join(notice.text for notice in window.notices.notices)


def _button(window: MainWindow, name: str) -> QPushButton:
    return next(b for b in window.notices.findChildren(QPushButton) if b.accessibleName() == name)


def _file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_ctrl_e_and_return_export_the_selection_and_name_jobs_without_stems(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "For the band"
    folder.mkdir()
    for title in ("One", "Two"):
        _insert_separated_job(setting, title)
    setting.store.insert(make_job("Not yet"))
    window = open_window(setting, qtbot)
    window.settings_store.change(export_folder=str(folder))
    window.job_view.selectAll()
    _press_in_dialog(Qt.Key.Key_Return)
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Exported 4 stems of 2 songs to" in _notice_text(window))
    assert "“Not yet” was left out: It has no stems yet." in _notice_text(window)
    assert _file_names(folder) == [
        f"Mara Lind - {title} ({stem}).wav" for title in ("One", "Two") for stem in ("Drums", "Vocals")
    ]
    assert load_settings(setting.home).export_folder == str(folder)
    assert window.settings_store.export_folder() == folder


def test_escape_exports_nothing(setting: WindowHarness, qtbot: QtBot, tmp_path: Path) -> None:
    window = _open_with_selection(setting, qtbot, "One")
    window.settings_store.change(export_folder=str(tmp_path))
    before = _file_names(tmp_path)
    _press_in_dialog(Qt.Key.Key_Escape)
    _export(window, qtbot)
    assert window.exporter.remaining_count == 0
    assert (_notice_text(window), _file_names(tmp_path)) == ("", before)


def test_only_the_chosen_stems_are_exported(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = _open_with_selection(setting, qtbot, "One")
    wanted = ExportSettings(stems=("drums",), file_format="flac")
    monkeypatch.setattr(stem_exporter, "ask_for_export", lambda *_: (wanted, tmp_path / "out"))
    _export(window, qtbot)
    qtbot.waitUntil(lambda: "Exported 1 stem of “One” to" in _notice_text(window))
    assert _file_names(tmp_path / "out") == ["Mara Lind - One (Drums).flac"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"kind": ExportKind.MIX}, ["Mara Lind - One (Mix).wav"]),
        ({"kind": ExportKind.MINUS, "stems": ("vocals",)}, ["Mara Lind - One (No vocals).wav"]),
        ({"stems": ("vocals",), "name_template": "{title}"}, ["One.wav"]),
        ({"kind": ExportKind.NI_STEM}, ["Mara Lind - One.stem.mp4"]),
        (
            {"stems": ("vocals",), "project": ProjectKind.DAWPROJECT},
            [f"Mara Lind - One ({file}" for file in ("Project).dawproject", "Tempo map).mid", "Vocals).wav")],
        ),
    ],
)
def test_what_the_dialog_asks_for_is_exported(
    setting: WindowHarness,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    names: list[str],
) -> None:
    window = _open_with_selection(setting, qtbot, "One")
    answer = (replace(ExportSettings(), **change), tmp_path / "out")
    monkeypatch.setattr(stem_exporter, "ask_for_export", lambda *_: answer)
    _export(window, qtbot)
    qtbot.waitUntil(lambda: "of “One” to" in _notice_text(window))
    assert _file_names(tmp_path / "out") == names


def test_dialog_gets_each_song_in_the_state_of_the_player(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, other = (_insert_separated_job(setting, title) for title in ("One", "Two"))
    SongStateStore(setting.home).save(other.id, SongState(cents=300))
    window = open_window(setting, qtbot)
    window.job_view.select_job(played.id)
    qtbot.waitUntil(lambda: window.player.is_ready and window.player.tracks.job_id == played.id)
    window.player.practice.set_speed_percent(80)
    asked: list[Sequence[ExportSong]] = []
    monkeypatch.setattr(stem_exporter, "ask_for_export", lambda _, songs, *__: asked.append(songs))
    window.job_view.selectAll()
    _export(window, qtbot)
    (songs,) = asked
    states = {song.job.id: (song.state.speed_percent, song.state.cents) for song in songs}
    assert states == {played.id: (80, 0), other.id: (100, 300)}


def test_player_button_exports_its_job_in_the_format_of_the_settings(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    completed, pending = _insert_separated_job(setting, "Done"), setting.store.insert(make_job("Waiting"))
    window = open_window(setting, qtbot)
    window.settings_store.change(export_format="flac", export_folder=str(tmp_path))
    button = next(b for b in window.player_panel.findChildren(QAbstractButton) if b.accessibleName() == "Export")
    window.job_view.select_job(pending.id)
    assert not button.isVisible()
    window.job_view.select_job(completed.id)
    _press_in_dialog(Qt.Key.Key_Return)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Exported 2 stems of “Done” to" in _notice_text(window))
    assert sorted(path.name for path in tmp_path.glob("*.flac")) == [
        "Mara Lind - Done (Drums).flac",
        "Mara Lind - Done (Vocals).flac",
    ]


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
    monkeypatch.setattr(stem_exporter, "ask_for_export", lambda *_: pytest.fail("asked what to export"))
    window.job_view.select_job(job.id)
    _export(window, qtbot)
    assert "There are no stems to export yet." in _notice_text(window)


def test_export_shows_its_progress_and_is_cancelled_by_its_button(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread
) -> None:
    window = _open_with_selection(setting, qtbot, "One", "Two")
    worker.hold()
    _export(window, qtbot)
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
    _export(window, qtbot)
    _export(window, qtbot)
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
        _answer_with(monkeypatch, disk.mount_point)
        _export(window, qtbot)
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
    _export(window, qtbot)
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
    _export(window, qtbot)
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
    _export(window, qtbot)
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 1)
    window.close()
    assert quit_policy.quit_dialog is not None
    quit_policy.quit_dialog.background_button.click()
    assert not quits
    worker.resume()
    qtbot.waitUntil(lambda: bool(quits))
    assert len(_file_names(folder)) == 2


def _complete_songs(setting: WindowHarness, folder: Path, *titles: str, has_stems: bool = True) -> None:
    """Complete songs that are exported automatically, as the worker does."""
    for title in titles:
        prepared = write_library_job(setting.home, title, stem_count=2, seconds=0.2)
        job = setting.store.insert(replace(prepared, state=JobState.PENDING, stems=()))
        claimed = setting.store.ownership.claim(job.id)
        assert claimed is not None
        stems = prepared.stems if has_stems else ()
        export = AutomaticExport(ExportSettings(), folder)
        assert setting.store.ownership.complete(claimed, stems, (), export)
        setting.queue.publish_export()
        for event in (ExportChanged(export.id), JobChanged(job.id)):
            setting.feed.deliver(event)


def _has_ended(setting: WindowHarness) -> bool:
    """Return whether every export has ended, and its result is known to the window."""
    return setting.service.exports() == []


def test_first_song_of_an_automatic_export_tells_where_it_went_and_its_notice_counts_the_next_ones(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(stem_exporter, "open_folder", lambda folder, *_: opened.append(folder))
    folder = tmp_path / "Stems"
    window = open_window(setting, qtbot)
    _complete_songs(setting, folder, "One")
    qtbot.waitUntil(lambda: _notice_text(window) == f"Exported 2 stems of “One” to {folder}.")
    _complete_songs(setting, folder, "Two", "Three")
    qtbot.waitUntil(lambda: _notice_text(window) == f"Exported 6 stems of 3 songs to {folder}.")
    assert len(_file_names(folder)) == 6
    qtbot.mouseClick(_button(window, "Show"), Qt.MouseButton.LeftButton)
    assert opened == [folder]
    assert _notice_text(window) == ""
    _complete_songs(setting, folder, "Four")
    qtbot.waitUntil(lambda: _has_ended(setting))
    assert _notice_text(window) == ""
    assert len(_file_names(folder)) == 8
    _complete_songs(setting, folder, "Five", has_stems=False)
    qtbot.waitUntil(lambda: _notice_text(window) == "“Five” was left out: It has no stems yet.")


def test_folder_of_automatic_exports_that_cannot_be_written_gives_one_notice_for_all_songs(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    window = open_window(setting, qtbot)
    _complete_songs(setting, tmp_path / "file", "One", "Two", "Three")
    qtbot.waitUntil(lambda: bool(window.notices.notices) and _has_ended(setting))
    (notice,) = window.notices.notices
    assert notice.text.startswith(f"The songs cannot be exported to {tmp_path / 'file'}: ")
    assert notice.action_text == ""


def test_progress_is_shown_of_the_export_that_the_user_started_behind_an_automatic_one(
    setting: WindowHarness, qtbot: QtBot, folder: Path, worker: ExportThread
) -> None:
    window = open_window(setting, qtbot)
    worker.hold()
    _complete_songs(setting, folder, "One")
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 1)  # quitting asks for it
    assert _notice_text(window) == ""
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 1)
    window.job_view.selectAll()
    _export(window, qtbot)
    qtbot.waitUntil(lambda: _notice_text(window) == "Exporting “One”")
    export = setting.service.exports()[-1]
    setting.feed.deliver(ExportProgress(export.id, 0, 1, 0.5, None))
    assert _notice_text(window) == "Exporting “One”"
    worker.resume()
    qtbot.waitUntil(lambda: window.exporter.remaining_count == 0)


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
