"""The Player page by keys: Tab reaches every control once, in visual order, and keys change what has the focus."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.jobs.model import JobState
from desktop.lyrics.lines import LyricLine
from desktop.playback.practice import Loop, Marker
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.page_stack import Page
from desktop.ui.core.action import ActionId
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.page_header import PageHeader
from desktop.ui.pages.player.ruler import Ruler
from desktop.ui.pages.player.transport_bar import TransportBar
from desktop.ui.widgets.segmented_control import SegmentButton
from desktop.ui.widgets.value_field import LevelField, ValueField
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", "grabbing the keyboard")
Role = QAccessible.Role
NO_CONTROLS = (Role.NoRole, Role.Client, Role.Pane, Role.LayeredPane, Role.Grouping, Role.Window, Role.StaticText)
SIZES = [QSize(1024, 640), QSize(1440, 900)]
both_sizes = pytest.mark.parametrize("player_window", SIZES, ids=["small", "large"], indirect=True)
MAX_TABS = 120
MIN_SIZE = 24
# A ring of two pixels around the smallest round control has some 80.
MIN_RING_PIXELS = 60
BEATS = SongAnalysis(
    BeatGrid(tuple(number * 0.5 for number in range(40))), 120.0, Key(9, True), chords=(Chord(0.0, 20.0, "Am"),)
)


@pytest.fixture
def player_window(setting: WindowHarness, qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[MainWindow]:
    """The Player page with all that a song can have: six stems, beats, a loop, a section and lyrics."""
    job = setting.store.insert(write_library_job(setting.home, stem_count=6, seconds=20.0))
    window = open_window(setting, qtbot, getattr(request, "param", SIZES[1]))
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.player.analysis.set_found(BEATS)
    practice = window.player.practice
    practice.apply(
        replace(
            practice.state,
            loops=(Loop(2.0, 6.0, "Chorus"),),
            loop_index=0,
            markers=(Marker(12.0, "Bridge"),),
            lyrics=(LyricLine("First line", 1.0), LyricLine("Second line", 3.0)),
        )
    )
    window.navigation.show_player()
    qtbot.waitUntil(window.player_panel.lyrics.isVisible)
    yield window
    window.close()


@pytest.fixture
def failed_song_window(setting: WindowHarness, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window in which a song is selected that could not be separated."""
    job = setting.store.insert(make_job(state=JobState.FAILED, error=verbatim("It is damaged.")))
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    yield window
    window.close()


