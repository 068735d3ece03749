"""Which song is chosen when nobody has chosen one."""

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.jobs.columns import Column
from desktop.ui.main_window import MainWindow
from tests.helpers.library import write_song
from tests.helpers.window import Stage, a_job, stored_song

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def _open(setting: Stage, qtbot: QtBot) -> MainWindow:
    made = setting.window()
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    with qtbot.waitSignal(made.library.refresher.loaded):
        made.library.refresher.reload()
    return made


def _chosen(window: MainWindow) -> list[str]:
    return [job.title for job in window.table.chosen()]


def test_the_first_song_is_chosen_soon_after_the_start(setting: Stage, qtbot: QtBot) -> None:
    setting.store.insert(a_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    assert _chosen(window) == []
    qtbot.waitUntil(lambda: _chosen(window) == ["Night Drive"])
    assert window.panel.job is not None


def test_each_added_song_is_chosen_while_the_user_chooses_none(setting: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    window = _open(setting, qtbot)
    for name in ("one", "two"):
        window.add_tracks([write_song(tmp_path / f"{name}.wav", 1.0)])
        qtbot.waitUntil(lambda name=name: _chosen(window) == [name])


def test_an_earlier_choice_does_not_keep_a_new_song_from_being_chosen(
    setting: Stage, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(a_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.keyClick(window.table, Qt.Key.Key_Down)
    assert _chosen(window) == ["Night Drive"]
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    qtbot.waitUntil(lambda: _chosen(window) == ["new"])


def test_what_the_user_chooses_while_a_song_is_copied_stays_chosen(
    setting: Stage, qtbot: QtBot, tmp_path: Path
) -> None:
    for title in ("Night Drive", "Day Walk"):
        setting.store.insert(a_job(title, JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: len(_chosen(window)) == 1)
    copied = Event()
    window.library.adder._background.run(copied.wait)
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    place = window.table.visualRect(window.table.model().index(1, Column.TITLE)).center()
    qtbot.mouseClick(window.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    mine = _chosen(window)
    with qtbot.waitSignal(window.library.first_added):
        copied.set()
    assert _chosen(window) == mine


def test_a_song_from_another_process_is_chosen_where_none_is_shown(setting: Stage, qtbot: QtBot) -> None:
    window = _open(setting, qtbot)
    job = a_job("From a shell", JobState.CANCELLED)
    setting.store.insert(job)
    setting.feed.changed.emit(job.id)
    qtbot.waitUntil(lambda: _chosen(window) == ["From a shell"])
    other = a_job("And another", JobState.CANCELLED)
    setting.store.insert(other)
    setting.feed.changed.emit(other.id)
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 2)
    assert _chosen(window) == ["From a shell"]


def test_an_added_song_is_chosen_although_a_search_would_leave_it_out(
    setting: Stage, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(a_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    window.top.search.setText("night")
    window.add_tracks([write_song(tmp_path / "other.wav", 1.0)])
    qtbot.waitUntil(lambda: _chosen(window) == ["other"])
    assert window.top.search.text() == ""


@pytest.mark.parametrize("touch", ["seek", "play", "mute"])
def test_added_songs_leave_a_song_in_the_player_that_was_worked_with(
    setting: Stage, qtbot: QtBot, tmp_path: Path, touch: str
) -> None:
    stored_song(setting)
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: window.player.ready)
    keys = {"seek": [Qt.Key.Key_Right], "play": [Qt.Key.Key_Space] * 2, "mute": [Qt.Key.Key_1]}
    for key in keys[touch]:  # played and paused
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier if touch == "seek" else Qt.KeyboardModifier.NoModifier)
    place = window.player.position
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    with qtbot.waitSignal(window.library.first_added):
        pass
    assert _chosen(window) == ["Night Drive"]
    assert window.player.ready
    assert window.player.position == place
