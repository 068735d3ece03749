"""Library and Player are pages: what opens and leaves them, and what stays when the page changes."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.app.main_window import MINIMUM_SIZE, MainWindow
from desktop.ui.app.page_stack import Page
from desktop.ui.core.actions import ActionId
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.page_header import PageHeader
from desktop.ui.pages.player.transport_bar import TransportBar
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def song(setting: WindowHarness) -> Job:
    return setting.store.insert(write_library_job(setting.home, stem_count=6, seconds=20.0))


@pytest.fixture
def playable(setting: WindowHarness, song: Job, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window in which a separated song is selected and can be played."""
    window = open_window(setting, qtbot)
    window.job_view.select_job(song.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    yield window
    window.close()


def test_return_gives_the_song_the_whole_window_and_plays_it_and_esc_goes_back_to_its_row(
    playable: MainWindow, qtbot: QtBot
) -> None:
    playable.job_view.setFocus()
    with qtbot.waitSignal(playable.player.playing_changed):
        qtbot.keyClick(playable.job_view, Qt.Key.Key_Return)
    assert playable.navigation.page is Page.PLAYER
    assert playable.job_view.isHidden()
    assert playable.player_panel.waveforms is playable.focusWidget()
    qtbot.keyClick(playable, Qt.Key.Key_Escape)
    assert playable.navigation.page is Page.LIBRARY
    assert playable.job_view.isVisible()
    assert playable.job_view.hasFocus()
    assert playable.player.is_playing
    playable.player.stop()


def test_song_zoom_and_playhead_stay_when_the_page_changes(playable: MainWindow, qtbot: QtBot, song: Job) -> None:
    view = playable.player_panel.waveforms
    assert view is not None
    view.view_box.show_range(3.0, 6.0)
    playable.player.seek_to_seconds(4.0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_1):
        qtbot.keyClick(playable, key, CTRL)
        assert view is playable.player_panel.waveforms
        assert view.isVisible()
        assert view.view_box.visible_range() == pytest.approx((3.0, 6.0), abs=0.01)
        assert playable.player.position_seconds == 4.0
        assert playable.player_panel.job is not None
        assert playable.player_panel.job.id == song.id


def test_tabs_are_page_tabs_and_arrows_change_the_page(playable: MainWindow, qtbot: QtBot) -> None:
    tabs = playable.top_bar.tabs
    interface = QAccessible.queryAccessibleInterface(tabs)
    assert interface is not None
    assert interface.role() is QAccessible.Role.PageTabList
    assert [tabs.tabText(number) for number in range(tabs.count())] == ["Library", "Player"]
    tabs.setFocus()
    qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert playable.navigation.page is Page.PLAYER
    assert tabs.hasFocus()


def test_player_cannot_be_opened_without_songs(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.navigation.page is Page.LIBRARY
    assert not window.top_bar.tabs.isEnabled()


def test_player_page_closes_with_its_last_song(
    playable: MainWindow, setting: WindowHarness, song: Job, qtbot: QtBot
) -> None:
    playable.navigation.show_player()
    playable.library.removals.remove([song])
    qtbot.waitUntil(lambda: playable.navigation.page is Page.LIBRARY)
    assert playable.empty_state.isVisible()


def test_searching_shows_the_library(playable: MainWindow, qtbot: QtBot) -> None:
    playable.navigation.show_player()
    playable.top_bar.search_for("night")
    assert playable.navigation.page is Page.LIBRARY


def test_keys_of_the_player_page_mean_the_song_and_not_the_table(
    playable: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    removed = setting.store.insert(make_job("Removed"))
    setting.store.move_to_bin([removed.id])
    playable.navigation.show_player()
    playable.player.mix.set_mute(0, True)
    qtbot.keyClick(playable, Qt.Key.Key_Z, CTRL)
    assert not playable.player.mix.lane_mix(0).mute
    qtbot.keyClick(playable, Qt.Key.Key_Delete)
    assert playable.library.table_model.rowCount() == 1
    assert [job.id for job in setting.store.jobs_in_bin()] == [removed.id]


def test_foot_pedal_plays_and_returns_to_the_start_of_the_loop(playable: MainWindow, qtbot: QtBot) -> None:
    playable.navigation.show_player()
    playable.player.practice.set_passage(2.0, 5.0)
    playable.player.seek_to_seconds(4.0)
    qtbot.keyClick(playable.player_panel.waveforms, Qt.Key.Key_PageUp)
    assert playable.player.position_seconds == 2.0
    with qtbot.waitSignal(playable.registry.qt_action(ActionId.PLAY_OR_PAUSE).triggered):
        qtbot.keyClick(playable.player_panel.waveforms, Qt.Key.Key_PageDown)
    playable.player.stop()


@pytest.mark.parametrize("size", [QSize(*MINIMUM_SIZE), QSize(1440, 900), QSize(2560, 1440)])
def test_nothing_on_the_player_page_is_cut_off(playable: MainWindow, qtbot: QtBot, size: QSize) -> None:
    playable.navigation.show_player()
    playable.resize(size)
    qtbot.waitUntil(lambda: playable.size() == size)
    lanes = playable.player_panel.findChildren(LaneHeader)
    assert len(lanes) == 6
    parts: list[QWidget] = [*lanes, *playable.findChildren(PageHeader), *playable.findChildren(TransportBar)]

    def list_controls() -> list[QWidget]:
        kinds = (QAbstractButton, QAbstractSlider)
        controls = [control for part in parts for kind in kinds for control in part.findChildren(kind)]
        return [control for control in controls if control.isVisible()]

    assert len(list_controls()) > 40
    qtbot.waitUntil(lambda: all(each.visibleRegion().boundingRect() == each.rect() for each in list_controls()))
    for control in list_controls():
        assert control.accessibleName(), control


def test_splitter_of_the_library_is_where_it_was_after_the_player_page(playable: MainWindow, qtbot: QtBot) -> None:
    playable.splitter.moveSplitter(250, 1)
    state = playable.splitter.save_user_state()
    playable.navigation.show_player()
    assert playable.splitter.save_user_state() == state
    playable.navigation.show_library()
    qtbot.waitUntil(lambda: abs(playable.splitter.sizes()[0] - 250) <= 2)
