"""Another palette takes effect at once, everywhere in a window that is open."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.dialogs.startup_error import StartupErrorDialog
from desktop.ui.theme.palette import DARK, STEM_COLOURS, Colour, Palette, theme
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.notices import Notice
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support")


def _invert(value: str) -> str:
    return f"#{0xFFFFFF - int(value[1:], 16):06x}"


INVERTED = Palette("inverted", {colour: _invert(value) for colour, value in DARK.values.items()})
SEEN_IN_WINDOW = {
    Colour.BACKGROUND,
    Colour.PANEL,
    Colour.RAISED,
    Colour.SELECTED,
    Colour.TEXT,
    Colour.ACCENT,
    Colour.BAD,
    Colour.RAIL,
    Colour.KNOB,
    Colour.LINE,
    Colour.ROW_LINE,
    *(STEM_COLOURS[name] for name in ("vocals", "drums", "bass", "other")),
}


@pytest.fixture(autouse=True)
def dark_palette() -> Iterator[None]:
    """Return to the dark palette after each test."""
    yield
    theme.set_palette(DARK)


@pytest.fixture
def songs(setting: WindowHarness) -> list[Job]:
    """Songs in each state; the first has stems."""
    states = (JobState.FAILED, JobState.CANCELLED, JobState.PENDING)
    running = make_job("Running", JobState.PROCESSING, progress=0.4)
    others = [running, *(make_job(state.value, state, error=verbatim("It broke."), progress=0.2) for state in states)]
    return [add_separated_song(setting), *(setting.store.insert(job) for job in others)]


def open_player(harness: WindowHarness, qtbot: QtBot, job: Job) -> MainWindow:
    """Return a window whose player shows `job` at one second, with notices of each kind."""
    window = open_window(harness, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    window.player.seek_to_seconds(1.0)
    window.notices.show_notice(Notice("It broke.", key="text", edge_colour=Colour.BAD, action_text="Details"))
    window.notices.show_notice(Notice("Exporting", key="progress", progress=0.5))
    return window


def grab(widget: QWidget) -> QImage:
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def colours_of(image: QImage, palette: Palette) -> set[Colour]:
    """Return the colours of `palette` that a pixel of `image` has."""
    pixels = set(np.unique(np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF))
    return {colour for colour, value in palette.values.items() if int(value[1:], 16) in pixels}


def test_palette_without_a_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="KNOB"):
        Palette("incomplete", {colour: value for colour, value in DARK.values.items() if colour is not Colour.KNOB})


def test_change_is_told_once(qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed, timeout=1000):
        theme.set_palette(INVERTED)
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_palette(INVERTED)
    assert theme.colour(Colour.KNOB).name() == "#000000"


def test_table_player_lanes_buttons_and_notices_change_with_the_palette(
    setting: WindowHarness, songs: list[Job], qtbot: QtBot
) -> None:
    window = open_player(setting, qtbot, songs[0])
    before = grab(window)
    assert colours_of(before, DARK) >= SEEN_IN_WINDOW

    theme.set_palette(INVERTED)
    changed = grab(window)
    assert colours_of(changed, DARK) == set()
    assert colours_of(changed, INVERTED) >= SEEN_IN_WINDOW

    theme.set_palette(DARK)
    assert grab(window) == before


def test_window_that_was_open_looks_as_one_that_is_opened_afterwards(
    setting: WindowHarness, songs: list[Job], qtbot: QtBot
) -> None:
    """Half-transparent parts, such as what is not played yet, hold no old colour either."""
    window = open_player(setting, qtbot, songs[0])
    theme.set_palette(INVERTED)
    changed = grab(window.player_panel)
    window.close()
    assert grab(open_player(setting, qtbot, songs[0]).player_panel) == changed


def test_empty_state_and_drop_overlay_change_with_the_palette(window: MainWindow) -> None:
    theme.set_palette(INVERTED)
    assert colours_of(grab(window), DARK) == set()
    window._drop_overlay.cover_window()
    assert colours_of(grab(window._drop_overlay), DARK) == set()


def _open_settings(window: MainWindow) -> QDialog:
    window.dialogs.open_settings()
    return window.findChildren(QDialog)[-1]


def _open_about(window: MainWindow) -> QDialog:
    window.dialogs.open_about()
    return window.findChildren(QDialog)[-1]


def _open_bin(window: MainWindow) -> QDialog:
    window.dialogs.open_bin()
    return window.findChildren(QDialog)[-1]


def _open_shortcuts(window: MainWindow) -> QDialog:
    window.dialogs.show_shortcuts()
    return window.findChildren(QDialog)[-1]


def _open_quit_dialog(window: MainWindow) -> QDialog:
    dialog = QuitDialog(2, 0, True, window)
    dialog.remember_box.setChecked(True)
    return dialog


def _open_startup_error(window: MainWindow) -> QDialog:
    return StartupErrorDialog("The disk is full.", "", True, window)


@pytest.mark.parametrize(
    "open_dialog",
    [_open_settings, _open_about, _open_bin, _open_shortcuts, _open_quit_dialog, _open_startup_error],
    ids=lambda function: function.__name__.removeprefix("_open_"),
)
def test_open_dialog_changes_with_the_palette(window: MainWindow, open_dialog: Callable[[MainWindow], QDialog]) -> None:
    dialog = open_dialog(window)
    dialog.show()
    before = grab(dialog)
    assert colours_of(before, DARK) >= {Colour.BACKGROUND, Colour.TEXT}
    theme.set_palette(INVERTED)
    assert colours_of(grab(dialog), DARK) == set()
    theme.set_palette(DARK)
    assert grab(dialog) == before
    dialog.close()


def test_deleted_button_does_not_hear_of_a_change(qtbot: QtBot) -> None:
    button = PushButton("Gone", icon_name="plus")
    button.deleteLater()
    QCoreApplication.sendPostedEvents(button, QEvent.Type.DeferredDelete.value)
    theme.set_palette(INVERTED)
