"""Ctrl+C puts the stem files of songs on the clipboard, from where file managers and DAWs paste them."""

from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.core.stem_files import create_mime_data
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support")


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QGuiApplication) -> None:
    QGuiApplication.clipboard().setText("as before")


def _insert(setting: WindowHarness, title: str) -> Job:
    return setting.store.insert(write_library_job(setting.home, title, stem_count=2, seconds=0.2))


def _press_ctrl_c(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)


def _notice_text(window: MainWindow) -> str:
    return " | ".join(notice.text for notice in window.notices.notices)


def _files_of(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls()]


def _copied_files() -> list[Path]:
    return _files_of(QGuiApplication.clipboard().mimeData())


def test_ctrl_c_copies_the_stem_files_of_the_selected_songs(setting: WindowHarness, qtbot: QtBot) -> None:
    jobs = [_insert(setting, title) for title in ("One", "Two")]
    setting.store.insert(make_job("Not yet"))
    window = open_window(setting, qtbot)
    window.job_view.selectAll()
    _press_ctrl_c(qtbot, window.job_view)
    qtbot.waitUntil(lambda: _notice_text(window) == "Copied 4 stems of 2 songs.")
    files = _copied_files()
    assert files == [stem.path for job in reversed(jobs) for stem in job.sorted_stems()]  # as the table is sorted
    assert all(path.is_file() for path in files)
    (notice,) = window.notices.notices
    assert notice.timeout_s > 0


def test_clipboard_says_to_file_managers_that_files_are_copied_and_not_moved(
    setting: WindowHarness, qtbot: QtBot
) -> None:
    job = _insert(setting, "One & Zwölf")
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    _press_ctrl_c(qtbot, window.job_view)
    qtbot.waitUntil(lambda: _notice_text(window) == "Copied 2 stems of “One & Zwölf”.")
    data = QGuiApplication.clipboard().mimeData()
    uris = bytes(data.data("text/uri-list").data()).split()
    assert bytes(data.data("x-special/gnome-copied-files").data()) == b"\n".join([b"copy", *uris])
    assert [uri.decode() for uri in uris] == [stem.path.as_uri() for stem in job.sorted_stems()]


def test_file_in_a_folder_whose_name_is_no_text_is_named_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / b"\xff folder".decode(errors="surrogateescape") / "drums.wav"
    (uri,) = bytes(create_mime_data([path]).data("text/uri-list").data()).split()
    assert unquote_to_bytes(uri).endswith(b"/\xff folder/drums.wav")


def test_ctrl_c_on_the_player_page_copies_the_stems_of_its_song(setting: WindowHarness, qtbot: QtBot) -> None:
    first, second = (_insert(setting, title) for title in ("One", "Two"))
    window = open_window(setting, qtbot)
    window.job_view.select_job(second.id)
    qtbot.waitUntil(lambda: window.player_panel.job is not None and window.player_panel.job.id == second.id)
    window.navigation.show_player()
    _press_ctrl_c(qtbot, window)
    qtbot.waitUntil(lambda: _notice_text(window) == "Copied 2 stems of “Two”.")
    assert _copied_files() == [stem.path for stem in second.sorted_stems()]
    assert first.stems[0].path not in _copied_files()


def test_missing_stem_is_not_copied(setting: WindowHarness, qtbot: QtBot) -> None:
    job = _insert(setting, "One")
    gone, left = job.sorted_stems()
    gone.path.unlink()
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    _press_ctrl_c(qtbot, window.job_view)
    qtbot.waitUntil(lambda: _notice_text(window) == "Copied 1 stem of “One”.")
    assert _copied_files() == [left.path]


def test_song_without_stems_leaves_the_clipboard_as_it_is(setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.store.insert(make_job())
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    _press_ctrl_c(qtbot, window.job_view)
    qtbot.waitUntil(lambda: "There are no stems to copy yet." in _notice_text(window))
    assert QGuiApplication.clipboard().text() == "as before"


def test_ctrl_c_in_a_text_field_copies_its_text(setting: WindowHarness, qtbot: QtBot) -> None:
    job = _insert(setting, "One")
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    window.registry.run(ActionId.SEARCH)
    field = window.focusWidget()
    assert field is not None
    qtbot.keyClicks(field, "one")
    field.selectAll()
    _press_ctrl_c(qtbot, field)
    assert QGuiApplication.clipboard().text() == "one"
    assert _notice_text(window) == ""
