"""Quit while jobs are pending or processing."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.runtime.settings_file import load_settings
from desktop.ui.app import desktop_integration
from desktop.ui.app import quit_policy as quit_policy_module
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.quit_policy import QuitPolicy
from desktop.ui.dialogs.quit_dialog import QuitDialog
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_stems
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged")


class QuitHarness:
    """A window with jobs, its desktop integration and its quit policy."""

    def __init__(self, setting: WindowHarness, qtbot: QtBot, tray: bool, *jobs: Job) -> None:
        self.setting = setting
        for job in jobs:
            setting.store.insert(job)
        self.window: MainWindow = setting.create_window()
        qtbot.addWidget(self.window)
        self.integration = DesktopIntegration(self.window)
        self.quit_policy: QuitPolicy = self.integration.quit_policy
        self.quit_policy._has_tray = lambda: tray
        self.window.show()
        qtbot.waitExposed(self.window)
        qtbot.waitUntil(lambda: self.window.library.table_model.rowCount() == len(jobs))

    @property
    def dialog(self) -> QuitDialog:
        assert self.quit_policy.quit_dialog is not None
        return self.quit_policy.quit_dialog

    def complete_pending_jobs(self) -> None:
        """Complete all pending jobs, as the worker would."""
        for job in self.setting.store.pending_jobs():
            claimed = self.setting.store.ownership.claim(job.id)
            assert claimed
            stems = write_stems(self.setting.home.job_folder(job.id).result_folder(claimed.token), seconds=0.1)
            self.setting.store.ownership.complete(claimed, stems, ())
            self.setting.feed.job_changed.emit(job.id)


@pytest.fixture(autouse=True)
def _short_quit_delay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(quit_policy_module, "_QUIT_DELAY_MS", 20)
    monkeypatch.setattr(desktop_integration, "create_inhibitors", lambda _: [])  # tests do not keep the machine awake
    yield
    QApplication.setQuitOnLastWindowClosed(True)


@pytest.fixture
def quits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Record requests to quit in place of ending the test's own application."""
    requests: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", staticmethod(lambda: requests.append(True)))
    return requests


@pytest.fixture
def harness(setting: WindowHarness, qtbot: QtBot, quits: list[bool]) -> Iterator[QuitHarness]:
    created = QuitHarness(setting, qtbot, True, make_job("one"), make_job("two"))
    yield created
    created.quit_policy.quit_now()


