"""The chosen sound output reaches the player, at once and while a song plays; media keys in the window."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSlider, QWidget
from pytestqt.qtbot import QtBot

from desktop.playback import player_output
from desktop.runtime.settings_file import SettingsFile
from desktop.setting_spec import Group
from desktop.ui.app import song_navigation
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.dialogs.settings import SettingsDialog
from tests.helpers.manual_device import ManualDevices
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "keyToAscii Unhandled")


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    devices = ManualDevices()
    devices.connected, devices.channels = {"Interface"}, 6
    monkeypatch.setattr(player_output, "Device", devices)
    return devices


@pytest.fixture
def playable(setting: WindowHarness, devices: ManualDevices, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window with two songs that can be played, the first of them selected."""
    jobs = [add_separated_song(setting, title=title) for title in ("One", "Two")]
    window = open_window(setting, qtbot)
    window.job_view.select_job(next(job.id for job in jobs if window.library.proxy.index_of(job.id).row() == 0))
    qtbot.waitUntil(lambda: window.player.is_ready)
    yield window
    window.close()


def test_output_of_the_settings_is_used_from_the_start(setting: WindowHarness, qtbot: QtBot) -> None:
    SettingsFile(setting.home).change(output_device="Interface", latency_ms=160, click_output=5)
    open_window(setting, qtbot)
    output = setting.session.output
    assert (output.device, output.latency_ms, output.routing["click"]) == ("Interface", 160, 5)


def test_changed_output_is_heard_while_a_song_plays(playable: MainWindow, devices: ManualDevices, qtbot: QtBot) -> None:
    playable.player.toggle_playback()
    qtbot.waitUntil(lambda: devices.is_playing)
    assert devices.devices[-1].title == "Speakers"
    for changes, title in (({"output_device": "Interface"}, "Interface"), ({"click_output": 5}, "Interface")):
        count = len(devices.devices)
        playable.settings_store.change(**changes)
        qtbot.waitUntil(lambda count=count: len(devices.devices) > count and devices.is_playing)
        assert devices.devices[-1].title == title
        assert playable.player.is_playing


def test_settings_open_at_playback(playable: MainWindow, qtbot: QtBot) -> None:
    playable.dialogs.open_settings(Group.PLAYBACK)
    (dialog,) = playable.findChildren(SettingsDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.focusWidget() is dialog.controls["output_device"]
    dialog.close()


def _press_media_key(window: MainWindow, widget: QWidget, qtbot: QtBot, key: Qt.Key) -> None:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)
    qtbot.keyClick(widget, key)


def test_media_keys_work_wherever_the_focus_is_in_the_window(playable: MainWindow, qtbot: QtBot) -> None:
    player = playable.player
    sliders = [slider for slider in playable.findChildren(QAbstractSlider) if slider.isVisible() and slider.isEnabled()]
    focusable = [slider for slider in sliders if slider.focusPolicy() & Qt.FocusPolicy.TabFocus]
    for widget in (playable.job_view, playable.top_bar.search_field, focusable[0]):
        _press_media_key(playable, widget, qtbot, Qt.Key.Key_MediaTogglePlayPause)
        assert player.is_playing, widget
        _press_media_key(playable, widget, qtbot, Qt.Key.Key_MediaPlay)
        assert not player.is_playing, widget
        player.seek_to_seconds(1.0)
        _press_media_key(playable, widget, qtbot, Qt.Key.Key_MediaStop)
        assert player.position == 0, widget


def test_next_and_previous_keys_go_through_the_songs_and_keep_playing(playable: MainWindow, qtbot: QtBot) -> None:
    player, panel, proxy = playable.player, playable.player_panel, playable.library.proxy

    def is_shown(row: int) -> bool:
        job = proxy.job_at(proxy.index(row, 0))
        return panel.job is not None and job is not None and panel.job.id == job.id and player.is_ready

    qtbot.keyClick(playable, Qt.Key.Key_MediaNext)
    qtbot.waitUntil(lambda: is_shown(1))
    assert not player.is_playing
    player.toggle_playback()
    qtbot.keyClick(playable, Qt.Key.Key_MediaPrevious)
    qtbot.waitUntil(lambda: is_shown(0) and player.is_playing)
    qtbot.keyClick(playable, Qt.Key.Key_MediaPrevious)
    assert is_shown(0), "there is no song before the first"
    assert player.is_playing
    player.toggle_playback()


def test_previous_key_returns_to_the_start_of_a_song_first(
    playable: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(song_navigation, "_RESTART_AFTER_S", 0.5)  # the song is short
    qtbot.keyClick(playable, Qt.Key.Key_MediaNext)
    qtbot.waitUntil(lambda: playable.job_view.currentIndex().row() == 1 and playable.player.is_ready)
    playable.player.seek_to_seconds(1.0)
    qtbot.keyClick(playable, Qt.Key.Key_MediaPrevious)
    assert playable.player.position == 0
    assert playable.job_view.currentIndex().row() == 1


def test_media_keys_are_in_the_list_of_shortcuts() -> None:
    assert "Media Next" in ACTIONS[ActionId.NEXT_SONG].key_texts
