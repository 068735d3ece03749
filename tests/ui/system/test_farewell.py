"""Quitting while songs are in work."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.settings import load_settings
from desktop.ui.dialogs.quit_question import QuitQuestion
from desktop.ui.main_window import MainWindow
from desktop.ui.system import companion
from desktop.ui.system import farewell as module
from desktop.ui.system.companion import Companion
from desktop.ui.system.farewell import Farewell
from tests.helpers.stems import write_stems
from tests.helpers.window import Stage, a_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged")


class Leaving:
    """A window with songs, and how it goes."""

    def __init__(self, setting: Stage, qtbot: QtBot, tray: bool, *jobs: Job) -> None:
        self.setting = setting
        for job in jobs:
            setting.store.insert(job)
        self.window: MainWindow = setting.window()
        qtbot.addWidget(self.window)
        self.companion = Companion(self.window, setting.feed)
        self.farewell: Farewell = self.companion.farewell
        self.farewell._has_tray = lambda: tray
        self.window.show()
        qtbot.waitExposed(self.window)
        qtbot.waitUntil(lambda: self.window.library.jobs.rowCount() == len(jobs))

    @property
    def question(self) -> QuitQuestion:
        assert self.farewell.question is not None
        return self.farewell.question

    def finish(self) -> None:
        """All that waits is done, as the worker would."""
        for job in self.setting.store.pending():
            claimed = self.setting.store.claim(job.id)
            assert claimed
            stems = write_stems(self.setting.home.job(job.id).run(claimed.token), seconds=0.1)
            self.setting.store.complete(claimed, stems, ())
            self.setting.feed.changed.emit(job.id)


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_REST_MS", 20)
    monkeypatch.setattr(companion, "keepers", list)  # the machine of the tests may sleep
    yield
    QApplication.setQuitOnLastWindowClosed(True)


@pytest.fixture
def quits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The test's own application must not end; that it was asked to is noted."""
    asked: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", staticmethod(lambda: asked.append(True)))
    return asked


@pytest.fixture
def leaving(setting: Stage, qtbot: QtBot, quits: list[bool]) -> Iterator[Leaving]:
    made = Leaving(setting, qtbot, True, a_job("one"), a_job("two"))
    yield made
    made.farewell.leave()


def test_nothing_is_asked_when_nothing_is_in_work(setting: Stage, qtbot: QtBot) -> None:
    leaving = Leaving(setting, qtbot, True, a_job("done", JobState.COMPLETED), a_job("broken", JobState.FAILED))
    qtbot.keyClick(leaving.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert not leaving.window.isVisible()
    assert leaving.farewell.question is None


def test_songs_that_wait_in_a_held_queue_hold_nobody_up(setting: Stage, qtbot: QtBot) -> None:
    setting.service.pause()
    leaving = Leaving(setting, qtbot, True, a_job("waits"))
    qtbot.waitUntil(lambda: not leaving.companion.work.active)
    leaving.window.close()
    assert not leaving.window.isVisible()


def test_songs_that_cannot_be_separated_hold_nobody_up(setting: Stage, qtbot: QtBot) -> None:
    leaving = Leaving(setting, qtbot, True, a_job("waits"))
    setting.feed.trouble.emit("Redis cannot be started.")
    leaving.window.close()
    assert not leaving.window.isVisible()


def test_the_question_is_put_once_and_escape_stays(leaving: Leaving, qtbot: QtBot) -> None:
    leaving.window.close()
    leaving.window.close()
    assert leaving.window.isVisible()
    assert len(leaving.window.findChildren(QuitQuestion)) == 1
    assert leaving.question.windowTitle() == "Quit Unbraid"
    qtbot.keyClick(leaving.question, Qt.Key.Key_Escape)
    assert leaving.farewell.question is None
    assert leaving.window.isVisible()
    assert load_settings(leaving.setting.home).quit == "ask"


def test_stop_ends_the_app_and_keeps_the_songs(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.question.stop.click()
    assert quits
    assert not leaving.window.isVisible()
    assert len(leaving.setting.store.pending()) == 2
    assert load_settings(leaving.setting.home).quit == "ask"


def test_an_answer_is_remembered_when_it_is_to_hold_for_good(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.question.for_good.click()
    leaving.question.stop.click()
    assert load_settings(leaving.setting.home).quit == "stop"


def test_staying_is_never_remembered(leaving: Leaving) -> None:
    leaving.window.close()
    leaving.question.for_good.click()
    leaving.question.stay.click()
    assert load_settings(leaving.setting.home).quit == "ask"


def test_in_the_background_the_app_goes_on_and_ends_with_the_last_song(
    leaving: Leaving, qtbot: QtBot, quits: list[bool]
) -> None:
    leaving.window.open_settings()
    leaving.window.close()
    leaving.question.background.click()
    assert not any(widget.isVisible() for widget in QApplication.topLevelWidgets())
    assert leaving.farewell.in_background
    assert not QApplication.quitOnLastWindowClosed()
    assert leaving.companion.tray.icon.isVisible()
    assert not quits
    leaving.finish()
    qtbot.waitUntil(lambda: bool(quits))


def test_the_tray_says_how_far_the_songs_are_and_brings_the_window_back(leaving: Leaving, qtbot: QtBot) -> None:
    tray = leaving.companion.tray
    leaving.window.memory.change(quit="background")
    leaving.window.close()
    qtbot.waitUntil(lambda: leaving.farewell.in_background)
    assert tray.icon.toolTip() == "Unbraid · 2 songs queued"
    first = leaving.setting.store.pending()[0]
    leaving.setting.store.claim(first.id)
    leaving.setting.feed.changed.emit(first.id)
    qtbot.waitUntil(lambda: tray.icon.toolTip() == "Unbraid · Separating 1 of 2")
    assert [action.text() for action in tray.menu.actions()] == ["Show Unbraid", "Quit"]
    tray.menu.actions()[0].trigger()
    assert leaving.window.isVisible()
    assert not leaving.farewell.in_background
    assert QApplication.quitOnLastWindowClosed()
    assert not tray.icon.isVisible()


def test_quit_in_the_tray_asks_nothing(leaving: Leaving, quits: list[bool]) -> None:
    leaving.farewell.go_to_background()
    leaving.companion.tray.menu.actions()[1].trigger()
    assert quits
    assert leaving.farewell.question is None


def test_a_second_start_brings_a_hidden_window_back(leaving: Leaving) -> None:
    leaving.farewell.go_to_background()
    leaving.companion.take_over([])
    assert leaving.window.isVisible()


def test_without_a_tray_only_stopping_is_offered_whatever_is_remembered(
    setting: Stage, qtbot: QtBot, quits: list[bool]
) -> None:
    leaving = Leaving(setting, qtbot, False, a_job("one"))
    leaving.window.memory.change(quit="background")
    leaving.window.close()
    assert not leaving.question.background.isVisible()
    assert leaving.question.stop.isVisible()
    leaving.question.stop.click()
    assert quits


def test_a_shutdown_of_the_system_asks_nothing(leaving: Leaving) -> None:
    leaving.farewell.end_session()
    leaving.window.close()
    assert not leaving.window.isVisible()
    assert leaving.farewell.question is None


def test_a_signal_that_ends_the_app_closes_an_open_question(leaving: Leaving, quits: list[bool]) -> None:
    leaving.window.close()
    leaving.companion.leave()
    assert quits
    assert not leaving.window.isVisible()
