"""The window as assistive technology sees it: names, roles, values and order."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.stage import Stage
from desktop.text.message import Message
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.pages.player.playback_controls import TimeReadout
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import ElidedLabel
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
Role = QAccessible.Role


@pytest.fixture
def playable(setting: WindowHarness, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window with a separated job, which is selected, and a processing job."""
    job = add_separated_song(setting, notices=(Message("The file ends early."),))
    setting.store.insert(make_job("Other", JobState.PROCESSING, stage=Stage.SEPARATING, progress=0.34))
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.notices.show_text("A notice.")
    yield window
    window.close()


def interface_of(widget: QWidget) -> QAccessibleInterface:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface


def _descendants(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Yield all visible descendants of an interface, in tree order."""
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child is not None and not child.state().invisible:
            yield child
            yield from _descendants(child)


def _name(interface: QAccessibleInterface) -> str:
    return interface.text(QAccessible.Text.Name)


def test_every_element_except_containers_has_an_accessible_name(playable: MainWindow) -> None:
    # Elements that Qt creates for itself: containers, the corner of a table, and items of a scroll area.
    containers = {Role.Client, Role.LayeredPane, Role.Splitter, Role.Pane, Role.Window}
    unnamed = [
        element
        for element in _descendants(interface_of(playable))
        if not _name(element) and element.role() not in containers
    ]
    assert [(element.role(), element.object()) for element in unnamed] == []


def test_groups_and_controls_have_accessible_roles(playable: MainWindow) -> None:
    roles = {_name(element): element.role() for element in _descendants(interface_of(playable))}
    expected = {
        "Main": Role.ToolBar,
        "Notices": Role.Grouping,
        "Player": Role.Grouping,
        "Vocals lane": Role.Grouping,
        "Vocals meter": Role.Indicator,
        "Level of Vocals": Role.Slider,
        "Mute Vocals": Role.CheckBox,
        "Waveforms": Role.Canvas,
        "Transport": Role.Grouping,
        "Playhead": Role.Slider,
        "Songs separated": Role.ProgressBar,
        "Border between songs and player": Role.Separator,
    }
    assert {name: roles.get(name) for name in expected} == expected


def test_accessibility_tree_follows_the_visual_order(playable: MainWindow) -> None:
    names = [_name(element) for element in _descendants(interface_of(playable))]
    order = ["Search songs, artists, status", "Settings", "A notice.", "Songs", "Actions for Night Drive"]
    order += ["Mute Vocals", "Waveforms", "Play", "Master level"]
    assert [name for name in names if name in order] == order


def test_initial_focus_is_the_table_or_the_add_button_of_an_empty_library(setting: WindowHarness, qtbot: QtBot) -> None:
    window = setting.create_window()
    qtbot.addWidget(window)
    assert window.focusWidget().accessibleName() == "Opening the library"
    window.show()
    qtbot.waitUntil(lambda: window.empty_state.isVisible())
    assert window.focusWidget().accessibleName() == "Add songs…"
    window.library.table_model.upsert_jobs([make_job()])
    assert window.focusWidget().accessibleName() == "Songs"


def test_accessible_value_of_the_playhead_is_in_seconds(playable: MainWindow, qtbot: QtBot) -> None:
    readout = playable.findChild(TimeReadout)
    assert readout is not None
    value = interface_of(readout).valueInterface()
    assert (value.minimumValue(), value.maximumValue()) == (0, 2)
    value.setCurrentValue(1)
    assert playable.player.position_seconds == pytest.approx(1.0)
    playable.player.seek_to_seconds(1.9)
    assert value.currentValue() == 1
    assert playable.player.position_seconds == pytest.approx(1.9)  # showing a time requests no seek
    readout.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(readout, Qt.Key.Key_Home)
    assert playable.player.position_seconds == 0


def test_accessible_description_never_repeats_the_name(playable: MainWindow) -> None:
    labels = [label for label in playable.findChildren(ElidedLabel) if label.isVisible()]
    assert len(labels) >= 10
    for label in labels:
        label.setFixedWidth(12)  # too narrow for its text, so that the tooltip shows it
        interface = interface_of(label)
        assert interface.text(QAccessible.Text.Description) != _name(interface)
    assert "The file ends early." in [_name(interface_of(label)) for label in labels]
    described = [
        (_name(element), element.text(QAccessible.Text.Description)) for element in _descendants(interface_of(playable))
    ]
    assert [name for name, description in described if name and name == description] == []


@pytest.mark.qt_log_ignore("does not support raise")
def test_icon_button_shows_its_name_as_tooltip(playable: MainWindow, qtbot: QtBot) -> None:
    button = next(b for b in playable.player_panel.findChildren(PushButton) if b.accessibleName() == "Show files")
    middle = button.rect().center()
    QApplication.sendEvent(button, QHelpEvent(QEvent.Type.ToolTip, middle, button.mapToGlobal(middle)))
    qtbot.waitUntil(lambda: QToolTip.text() == "Show files")
    QToolTip.hideText()


def _tab_through(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> list[str]:
    """Press a key until the focus returns to where it began, and return the names of the focused controls."""
    start, names = QApplication.focusWidget(), list[str]()
    assert start is not None
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        if names and focused is start:
            return names
        names.append(focused.accessibleName())
        qtbot.keyClick(focused, key)
    raise AssertionError(f"The focus never returns: {names}")


def test_tab_order_follows_the_visual_order_in_both_directions(playable: MainWindow, qtbot: QtBot) -> None:
    playable.top_bar.search_field.setFocus()
    qtbot.waitUntil(playable.top_bar.search_field.hasFocus)
    names = _tab_through(playable, qtbot, Qt.Key.Key_Tab)
    lane = ["Actions for {}", "Pan of {}", "Mute {}", "Solo {}", "Level of {}", "Level of {} in decibels"]
    lanes = [template.format(stem) for stem in ("Vocals", "Drums", "Bass", "Other") for template in lane]
    assert [name for name in names if not name.startswith("Model for")] == [
        "Search songs, artists, status",
        "Add songs",
        "Add folder",
        "Open stems",
        "Pause the queue",
        "Settings",
        "Dismiss",
        "Songs",
        "Export",
        "Show files",
        "Actions for Night Drive",
        *lanes,
        "Level of the original",
        "Level of the original in decibels",
        "Hear the original",
        "Waveforms",
        "Play",
        "Playhead",
        "Return to start",
        "Stop",
        "Master level",
        "Pages",
    ]
    backward_names = _tab_through(playable, qtbot, Qt.Key.Key_Backtab)
    assert backward_names == [names[0], *reversed(names[1:])]


def test_custom_controls_draw_their_focus(playable: MainWindow, qtbot: QtBot) -> None:
    for kind in (TimeReadout, Fader, WaveformView):
        control = playable.findChild(kind)
        assert isinstance(control, QWidget)
        unfocused = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(control.hasFocus)
        assert control.grab().toImage() != unfocused


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_down_and_return_in_the_search_field_select_the_first_match(
    setting: WindowHarness, qtbot: QtBot, key: Qt.Key
) -> None:
    for title in ("Night Drive", "Vibe Ace"):
        setting.store.insert(make_job(title))
    window = open_window(setting, qtbot)
    window.registry.run(ActionId.SEARCH)
    qtbot.keyClicks(window.top_bar.search_field, "vibe")
    qtbot.keyClick(window.top_bar.search_field, key)
    assert window.job_view.hasFocus()
    assert [job.title for job in window.job_view.selected_jobs()] == ["Vibe Ace"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_search_field_keys_in_an_empty_library_focus_the_add_button(
    setting: WindowHarness, qtbot: QtBot, key: Qt.Key
) -> None:
    window = open_window(setting, qtbot)
    window.registry.run(ActionId.SEARCH)
    qtbot.keyClick(window.top_bar.search_field, key)
    assert window.empty_state.card.add_button.hasFocus()
