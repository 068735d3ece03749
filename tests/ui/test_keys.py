"""Keys that the window and a focused control both know: the control comes first."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import SIGNAL, QEvent, Qt
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.player.buttons import LetterButton
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.fader import Fader
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def playable(setting: WindowHarness, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window in which a separated song is chosen and can be played."""
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    yield window
    window.close()


def _focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)


def _is_kept(control: QWidget, key: Qt.Key) -> bool:
    """Whether the control gets the key, in place of the window's shortcut."""
    offer = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    offer.ignore()
    QApplication.sendEvent(control, offer)
    return offer.isAccepted()


def _reachable(window: QWidget, kind: type[QWidget]) -> list[QWidget]:
    """Controls of a kind that Tab can reach now."""
    controls = window.findChildren(kind)
    return [c for c in controls if c.isVisible() and c.isEnabled() and c.focusPolicy() & Qt.FocusPolicy.TabFocus]


def test_every_button_keeps_space_and_every_slider_its_arrows(playable: MainWindow, qtbot: QtBot) -> None:
    buttons, sliders = _reachable(playable, QAbstractButton), _reachable(playable, QAbstractSlider)
    assert len(buttons) >= 13
    assert len(sliders) >= 5
    for button in buttons:
        _focus(button, qtbot)
        assert _is_kept(button, Qt.Key.Key_Space), button.accessibleName()
        assert not _is_kept(button, Qt.Key.Key_Right), button.accessibleName()
    for slider in sliders:
        _focus(slider, qtbot)
        assert not _is_kept(slider, Qt.Key.Key_Space), slider.accessibleName()
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home):
            assert _is_kept(slider, key), slider.accessibleName()


@pytest.mark.qt_log_ignore("This plugin does not support raise")
def test_space_on_a_focused_button_presses_it_and_plays_nothing(playable: MainWindow, qtbot: QtBot) -> None:
    mute = next(b for b in playable.findChildren(LetterButton) if b.accessibleName() == "Mute Vocals")
    _focus(mute, qtbot)
    with qtbot.assertNotEmitted(playable.actions_by_name["Play or pause"].triggered):
        qtbot.keyClick(mute, Qt.Key.Key_Space)
    assert playable.player.lane_mix(0).muted
    _focus(playable.top_bar.settings_button, qtbot)
    with qtbot.waitSignal(playable.top_bar.settings_requested):
        qtbot.keyClick(playable.top_bar.settings_button, Qt.Key.Key_Space)


@pytest.mark.parametrize("place", ["table", "waveform", "fader", "nowhere"])
def test_space_plays_where_no_control_uses_it(playable: MainWindow, qtbot: QtBot, place: str) -> None:
    waveform, fader = playable.player_panel.findChild(WaveformView), playable.player_panel.findChild(Fader)
    assert waveform is not None
    assert fader is not None
    widget = {"table": playable.job_view, "waveform": waveform, "fader": fader, "nowhere": playable.pages}[place]
    _focus(widget, qtbot)
    with qtbot.waitSignal(playable.actions_by_name["Play or pause"].triggered):
        qtbot.keyClick(widget, Qt.Key.Key_Space)


def test_space_in_the_search_is_typed(playable: MainWindow, qtbot: QtBot) -> None:
    _focus(playable.top_bar.search_field, qtbot)
    with qtbot.assertNotEmitted(playable.actions_by_name["Play or pause"].triggered):
        qtbot.keyClicks(playable.top_bar.search_field, "a b")
    assert playable.top_bar.search_field.text() == "a b"


def test_arrows_on_a_fader_set_the_level_and_leave_the_playhead(playable: MainWindow, qtbot: QtBot) -> None:
    fader = playable.player_panel.findChild(Fader)
    assert fader is not None
    _focus(fader, qtbot)
    qtbot.keyClick(fader, Qt.Key.Key_Left)
    assert playable.player.lane_mix(0).gain_db < 0
    qtbot.keyClick(fader, Qt.Key.Key_Home)
    assert playable.player.lane_mix(0).gain_db == -60
    assert playable.player.position == 0


def test_arrows_in_the_table_go_from_cell_to_cell_and_with_ctrl_seek(playable: MainWindow, qtbot: QtBot) -> None:
    table = playable.job_view
    _focus(table, qtbot)
    seen = [table.currentIndex().column()]
    for _ in range(len(Column) - 2):  # the artist's column is hidden
        qtbot.keyClick(table, Qt.Key.Key_Right)
        seen.append(table.currentIndex().column())
    assert seen == [column for column in Column if column is not Column.ARTIST]
    qtbot.keyClick(table, Qt.Key.Key_Home)
    assert table.currentIndex().column() == Column.TITLE
    assert playable.player.position == 0
    qtbot.keyClick(table, Qt.Key.Key_Right, CTRL)
    assert playable.player.position > 0


def test_toggle_of_assistive_technology_mutes_and_solos(playable: MainWindow) -> None:
    told: list[bool] = []
    playable.player.lanes_changed.connect(lambda: told.append(True))
    buttons = playable.player_panel.findChildren(LaneHeader)[0].findChildren(LetterButton)
    for button in buttons:
        interface = QAccessible.queryAccessibleInterface(button)
        assert interface is not None
        interface.actionInterface().doAction("Toggle")
    assert playable.player.lane_mix(0) == replace(playable.player.lane_mix(0), muted=True, soloed=True)
    assert [button.isChecked() for button in buttons] == [True, True]
    playable.player.toggle_mute(0)
    assert [button.isChecked() for button in buttons] == [False, True]
    assert len(told) == 3


@pytest.mark.qt_log_ignore("This plugin does not support raise", "does not support propagateSizeHints")
def test_no_checkable_control_acts_on_clicks(playable: MainWindow, setting: WindowHarness) -> None:
    """A click is one of several ways to check a control; `toggled` comes with each of them."""
    playable.open_settings()
    question = QuitDialog(2, 0, offers_background=True, parent=playable)
    windows: list[QWidget] = [playable, question, *playable.findChildren(SettingsDialog)]
    checkable = [b for window in windows for b in window.findChildren(QAbstractButton) if b.isCheckable()]
    assert len(checkable) >= 4 * 2 + 4 + 1
    for button in checkable:
        assert button.receivers(SIGNAL("clicked(bool)")) == 0, button.accessibleName()
        assert button.receivers(SIGNAL("clicked()")) == 0, button.accessibleName()
