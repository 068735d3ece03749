"""Which job the window selects while the user has selected none."""

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from tests.helpers.jobs import make_job
from tests.helpers.library import write_song
from tests.helpers.window import WindowHarness, add_separated_song

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def _open(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    window = setting.create_window()
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    with qtbot.waitSignal(window.library.refresher.loaded):
        window.library.refresher.reload()
    return window


def _selected_titles(window: MainWindow) -> list[str]:
    return [job.title for job in window.job_view.selected_jobs()]


def test_first_job_is_selected_soon_after_the_start(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    assert _selected_titles(window) == []
    qtbot.waitUntil(lambda: _selected_titles(window) == ["Night Drive"])
    assert window.player_panel.job is not None


def test_each_added_job_is_selected_while_the_user_selects_none(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window = _open(setting, qtbot)
    for name in ("one", "two"):
        window.add_tracks([write_song(tmp_path / f"{name}.wav", 1.0)])
        qtbot.waitUntil(lambda name=name: _selected_titles(window) == [name])


def test_added_job_is_selected_despite_an_earlier_selection(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Down)
    assert _selected_titles(window) == ["Night Drive"]
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    qtbot.waitUntil(lambda: _selected_titles(window) == ["new"])


def test_selection_made_while_a_track_is_copied_is_kept(setting: WindowHarness, qtbot: QtBot, tmp_path: Path) -> None:
    for title in ("Night Drive", "Day Walk"):
        setting.store.insert(make_job(title, JobState.CANCELLED))
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: len(_selected_titles(window)) == 1)
    copied = Event()
    window.library.import_queue._background.run(copied.wait)
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    row_center = window.job_view.visualRect(window.job_view.model().index(1, Column.TITLE)).center()
    qtbot.mouseClick(window.job_view.viewport(), Qt.MouseButton.LeftButton, pos=row_center)
    selected_by_user = _selected_titles(window)
    with qtbot.waitSignal(window.library.first_added):
        copied.set()
    assert _selected_titles(window) == selected_by_user


def test_job_from_another_process_is_selected_only_without_a_selection(setting: WindowHarness, qtbot: QtBot) -> None:
    window = _open(setting, qtbot)
    job = make_job("From a shell", JobState.CANCELLED)
    setting.store.insert(job)
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: _selected_titles(window) == ["From a shell"])
    other = make_job("And another", JobState.CANCELLED)
    setting.store.insert(other)
    setting.feed.job_changed.emit(other.id)
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 2)
    assert _selected_titles(window) == ["From a shell"]


def test_added_job_is_selected_and_clears_a_search_that_would_hide_it(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    setting.store.insert(make_job("Night Drive", JobState.CANCELLED))
    window = _open(setting, qtbot)
    window.top_bar.search_field.setText("night")
    window.add_tracks([write_song(tmp_path / "other.wav", 1.0)])
    qtbot.waitUntil(lambda: _selected_titles(window) == ["other"])
    assert window.top_bar.search_field.text() == ""


@pytest.mark.parametrize("interaction", ["seek", "play", "mute"])
def test_added_jobs_do_not_replace_a_job_in_use_in_the_player(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path, interaction: str
) -> None:
    add_separated_song(setting)
    window = _open(setting, qtbot)
    qtbot.waitUntil(lambda: window.player.is_ready)
    keys = {"seek": [Qt.Key.Key_Right], "play": [Qt.Key.Key_Space] * 2, "mute": [Qt.Key.Key_1]}
    for key in keys[interaction]:  # two presses of Space: play and pause
        qtbot.keyClick(
            window,
            key,
            Qt.KeyboardModifier.ControlModifier if interaction == "seek" else Qt.KeyboardModifier.NoModifier,
        )
    position = window.player.position
    window.add_tracks([write_song(tmp_path / "new.wav", 1.0)])
    with qtbot.waitSignal(window.library.first_added):
        pass
    assert _selected_titles(window) == ["Night Drive"]
    assert window.player.is_ready
    assert window.player.position == position