def test_window_closes_without_a_question_when_no_job_is_active(setting: WindowHarness, qtbot: QtBot) -> None:
    harness = QuitHarness(
        setting, qtbot, True, make_job("done", JobState.COMPLETED), make_job("broken", JobState.FAILED)
    )
    qtbot.keyClick(harness.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert not harness.window.isVisible()
    assert harness.quit_policy.quit_dialog is None


def test_jobs_in_a_paused_queue_do_not_delay_closing(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.service.pause_queue()
    harness = QuitHarness(setting, qtbot, True, make_job("waits"))
    qtbot.waitUntil(lambda: not harness.window.library.activity.is_active)
    harness.window.close()
    assert not harness.window.isVisible()


def test_jobs_do_not_delay_closing_while_the_backend_is_down(setting: WindowHarness, qtbot: QtBot) -> None:
    harness = QuitHarness(setting, qtbot, True, make_job("waits"))
    setting.feed.trouble_changed.emit("Redis cannot be started.")
    harness.window.close()
    assert not harness.window.isVisible()


def test_quit_dialog_opens_once_and_escape_keeps_the_window(harness: QuitHarness, qtbot: QtBot) -> None:
    harness.window.close()
    harness.window.close()
    assert harness.window.isVisible()
    assert len(harness.window.findChildren(QuitDialog)) == 1
    assert harness.dialog.windowTitle() == "Quit Unbraid"
    qtbot.keyClick(harness.dialog, Qt.Key.Key_Escape)
    assert harness.quit_policy.quit_dialog is None
    assert harness.window.isVisible()
    assert load_settings(harness.setting.home).quit == "ask"


def test_stop_quits_the_app_and_keeps_the_pending_jobs(harness: QuitHarness, quits: list[bool]) -> None:
    harness.window.close()
    harness.dialog.stop_button.click()
    assert quits
    assert not harness.window.isVisible()
    assert len(harness.setting.store.pending_jobs()) == 2
    assert load_settings(harness.setting.home).quit == "ask"


def test_choice_is_stored_when_remember_is_checked(harness: QuitHarness, quits: list[bool]) -> None:
    harness.window.close()
    harness.dialog.remember_box.click()
    harness.dialog.stop_button.click()
    assert load_settings(harness.setting.home).quit == "stop"


def test_cancelling_the_dialog_is_never_stored(harness: QuitHarness) -> None:
    harness.window.close()
    harness.dialog.remember_box.click()
    harness.dialog.cancel_button.click()
    assert load_settings(harness.setting.home).quit == "ask"


def test_app_in_the_background_quits_after_the_last_job(harness: QuitHarness, qtbot: QtBot, quits: list[bool]) -> None:
    harness.window.dialogs.open_settings()
    harness.window.close()
    harness.dialog.background_button.click()
    assert not any(widget.isVisible() for widget in QApplication.topLevelWidgets())
    assert harness.quit_policy.is_in_background
    assert not QApplication.quitOnLastWindowClosed()
    assert harness.integration.tray.icon.isVisible()
    assert not quits
    harness.complete_pending_jobs()
    qtbot.waitUntil(lambda: bool(quits))


def test_tray_shows_progress_and_restores_the_window(harness: QuitHarness, qtbot: QtBot) -> None:
    tray = harness.integration.tray
    harness.window.settings_store.change(quit="background")
    harness.window.close()
    qtbot.waitUntil(lambda: harness.quit_policy.is_in_background)
    assert tray.icon.toolTip() == "Unbraid · 2 songs queued"
    first_job = harness.setting.store.pending_jobs()[0]
    harness.setting.store.ownership.claim(first_job.id)
    harness.setting.feed.job_changed.emit(first_job.id)
    qtbot.waitUntil(lambda: tray.icon.toolTip() == "Unbraid · Separating 1 of 2")
    assert [action.text() for action in tray.menu.actions()] == ["Show Unbraid", "Quit"]
    tray.menu.actions()[0].trigger()
    assert harness.window.isVisible()
    assert not harness.quit_policy.is_in_background
    assert QApplication.quitOnLastWindowClosed()
    assert not tray.icon.isVisible()


def test_quit_in_the_tray_menu_opens_no_dialog(harness: QuitHarness, quits: list[bool]) -> None:
    harness.quit_policy.go_to_background()
    harness.integration.tray.menu.actions()[1].trigger()
    assert quits
    assert harness.quit_policy.quit_dialog is None


def test_second_start_of_the_app_restores_a_hidden_window(harness: QuitHarness) -> None:
    harness.quit_policy.go_to_background()
    harness.integration.open_from_client([])
    assert harness.window.isVisible()


def test_dialog_without_a_tray_offers_only_stop_whatever_is_stored(
    setting: WindowHarness, qtbot: QtBot, quits: list[bool]
) -> None:
    harness = QuitHarness(setting, qtbot, False, make_job("one"))
    harness.window.settings_store.change(quit="background")
    harness.window.close()
    assert not harness.dialog.background_button.isVisible()
    assert harness.dialog.stop_button.isVisible()
    harness.dialog.stop_button.click()
    assert quits


def test_end_of_the_desktop_session_opens_no_dialog(harness: QuitHarness) -> None:
    harness.quit_policy.end_session()
    harness.window.close()
    assert not harness.window.isVisible()
    assert harness.quit_policy.quit_dialog is None


def test_termination_signal_closes_an_open_quit_dialog(harness: QuitHarness, quits: list[bool]) -> None:
    harness.window.close()
    harness.integration.quit_now()
    assert quits
    assert not harness.window.isVisible()
