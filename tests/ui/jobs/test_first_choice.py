"""Which song is chosen when nobody has chosen one."""

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from tests.helpers.library import write_song
from tests.helpers.window import WindowHarness, add_separated_song, make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def _open(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    made = setting.create_window()
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    with qtbot.waitSignal(made.library.refresher.loaded):
        made.library.refresher.reload()
    return made


def _chosen(window: MainWindow) -> list[str]:
    return [job.title for job in window.job_view.selected_jobs()]


def test_the_first_song_is_chosen_soon_after_the_start(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    assert _chosen(window) == []
    qtbot.waitUntil(lambda: _chosen(window) == ["Night Drive"])
    assert window.player_panel.job is not None


def test_each_added_song_is_chosen_while_the_user_chooses_none(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window = _open(setting, qtbot)
    for name in ("one", "two"):
        window.add_tracks([write_song(tmp_path / f"{name}.wav", 1.0)])
        qtbot.waitUntil(lambda name=name: _chosen(window) == [name])


def test_an_earlier_choice_does_not_keep_a_new_song_from_being_chosen(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Down)
    assert _chosen(window) == ["Night Drive"]
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    qtbot.waitUntil(lambda: _chosen(window) == ["new"])


def test_what_the_user_chooses_while_a_song_is_copied_stays_chosen(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    for title in ("Night Drive", "Day Walk"):
        setting.store.insert(make_job(title, JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: len(_chosen(window)) == 1)
    copied = Event()
    window.library.import_queue._background.run(copied.wait)
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    place = window.job_view.visualRect(window.job_view.model().index(1, Column.TITLE)).center()
    qtbot.mouseClick(window.job_view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    mine = _chosen(window)
    with qtbot.waitSignal(window.library.first_added):
        copied.set()
    assert _chosen(window) == mine


def test_a_song_from_another_process_is_chosen_where_none_is_shown(setting: WindowHarness, qtbot: QtBot) -> None:
    window = _open(setting, qtbot)
    job = make_job("From a shell", JobState.CANCELLED)
    setting.store.insert(job)
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: _chosen(window) == ["From a shell"])
    other = make_job("And another", JobState.CANCELLED)
    setting.store.insert(other)
    setting.feed.job_changed.emit(other.id)
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 2)
    assert _chosen(window) == ["From a shell"]


def test_an_added_song_is_chosen_although_a_search_would_leave_it_out(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    window.top_bar.search_field.setText("night")
    window.add_tracks([write_song(tmp_path / "other.wav", 1.0)])
    qtbot.waitUntil(lambda: _chosen(window) == ["other"])
    assert window.top_bar.search_field.text() == ""


@pytest.mark.parametrize("touch", ["seek", "play", "mute"])
def test_added_songs_leave_a_song_in_the_player_that_was_worked_with(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path, touch: str
) -> None:
    add_separated_song(setting)
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: window.player.is_ready)
    keys = {"seek": [Qt.Key.Key_Right], "play": [Qt.Key.Key_Space] * 2, "mute": [Qt.Key.Key_1]}
    for key in keys[touch]:  # played and paused
        qtbot.keyClick(
            window, key, Qt.KeyboardModifier.ControlModifier if touch == "seek" else Qt.KeyboardModifier.NoModifier
        )
    place = window.player.position
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    with qtbot.waitSignal(window.library.first_added):
        pass
    assert _chosen(window) == ["Night Drive"]
    assert window.player.is_ready
    assert window.player.position == place
