"""Keys that both the window and a focused control handle: the control takes precedence."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import SIGNAL, QEvent, Qt
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.page_stack import Page
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.button import LetterButton
from desktop.ui.widgets.fader import Fader
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def playable(setting: WindowHarness, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window in which a separated job is selected and can be played."""
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    yield window
    window.close()


def _focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)


def _handles_key(control: QWidget, key: Qt.Key) -> bool:
    """Return whether the control, not the window's shortcut, receives the key."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(control, event)
    return event.isAccepted()


def _tab_stops(window: QWidget, kind: type[QWidget]) -> list[QWidget]:
    """Return the controls of a type that Tab can reach now."""
    controls = window.findChildren(kind)
    return [c for c in controls if c.isVisible() and c.isEnabled() and c.focusPolicy() & Qt.FocusPolicy.TabFocus]


def test_focused_button_handles_space_and_focused_slider_handles_arrows(playable: MainWindow, qtbot: QtBot) -> None:
    buttons, sliders = _tab_stops(playable, QAbstractButton), _tab_stops(playable, QAbstractSlider)
    assert len(buttons) >= 13
    assert len(sliders) >= 5
    for button in buttons:
        _focus(button, qtbot)
        assert _handles_key(button, Qt.Key.Key_Space), button.accessibleName()
        assert not _handles_key(button, Qt.Key.Key_Right), button.accessibleName()
    for slider in sliders:
        _focus(slider, qtbot)
        assert not _handles_key(slider, Qt.Key.Key_Space), slider.accessibleName()
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home):
            assert _handles_key(slider, key), slider.accessibleName()


@pytest.mark.qt_log_ignore("This plugin does not support raise")
def test_space_on_a_focused_button_presses_it_and_does_not_play(playable: MainWindow, qtbot: QtBot) -> None:
    mute = next(b for b in playable.findChildren(LetterButton) if b.accessibleName() == "Mute Vocals")
    _focus(mute, qtbot)
    with qtbot.assertNotEmitted(playable.registry.qt_action(ActionId.PLAY_OR_PAUSE).triggered):
        qtbot.keyClick(mute, Qt.Key.Key_Space)
    assert playable.player.mix.lane_mix(0).mute
    _focus(playable.top_bar.settings_button, qtbot)
    with qtbot.waitSignal(playable.top_bar.settings_requested):
        qtbot.keyClick(playable.top_bar.settings_button, Qt.Key.Key_Space)


@pytest.mark.parametrize("focus", ["table", "waveform", "fader", "nowhere"])
def test_space_plays_when_the_focused_widget_does_not_handle_it(playable: MainWindow, qtbot: QtBot, focus: str) -> None:
    waveform, fader = playable.player_panel.findChild(WaveformView), playable.player_panel.findChild(Fader)
    assert waveform is not None
    assert fader is not None
    widget = {"table": playable.job_view, "waveform": waveform, "fader": fader, "nowhere": playable.pages}[focus]
    _focus(widget, qtbot)
    with qtbot.waitSignal(playable.registry.qt_action(ActionId.PLAY_OR_PAUSE).triggered):
        qtbot.keyClick(widget, Qt.Key.Key_Space)


def test_space_in_the_search_field_is_typed(playable: MainWindow, qtbot: QtBot) -> None:
    _focus(playable.top_bar.search_field, qtbot)
    with qtbot.assertNotEmitted(playable.registry.qt_action(ActionId.PLAY_OR_PAUSE).triggered):
        qtbot.keyClicks(playable.top_bar.search_field, "a b")
    assert playable.top_bar.search_field.text() == "a b"


def test_arrows_on_a_fader_set_the_level_and_do_not_seek(playable: MainWindow, qtbot: QtBot) -> None:
    fader = playable.player_panel.findChild(Fader)
    assert fader is not None
    _focus(fader, qtbot)
    qtbot.keyClick(fader, Qt.Key.Key_Left)
    assert playable.player.mix.lane_mix(0).gain_db < 0
    qtbot.keyClick(fader, Qt.Key.Key_Home)
    assert playable.player.mix.lane_mix(0).gain_db == -60
    assert playable.player.position == 0


def test_arrows_in_the_table_move_between_cells_and_ctrl_arrows_seek(playable: MainWindow, qtbot: QtBot) -> None:
    table = playable.job_view
    _focus(table, qtbot)
    visited = [table.currentIndex().column()]
    shown = [column for column in Column if not table.isColumnHidden(column)]
    for _ in shown[1:]:
        qtbot.keyClick(table, Qt.Key.Key_Right)
        visited.append(table.currentIndex().column())
    assert visited == shown
    assert {Column.TITLE, Column.STATUS, Column.ACTIONS} <= set(shown)
    qtbot.keyClick(table, Qt.Key.Key_Home)
    assert table.currentIndex().column() == Column.TITLE
    assert playable.player.position == 0
    qtbot.keyClick(table, Qt.Key.Key_Right, CTRL)
    assert playable.player.position > 0


def test_alt_z_undoes_changes_of_the_mix_and_restores_no_removed_song(
    playable: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    removed = setting.store.insert(make_job("Removed"))
    setting.store.move_to_bin([removed.id])
    qtbot.keyClick(playable, Qt.Key.Key_1)
    qtbot.keyClick(playable, Qt.Key.Key_Z, Qt.KeyboardModifier.AltModifier)
    assert not playable.player.mix.lane_mix(0).mute
    qtbot.keyClick(playable, Qt.Key.Key_Z, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert playable.player.mix.lane_mix(0).mute
    assert [job.id for job in setting.store.jobs_in_bin()] == [removed.id]
    qtbot.keyClick(playable, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: not setting.store.jobs_in_bin())
    assert playable.player.mix.lane_mix(0).mute


def test_keys_hear_the_original_and_leave_one_lane_soloed(playable: MainWindow, qtbot: QtBot) -> None:
    mix = playable.player.mix
    qtbot.keyClick(playable, Qt.Key.Key_O)
    assert [mix.is_audible(lane) for lane in range(5)] == [False] * 4 + [True]
    qtbot.keyClick(playable, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert [mix.is_audible(lane) for lane in range(5)] == [False, True, False, False, False]
    qtbot.keyClick(playable, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier | CTRL)
    assert [mix.lane_mix(lane).mute for lane in range(5)] == [False, False, True, False, False]


def test_accessible_toggle_action_mutes_and_solos(playable: MainWindow) -> None:
    changes: list[bool] = []
    playable.player.mix.lanes_changed.connect(lambda: changes.append(True))
    buttons = playable.player_panel.findChildren(LaneHeader)[0].findChildren(LetterButton)
    for button in buttons:
        interface = QAccessible.queryAccessibleInterface(button)
        assert interface is not None
        interface.actionInterface().doAction("Toggle")
    assert playable.player.mix.lane_mix(0) == replace(playable.player.mix.lane_mix(0), mute=True, solo=True)
    assert [button.isChecked() for button in buttons] == [True, True]
    playable.player.mix.toggle_mute(0)
    assert [button.isChecked() for button in buttons] == [False, True]
    assert len(changes) == 3


@pytest.mark.qt_log_ignore("This plugin does not support raise", "does not support propagateSizeHints")
def test_no_checkable_control_connects_to_clicked(playable: MainWindow, setting: WindowHarness) -> None:
    """A click is one of several ways to check a control; `toggled` is emitted for each of them."""
    playable.dialogs.open_settings()
    dialog = QuitDialog(2, 0, offers_background=True, parent=playable)
    windows: list[QWidget] = [playable, dialog, *playable.findChildren(SettingsDialog)]
    checkable = [b for window in windows for b in window.findChildren(QAbstractButton) if b.isCheckable()]
    assert len(checkable) >= 4 * 2 + 4 + 1
    for button in checkable:
        assert button.receivers(SIGNAL("clicked(bool)")) == 0, button.accessibleName()
        assert button.receivers(SIGNAL("clicked()")) == 0, button.accessibleName()


def test_foot_pedal_plays_from_every_control_of_the_player_page(playable: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(playable, Qt.Key.Key_2, CTRL)
    qtbot.waitUntil(lambda: playable.navigation.page is Page.PLAYER)
    sliders, buttons = _tab_stops(playable, QAbstractSlider), _tab_stops(playable, QAbstractButton)
    assert len(sliders) >= 5
    for control in (*sliders, *buttons, *_tab_stops(playable, QAbstractSpinBox), playable.player_panel):
        for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            assert not _handles_key(control, key), control.accessibleName()
    for control in (sliders[0], buttons[0]):
        _focus(control, qtbot)
        with qtbot.waitSignal(playable.registry.qt_action(ActionId.PLAY_OR_PAUSE).triggered):
            qtbot.keyClick(control, Qt.Key.Key_PageDown)
        playable.player.seek_to_seconds(1.0)
        with qtbot.waitSignal(playable.registry.qt_action(ActionId.RETURN_TO_LOOP_START).triggered):
            qtbot.keyClick(control, Qt.Key.Key_PageUp)


def test_page_keys_page_through_the_table_of_the_library(setting: WindowHarness, qtbot: QtBot) -> None:
    for number in range(60):
        setting.store.insert(make_job(f"Song {number:02}"))
    window = open_window(setting, qtbot)
    _focus(window.job_view, qtbot)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Down)
    assert window.job_view.currentIndex().row() == 0
    qtbot.keyClick(window.job_view, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: window.job_view.currentIndex().row() > 1)
    qtbot.keyClick(window.job_view, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: window.job_view.currentIndex().row() == 0)
