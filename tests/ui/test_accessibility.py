"""The window as assistive technology sees it: names, roles, values, and the order of things."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState, Stage
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.player.transport_bar import TimeReadout
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import ElidedLabel
from tests.helpers.window import WindowHarness as LibraryStage
from tests.helpers.window import add_separated_song, make_job, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
Role = QAccessible.Role


@pytest.fixture
def playable(setting: LibraryStage, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window in which a separated song is chosen, beside one in work."""
    job = add_separated_song(setting, notices=("The file ends early.",))
    setting.store.insert(make_job("Other", JobState.PROCESSING, stage=Stage.SEPARATING, progress=0.34))
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.notices.show_text("A notice.")
    yield window
    window.close()


def interface_of(widget: QWidget) -> QAccessibleInterface:
    found = QAccessible.queryAccessibleInterface(widget)
    assert found is not None
    return found


def _all_of(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Everything that is shown below an interface, in the order of the tree."""
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child is not None and not child.state().invisible:
            yield child
            yield from _all_of(child)


def _name(interface: QAccessibleInterface) -> str:
    return interface.text(QAccessible.Text.Name)


def test_everything_but_mere_containers_has_a_name(playable: MainWindow) -> None:
    # What Qt makes for itself: containers, the corner of a table, and items of a scroll area.
    containers = {Role.Client, Role.LayeredPane, Role.Splitter, Role.Pane, Role.Window}
    nameless = [one for one in _all_of(interface_of(playable)) if not _name(one) and one.role() not in containers]
    assert [(one.role(), one.object()) for one in nameless] == []


def test_groups_and_controls_have_their_roles(playable: MainWindow) -> None:
    roles = {_name(one): one.role() for one in _all_of(interface_of(playable))}
    expected = {
        "Main": Role.ToolBar,
        "Notices": Role.Grouping,
        "Player": Role.Grouping,
        "Vocals lane": Role.Grouping,
        "Vocals meter": Role.Graphic,
        "Level of Vocals": Role.Slider,
        "Mute Vocals": Role.CheckBox,
        "Waveforms": Role.Canvas,
        "Transport": Role.Grouping,
        "Playhead": Role.Slider,
        "Songs separated": Role.ProgressBar,
        "Border between songs and player": Role.Separator,
    }
    assert {name: roles.get(name) for name in expected} == expected


def test_the_tree_is_in_the_order_of_the_window(playable: MainWindow) -> None:
    names = [_name(one) for one in _all_of(interface_of(playable))]
    order = ["Search songs, artists, status", "Settings", "A notice.", "Songs", "Actions for Night Drive"]
    order += ["Mute Vocals", "Waveforms", "Play", "Master level"]
    assert [name for name in names if name in order] == order


def test_the_focus_begins_in_the_table_or_on_the_way_to_the_first_song(setting: LibraryStage, qtbot: QtBot) -> None:
    made = setting.create_window()
    qtbot.addWidget(made)
    assert made.focusWidget().accessibleName() == "Opening the library"
    made.show()
    qtbot.waitUntil(lambda: made.empty_state.isVisible())
    assert made.focusWidget().accessibleName() == "Add songs…"
    made.library.table_model.upsert_jobs([make_job()])
    assert made.focusWidget().accessibleName() == "Songs"


def test_the_playhead_is_read_and_moved_in_seconds(playable: MainWindow, qtbot: QtBot) -> None:
    readout = playable.findChild(TimeReadout)
    assert readout is not None
    value = interface_of(readout).valueInterface()
    assert (value.minimumValue(), value.maximumValue()) == (0, 2)
    value.setCurrentValue(1)
    assert playable.player.position_seconds == pytest.approx(1.0)
    playable.player.seek_to_seconds(1.9)
    assert value.currentValue() == 1
    assert playable.player.position_seconds == pytest.approx(1.9)  # showing a time asks for no seek
    readout.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(readout, Qt.Key.Key_Home)
    assert playable.player.position_seconds == 0


def test_nothing_is_spoken_twice(playable: MainWindow) -> None:
    lines = [line for line in playable.findChildren(ElidedLabel) if line.isVisible()]
    assert len(lines) >= 10
    for line in lines:
        line.setFixedWidth(12)  # too narrow for its text, which the tooltip then shows
        interface = interface_of(line)
        assert interface.text(QAccessible.Text.Description) != _name(interface)
    assert "The file ends early." in [_name(interface_of(line)) for line in lines]
    described = [(_name(one), one.text(QAccessible.Text.Description)) for one in _all_of(interface_of(playable))]
    assert [name for name, description in described if name and name == description] == []


@pytest.mark.qt_log_ignore("does not support raise")
def test_a_button_without_words_shows_its_name_under_the_pointer(playable: MainWindow, qtbot: QtBot) -> None:
    button = next(b for b in playable.player_panel.findChildren(PushButton) if b.accessibleName() == "Show files")
    middle = button.rect().center()
    QApplication.sendEvent(button, QHelpEvent(QEvent.Type.ToolTip, middle, button.mapToGlobal(middle)))
    qtbot.waitUntil(lambda: QToolTip.text() == "Show files")
    QToolTip.hideText()


def _tab_through(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> list[str]:
    """Names of the controls from the focused one on, until it comes again."""
    start, names = QApplication.focusWidget(), list[str]()
    assert start is not None
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        if names and focused is start:
            return names
        names.append(focused.accessibleName())
        qtbot.keyClick(focused, key)
    raise AssertionError(f"Tab never comes back: {names}")


def test_tab_goes_through_the_window_as_it_is_seen(playable: MainWindow, qtbot: QtBot) -> None:
    playable.top_bar.search_field.setFocus()
    qtbot.waitUntil(playable.top_bar.search_field.hasFocus)
    names = _tab_through(playable, qtbot, Qt.Key.Key_Tab)
    lane = ["Mute {}", "Solo {}", "Level of {}"]
    lanes = [name.format(stem) for stem in ("Vocals", "Drums", "Bass", "Other") for name in lane]
    assert [name for name in names if not name.startswith("Model for")] == [
        "Search songs, artists, status",
        "Add songs",
        "Add folder",
        "Pause the queue",
        "Settings",
        "Dismiss",
        "Songs",
        "Export stems",
        "Show files",
        "Actions for Night Drive",
        *lanes,
        "Waveforms",
        "Play",
        "Playhead",
        "Return to start",
        "Stop",
        "Master level",
    ]
    back = _tab_through(playable, qtbot, Qt.Key.Key_Backtab)
    assert back == [names[0], *reversed(names[1:])]


def test_every_tab_stop_shows_that_it_has_the_focus(playable: MainWindow, qtbot: QtBot) -> None:
    for kind in (TimeReadout, Fader, WaveformView):
        control = playable.findChild(kind)
        assert isinstance(control, QWidget)
        without = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(control.hasFocus)
        assert control.grab().toImage() != without


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_from_the_search_a_key_goes_to_what_was_found(setting: LibraryStage, qtbot: QtBot, key: Qt.Key) -> None:
    for title in ("Night Drive", "Vibe Ace"):
        setting.store.insert(make_job(title))
    window = open_window(setting, qtbot)
    window.focus_search()
    qtbot.keyClicks(window.top_bar.search_field, "vibe")
    qtbot.keyClick(window.top_bar.search_field, key)
    assert window.job_view.hasFocus()
    assert [job.title for job in window.job_view.selected_jobs()] == ["Vibe Ace"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_from_the_search_of_an_empty_library_a_key_goes_to_the_way_to_the_first_song(
    setting: LibraryStage, qtbot: QtBot, key: Qt.Key
) -> None:
    window = open_window(setting, qtbot)
    window.focus_search()
    qtbot.keyClick(window.top_bar.search_field, key)
    assert window.empty_state.card.add_button.hasFocus()
