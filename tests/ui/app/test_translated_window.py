"""The whole window, with all its dialogs, menus and notices, shows no text that cannot be translated."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.playback.song_state import SNAPSHOTS
from desktop.text.catalogue import PSEUDO_START
from desktop.ui.app.app_notices import CrashNotices
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.quit_policy import QuitPolicy
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.bin import BinDialog, DeleteDialog
from desktop.ui.dialogs.failure_details import CrashReportDialog, FailureDetailsDialog, RefusedFilesDialog
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.pages.library.menu import JobMenu
from tests.helpers.jobs import NAMES_WITHOUT_LETTERS, make_jobs_in_every_state
from tests.helpers.pseudo_language import find_untranslated
from tests.helpers.widget_texts import FORMAT_NAMES, KEY_NAMES, list_widget_texts
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = [
    pytest.mark.usefixtures("pseudo_language"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
# Letters on buttons, names of mixes, names of models and formats of files.
NAMES = {*KEY_NAMES, *SNAPSHOTS, *FORMAT_NAMES, "M", "S", "Sketch"}


def check(widget: QWidget) -> None:
    """Check all text of a widget."""
    texts = list(list_widget_texts(widget))
    assert any(PSEUDO_START in text for text in texts)
    assert not find_untranslated(texts, NAMES)


def check_dialog(window: MainWindow, kind: type[QDialog]) -> None:
    """Check the one open dialog of this kind, and close it."""
    (dialog,) = [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]
    check(dialog)
    dialog.close()


@pytest.fixture
def played(setting: WindowHarness) -> Job:
    """Return a separated song in a library with songs in every state."""
    for job in make_jobs_in_every_state(**NAMES_WITHOUT_LETTERS):
        setting.store.insert(job)
    return add_separated_song(setting, **NAMES_WITHOUT_LETTERS)


@pytest.fixture
def full_window(setting: WindowHarness, played: Job, qtbot: QtBot) -> MainWindow:
    """Return the window with a song that is played, known models, and a few notices."""
    window = open_window(setting, qtbot)
    qtbot.waitUntil(lambda: bool(window.library.models))
    window.job_view.select_job(played.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    return window


def test_window_with_songs_in_every_state_and_a_song_that_can_be_played(full_window: MainWindow) -> None:
    assert full_window.library.table_model.rowCount() > 20
    check(full_window)


def test_player_shows_every_song(setting: WindowHarness, full_window: MainWindow, qtbot: QtBot) -> None:
    for job in full_window.library.table_model.jobs:
        full_window.job_view.select_job(job.id)
        qtbot.waitUntil(lambda job=job: full_window.player_panel.job == job)
        check(full_window.player_panel)


def test_context_menu_of_every_song(full_window: MainWindow, played: Job) -> None:
    for job in full_window.library.table_model.jobs:
        full_window.player_panel.menu_requested.emit(job, QPoint(0, 0))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, JobMenu)
        check(menu)
        menu.close()


def test_dialogs_of_the_app(full_window: MainWindow) -> None:
    full_window.dialogs.open_settings()
    check_dialog(full_window, SettingsDialog)
    full_window.dialogs.show_shortcuts()
    check_dialog(full_window, ShortcutsDialog)
    full_window.dialogs.open_about()
    (about,) = full_window.findChildren(AboutDialog)
    about.table.setCurrentCell(0, 0)  # Unbraid itself
    about.table.setRowCount(0)  # names and licences
    about.licence_view.clear()
    about.licence_view.setAccessibleName("")
    check_dialog(full_window, AboutDialog)


def test_dialogs_about_failed_songs_and_crashes(full_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    jobs = full_window.library.table_model.jobs
    for job in jobs:
        if job.state is JobState.FAILED or job.last_attempt:
            full_window.registry.run(ActionId.SHOW_ERROR, [job])
            check_dialog(full_window, FailureDetailsDialog)
    notices = CrashNotices(full_window.notices, full_window)
    report = tmp_path / "1.txt"
    report.touch()
    notices.show_last_crash(report)
    check(full_window.notices)
    full_window.notices.notices[-1].on_action()
    check_dialog(full_window, CrashReportDialog)


def test_notices_and_list_of_refused_files(full_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    paths = [tmp_path / "2.mp3", tmp_path / "3", tmp_path / "1"]
    (tmp_path / "2.mp3").touch()
    full_window.add_tracks(paths)
    qtbot.waitUntil(lambda: bool(full_window.notices.notices))
    check(full_window.notices)
    full_window.notices.notices[-1].on_action()
    check_dialog(full_window, RefusedFilesDialog)
    QApplication.clipboard().setText("1")
    full_window.registry.run(ActionId.PASTE)
    full_window.registry.run(ActionId.UNDO_REMOVAL)
    check(full_window.notices)


def test_removal_and_bin(full_window: MainWindow, qtbot: QtBot) -> None:
    full_window.registry.run(ActionId.REMOVE_FINISHED)
    qtbot.waitUntil(lambda: bool(full_window.notices.notices))
    check(full_window)
    full_window.dialogs.open_bin()
    (dialog,) = full_window.findChildren(BinDialog)
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 1)
    dialog.empty_button.click()
    check_dialog(full_window, DeleteDialog)
    check_dialog(full_window, BinDialog)


def test_question_before_quitting(full_window: MainWindow) -> None:
    QuitPolicy(full_window, full_window.library.activity, lambda: True)
    assert not full_window.close()
    check_dialog(full_window, QuitDialog)


def test_empty_library(setting: WindowHarness, qtbot: QtBot) -> None:
    window = open_window(setting, qtbot)
    qtbot.waitUntil(lambda: bool(window.library.models))
    check(window)
