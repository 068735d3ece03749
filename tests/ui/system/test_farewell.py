"""Quitting while songs are in work."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.settings import load_settings
from desktop.ui.app import desktop_integration
from desktop.ui.app import quit_policy as module
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.quit_policy import QuitPolicy
from desktop.ui.dialogs.quit_dialog import QuitDialog
from tests.helpers.stems import write_stems
from tests.helpers.window import WindowHarness, make_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged")


class Leaving:
    """A window with songs, and how it goes."""

    def __init__(self, setting: WindowHarness, qtbot: QtBot, tray: bool, *jobs: Job) -> None:
        self.setting = setting
        for job in jobs:
            setting.store.insert(job)
        self.window: MainWindow = setting.create_window()
        qtbot.addWidget(self.window)
        self.companion = DesktopIntegration(self.window, setting.feed)
        self.farewell: QuitPolicy = self.companion.quit_policy
        self.farewell._has_tray = lambda: tray
        self.window.show()
        qtbot.waitExposed(self.window)
        qtbot.waitUntil(lambda: self.window.library.table_model.rowCount() == len(jobs))

    @property
    def question(self) -> QuitDialog:
        assert self.farewell.quit_dialog is not None
        return self.farewell.quit_dialog

    def finish(self) -> None:
        """All that waits is done, as the worker would."""
        for job in self.setting.store.pending_jobs():
            claimed = self.setting.store.claim(job.id)
            assert claimed
            stems = write_stems(self.setting.home.job_folder(job.id).result_folder(claimed.token), seconds=0.1)
            self.setting.store.complete(claimed, stems, ())
            self.setting.feed.job_changed.emit(job.id)


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_QUIT_DELAY_MS", 20)
    monkeypatch.setattr(desktop_integration, "create_inhibitors", list)  # the machine of the tests may sleep
    yield
    QApplication.setQuitOnLastWindowClosed(True)


@pytest.fixture
def quits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The test's own application must not end; that it was asked to is noted."""
    asked: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", staticmethod(lambda: asked.append(True)))
    return asked


@pytest.fixture
def leaving(setting: WindowHarness, qtbot: QtBot, quits: list[bool]) -> Iterator[Leaving]:
    made = Leaving(setting, qtbot, True, make_job("one"), make_job("two"))
    yield made
    made.farewell.quit_now()


def test_nothing_is_asked_when_nothing_is_in_work(setting: WindowHarness, qtbot: QtBot) -> None:
    leaving = Leaving(setting, qtbot, True, make_job("done", JobState.COMPLETED), make_job("broken", JobState.FAILED))
    qtbot.keyClick(leaving.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert not leaving.window.isVisible()
    assert leaving.farewell.quit_dialog is None


def test_songs_that_wait_in_a_held_queue_hold_nobody_up(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.service.pause_queue()
    leaving = Leaving(setting, qtbot, True, make_job("waits"))
    qtbot.waitUntil(lambda: not leaving.companion.activity.is_active)
    leaving.window.close()
    assert not leaving.window.isVisible()


def test_songs_that_cannot_be_separated_hold_nobody_up(setting: WindowHarness, qtbot: QtBot) -> None:
    leaving = Leaving(setting, qtbot, True, make_job("waits"))
    setting.feed.trouble_changed.emit("Redis cannot be started.")
    leaving.window.close()
    assert not leaving.window.isVisible()


def test_the_question_is_put_once_and_escape_stays(leaving: Leaving, qtbot: QtBot) -> None:
    leaving.window.close()
    leaving.window.close()
    assert leaving.window.isVisible()
    assert len(leaving.window.findChildren(QuitDialog)) == 1
    assert leaving.question.windowTitle() == "Quit Unbraid"
    qtbot.keyClick(leaving.question, Qt.Key.Key_Escape)
    assert leaving.farewell.quit_dialog is None
    assert leaving.window.isVisible()
    assert load_settings(leaving.setting.home).quit == "ask"


def test_stop_ends_the_app_and_keeps_the_songs(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.question.stop_button.click()
    assert quits
    assert not leaving.window.isVisible()
    assert len(leaving.setting.store.pending_jobs()) == 2
    assert load_settings(leaving.setting.home).quit == "ask"


def test_an_answer_is_remembered_when_it_is_to_hold_for_good(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.question.remember_box.click()
    leaving.question.stop_button.click()
    assert load_settings(leaving.setting.home).quit == "stop"


def test_staying_is_never_remembered(leaving: Leaving) -> None:
    leaving.window.close()
    leaving.question.remember_box.click()
    leaving.question.cancel_button.click()
    assert load_settings(leaving.setting.home).quit == "ask"


def test_in_the_background_the_app_goes_on_and_ends_with_the_last_song(
    leaving: Leaving, qtbot: QtBot, quits: list[bool]
) -> None:
    leaving.window.open_settings()
    leaving.window.close()
    leaving.question.background_button.click()
    assert not any(widget.isVisible() for widget in QApplication.topLevelWidgets())
    assert leaving.farewell.is_in_background
    assert not QApplication.quitOnLastWindowClosed()
    assert leaving.companion.tray.icon.isVisible()
    assert not quits
    leaving.finish()
    qtbot.waitUntil(lambda: bool(quits))


def test_the_tray_says_how_far_the_songs_are_and_brings_the_window_back(leaving: Leaving, qtbot: QtBot) -> None:
    tray = leaving.companion.tray
    leaving.window.settings_store.change(quit="background")
    leaving.window.close()
    qtbot.waitUntil(lambda: leaving.farewell.is_in_background)
    assert tray.icon.toolTip() == "Unbraid · 2 songs queued"
    first = leaving.setting.store.pending_jobs()[0]
    leaving.setting.store.claim(first.id)
    leaving.setting.feed.job_changed.emit(first.id)
    qtbot.waitUntil(lambda: tray.icon.toolTip() == "Unbraid · Separating 1 of 2")
    assert [action.text() for action in tray.menu.actions()] == ["Show Unbraid", "Quit"]
    tray.menu.actions()[0].trigger()
    assert leaving.window.isVisible()
    assert not leaving.farewell.is_in_background
    assert QApplication.quitOnLastWindowClosed()
    assert not tray.icon.isVisible()


def test_quit_in_the_tray_asks_nothing(leaving: Leaving, quits: list[bool]) -> None:
    leaving.farewell.go_to_background()
    leaving.companion.tray.menu.actions()[1].trigger()
    assert quits
    assert leaving.farewell.quit_dialog is None


def test_a_second_start_brings_a_hidden_window_back(leaving: Leaving) -> None:
    leaving.farewell.go_to_background()
    leaving.companion.open_from_client([])
    assert leaving.window.isVisible()


def test_without_a_tray_only_stopping_is_offered_whatever_is_remembered(
    setting: WindowHarness, qtbot: QtBot, quits: list[bool]
) -> None:
    leaving = Leaving(setting, qtbot, False, make_job("one"))
    leaving.window.settings_store.change(quit="background")
    leaving.window.close()
    assert not leaving.question.background_button.isVisible()
    assert leaving.question.stop_button.isVisible()
    leaving.question.stop_button.click()
    assert quits


def test_a_shutdown_of_the_system_asks_nothing(leaving: Leaving) -> None:
    leaving.farewell.end_session()
    leaving.window.close()
    assert not leaving.window.isVisible()
    assert leaving.farewell.quit_dialog is None


def test_a_signal_that_ends_the_app_closes_an_open_question(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.companion.quit_now()
    assert quits
    assert not leaving.window.isVisible()