def focused_widget() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def walk(qtbot: QtBot, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Press a key until the focus returns to where it began, and return the widgets that had it."""
    found = [focused_widget()]
    for _ in range(MAX_TABS):
        qtbot.keyClick(focused_widget(), key)
        if focused_widget() is found[0]:
            return found
        found.append(focused_widget())
    raise AssertionError([widget.accessibleName() for widget in found])


def count_changed_pixels(one: QImage, other: QImage) -> int:
    """Return how many pixels differ between two pictures of 32 bits a pixel."""
    pixels, other_pixels = (np.frombuffer(image.constBits(), np.uint32) for image in (one, other))
    return np.count_nonzero(pixels != other_pixels)


@both_sizes
def test_tab_reaches_every_control_and_returns_in_both_directions(player_window: MainWindow, qtbot: QtBot) -> None:
    controls = walk(qtbot)
    assert len(set(controls)) == len(controls)
    backward = walk(qtbot, Qt.Key.Key_Backtab)
    assert backward == [controls[0], *reversed(controls[1:])]
    names = {control.accessibleName() for control in controls}
    lane_controls = ("Pan of {}", "Mute {}", "Solo {}", "Level of {}")
    expected = {text.format(stem) for text in lane_controls for stem in ("Vocals", "Piano")}
    expected |= {"Tempo: 120 bpm", "Key: A minor", "Mix A", "Waveform", "Lyrics", "Export", "Lines of the lyrics"}
    expected |= {"Loop Chorus, from bar 2 to bar 4, off", "Section Bridge, from bar 7", "Waveforms"}
    expected |= {"Play", "Playhead", "Repeat the loop", "Chosen loop: Chorus", "Speed", "Transposition", "Click"}
    assert expected - names == set()


@both_sizes
def test_tab_follows_the_visual_order(player_window: MainWindow, qtbot: QtBot) -> None:
    controls = walk_from(player_window.top_bar.tabs, qtbot)
    rows = [player_window.top_bar, *(player_window.findChild(kind) for kind in (PageHeader, Ruler))]
    rows += player_window.findChildren(LaneHeader)
    panel = player_window.player_panel
    rows += [panel.waveforms, panel.lyrics, player_window.findChild(TransportBar)]
    places = [
        next((n for n, row in enumerate(rows) if row in (control, *parents(control))), -1) for control in controls
    ]
    reached = [place for place in places if place != -1]
    assert reached == sorted(reached)
    assert set(reached) == set(range(len(rows)))
    names = [
        control.accessibleName() for control, place in zip(controls, places, strict=True) if rows[place] is panel.lyrics
    ]
    assert names == ["Set the time of the line of lyrics", "Edit the lyrics", "Lines of the lyrics"]
    for row in (0, 1, 2, len(rows) - 1):
        lefts = [left_of(control) for control, place in zip(controls, places, strict=True) if place == row]
        assert lefts == sorted(lefts), rows[row]


def parents(widget: QWidget) -> Iterator[QWidget]:
    while (parent := widget.parentWidget()) is not None:
        yield parent
        widget = parent


def left_of(widget: QWidget) -> int:
    return widget.mapTo(widget.window(), widget.rect().topLeft()).x()


@both_sizes
def test_every_control_has_a_name_a_role_a_size_and_a_focus_ring(player_window: MainWindow, qtbot: QtBot) -> None:
    controls = walk(qtbot)
    for number, control in enumerate(controls):
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface.text(QAccessible.Text.Name), control
        name = control.accessibleName()
        assert interface.role() not in NO_CONTROLS, name
        assert min(control.width(), control.height()) >= MIN_SIZE, (name, control.size())
        control.setFocus(Qt.FocusReason.TabFocusReason)
        focused = control.grab().toImage()
        controls[number - 1].setFocus(Qt.FocusReason.TabFocusReason)
        assert count_changed_pixels(focused, control.grab().toImage()) >= MIN_RING_PIXELS, name


def test_arrow_keys_change_every_value_and_change_it_back(player_window: MainWindow, qtbot: QtBot) -> None:
    controls = [each for each in walk(qtbot) if isinstance(each, QAbstractSlider | QAbstractSpinBox)]
    assert len(controls) >= 6 * 2 + 6
    for control in controls:
        name, value = control.accessibleName(), control.property("value")
        control.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(control, Qt.Key.Key_Up)
        assert control.property("value") > value, name
        qtbot.keyClick(control, Qt.Key.Key_Down)
        assert control.property("value") == value, name


def test_arrow_keys_choose_the_next_segment(player_window: MainWindow, qtbot: QtBot) -> None:
    for control in (each for each in walk(qtbot) if isinstance(each, SegmentButton)):
        control.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(control, Qt.Key.Key_Right)
        chosen = focused_widget()
        assert isinstance(chosen, SegmentButton)
        assert chosen is not control
        assert chosen.isChecked()
        assert chosen.parent() is control.parent()


def test_shortcuts_work_while_a_value_field_has_the_focus(player_window: MainWindow, qtbot: QtBot) -> None:
    player = player_window.player
    for field in player_window.findChildren(ValueField):
        if field.isVisible():
            player.seek_to_start()
            field.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(field, Qt.Key.Key_Right)
            assert player.position_seconds == pytest.approx(5.0), field.accessibleName()
            qtbot.keyClick(field, Qt.Key.Key_Home)
            assert player.position_seconds == 0
            qtbot.keyClick(field, Qt.Key.Key_1)
            assert player.mix.lane_mix(0).mute
            qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            assert not player.mix.lane_mix(0).mute


def test_esc_ends_typing_and_leaves_the_page_only_then(player_window: MainWindow, qtbot: QtBot) -> None:
    field = player_window.findChild(TransportBar).findChildren(ValueField)[0]
    field.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "50")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert player_window.navigation.page is Page.PLAYER
    assert not field.is_editing
    assert player_window.player.practice.state.speed_percent == 100
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert player_window.navigation.page is Page.LIBRARY


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_focus_returns_from_the_name_of_a_loop(player_window: MainWindow, qtbot: QtBot, key: Qt.Key) -> None:
    button = player_window.findChild(LaneHeader).findChildren(
        QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly
    )
    control = next(each for each in button if each.accessibleName() == "Mute Vocals")
    control.setFocus(Qt.FocusReason.TabFocusReason)
    player_window.registry.run(ActionId.RENAME_LOOP)
    field = focused_widget()
    assert isinstance(field, QLineEdit)
    assert not isinstance(field, LevelField)
    qtbot.keyClicks(field, "Verse")
    qtbot.keyClick(field, key)
    assert control.hasFocus()
    is_named = player_window.player.practice.state.loops[0].name == "Verse"
    assert is_named is (key == Qt.Key.Key_Return)
    assert player_window.navigation.page is Page.PLAYER


def test_tab_leaves_the_editor_of_lyrics(player_window: MainWindow, qtbot: QtBot) -> None:
    player_window.player_panel.lyrics.start_editing()
    editor = player_window.player_panel.lyrics.findChild(QPlainTextEdit)
    assert isinstance(editor, QPlainTextEdit)
    qtbot.waitUntil(editor.hasFocus)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert focused_widget().accessibleName() == "Cancel"
    qtbot.keyClick(focused_widget(), Qt.Key.Key_Backtab)
    assert editor.hasFocus()


def test_player_page_says_why_a_song_has_no_lanes(failed_song_window: MainWindow, qtbot: QtBot) -> None:
    window = failed_song_window
    qtbot.keyClick(window.job_view, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.navigation.page is Page.PLAYER
    assert focused_widget().accessibleName() == "This song could not be separated. It is damaged."
    controls = walk_from(window.top_bar.tabs, qtbot)
    names = [control.accessibleName() for control in controls]
    assert not [name for name in names if name.startswith(("Tempo", "Key"))], "nothing listens to this song"
    assert "Actions for Night Drive" in names


def walk_from(widget: QWidget, qtbot: QtBot) -> list[QWidget]:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    return walk(qtbot)
