"""Stems that another program separated are opened from the window: by button, by key and by drop."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.pages.library.columns import Column
from desktop.ui.widgets.file_drop import files_from_mime
from tests.helpers.ready_stems import write_ni_stems, write_stem_folder
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("does not support", "systemTrayWindowChanged")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_stem_folder(tmp_path / "Band - Hit")


def _choose(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    files = [str(path) for path in folder.iterdir()]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: (files, ""))


def _drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window._drop_overlay.files_dropped.emit(files_from_mime(data))


def _wait_for_songs(window: MainWindow, qtbot: QtBot, count: int) -> list[str]:
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == count, timeout=60_000)
    return sorted(window.library.table_model.job_at_row(row).title for row in range(count))


def _button(window: MainWindow, text: str) -> QPushButton:
    return next(b for b in window.findChildren(QPushButton) if b.isVisible() and b.text().strip() == text)


def test_chosen_stems_are_opened_selected_and_claim_nothing(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _choose(monkeypatch, folder)
    qtbot.mouseClick(_button(window, "Open stems…"), Qt.MouseButton.LeftButton)
    assert _wait_for_songs(window, qtbot, 1) == ["Hit"]
    qtbot.waitUntil(lambda: window.player_panel.job is not None)
    (job,) = setting.service.jobs()
    assert (window.player_panel.job, job.state) == (job, JobState.COMPLETED)
    proxy = window.library.proxy
    assert proxy.index(0, Column.STATUS).data() == "3 stems"
    assert proxy.index(0, Column.MODEL).data() == "Ready-made"
    assert not setting.queue.jobs
    assert not window.notices.notices
    assert not window.library.activity.is_active


def test_top_bar_and_key_open_the_same_dialog(
    window: MainWindow, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _choose(monkeypatch, folder)
    window.registry.qt_action(ActionId.OPEN_STEMS).trigger()
    _wait_for_songs(window, qtbot, 1)
    _choose(monkeypatch, write_stem_folder(folder.with_name("Other"), names=("piano", "guitar")))
    qtbot.mouseClick(window.top_bar.open_stems_button, Qt.MouseButton.LeftButton)
    assert _wait_for_songs(window, qtbot, 2) == ["Hit", "Other"]


def test_dropped_stem_file_is_opened_with_its_stems_and_a_folder_is_songs(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    path, _ = write_ni_stems(tmp_path, name="Stem file")
    _drop(window, path, folder)
    assert _wait_for_songs(window, qtbot, 4) == ["Stem file", "bass", "drums", "vocals"]
    assert {job.title: job.state for job in setting.service.jobs()} == {
        "Stem file": JobState.COMPLETED,
        "vocals": JobState.PENDING,
        "drums": JobState.PENDING,
        "bass": JobState.PENDING,
    }


def test_several_stem_files_are_opened_one_after_another(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    first, _ = write_ni_stems(tmp_path, 10_000, "One")
    second, _ = write_ni_stems(tmp_path, 20_000, "Two")
    _drop(window, first, second)
    assert [notice.text for notice in window.notices.notices] == ["Opening the stems of One.stem.mp4"]
    assert _wait_for_songs(window, qtbot, 2) == ["One", "Two"]
    qtbot.waitUntil(lambda: not window.notices.notices)


def test_what_is_no_set_of_stems_is_refused_with_the_reason(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "song.stem.mp4"
    path.write_bytes(b"no stems")
    _drop(window, path)
    qtbot.waitUntil(lambda: any("is not a stem file" in notice.text for notice in window.notices.notices))
    assert not setting.service.jobs()
    assert not window.library.activity.is_active


def test_cancelled_stems_leave_no_song(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window._stem_importer.add([write_stem_folder(tmp_path / "long", 60)])
    qtbot.waitUntil(lambda: any((notice.progress or 0) > 0 for notice in window.notices.notices), timeout=60_000)
    assert window.library.activity.is_active
    qtbot.mouseClick(_button(window, "Cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.library.activity.is_active, timeout=60_000)
    assert not window.notices.notices
    assert not list(setting.home.jobs.iterdir())


def test_closing_the_window_cancels_and_leaves_nothing(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window._stem_importer.add([write_stem_folder(tmp_path / "long", 60)])
    qtbot.waitUntil(lambda: any((notice.progress or 0) > 0 for notice in window.notices.notices), timeout=60_000)
    window.close()
    assert not list(setting.home.jobs.iterdir())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stems")]


def test_same_stems_are_added_again_only_if_the_user_says_so(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    window._stem_importer.add([folder])
    _wait_for_songs(window, qtbot, 1)
    window._stem_importer.add([folder])
    qtbot.waitUntil(
        lambda: any("already in your library" in notice.text for notice in window.notices.notices), timeout=60_000
    )
    qtbot.mouseClick(_button(window, "Add again"), Qt.MouseButton.LeftButton)
    assert _wait_for_songs(window, qtbot, 2) == ["Hit", "Hit"]
