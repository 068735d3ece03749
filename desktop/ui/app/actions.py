"""The keyboard: every key of the window in one place, and the keys that a focused control keeps for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QComboBox, QWidget

from desktop.ui.pages.player.controller import PlayerController

SEEK_STEP_S = 5.0
_LANE_NUMBERS = range(1, 7)
PAN_FRACTION = 0.25
"""Part of what is in view by which a key moves the view."""
_NAVIGATION_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)
_CONTROL_KEYS: tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...] = (
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (QComboBox, _NAVIGATION_KEYS | {Qt.Key.Key_Space}),
    (QAbstractSlider, _NAVIGATION_KEYS),
    (QAbstractItemView, _NAVIGATION_KEYS),
)
"""Which keys a kind of control uses while it has the focus. Text fields keep theirs by themselves."""


class WindowActions(Protocol):
    """What the window can be asked to do."""

    def choose_files(self) -> None:
        """Open the file dialog."""
        ...

    def choose_folder(self) -> None:
        """Open the dialog for a folder."""
        ...

    def paste(self) -> None:
        """Add the files on the clipboard."""
        ...

    def remove_selected(self) -> None:
        """Remove the chosen songs."""
        ...

    def export_selected(self) -> None:
        """Export the stems of the selected songs."""
        ...

    def move_selected_up(self) -> None:
        """Let the chosen song run one place earlier."""
        ...

    def move_selected_down(self) -> None:
        """Let the chosen song run one place later."""
        ...

    def toggle_selected_paused(self) -> None:
        """Pause the chosen songs, or let them go on."""
        ...

    def toggle_queue_paused(self) -> None:
        """Pause the queue, or let it go on."""
        ...

    def remove_finished(self) -> None:
        """Remove the finished songs."""
        ...

    def undo_removal(self) -> None:
        """Restore the songs that were removed last."""
        ...

    def focus_search(self) -> None:
        """Go to the search."""
        ...

    def end_search(self) -> None:
        """Show every song again, and go back to the table."""
        ...

    def zoom(self, step: int) -> None:
        """Show less of the song (1), more of it (-1), or all of it (0)."""
        ...

    def pan(self, fraction: float) -> None:
        """Move the view along the song."""
        ...

    def show_shortcuts(self) -> None:
        """Show the list of all keys."""
        ...

    def open_settings(self) -> None:
        """Open the settings."""
        ...

    def close(self) -> bool:
        """Quit."""
        ...


@dataclass(frozen=True)
class Shortcut:
    """What one or several keys of the window do."""

    name: str
    sequences: tuple[str, ...]
    run: Callable[[], object]
    auto_repeats: bool = False
    """Again and again while the key is held down."""


ShortcutGroups = dict[str, list[Shortcut]]
"""Keys under headings."""


def window_shortcuts(actions: WindowActions, player: PlayerController) -> ShortcutGroups:
    """Return every key of the window, in the order of the list that F1 shows."""
    return {
        "Songs": [
            Shortcut("Add songs", ("Ctrl+O",), actions.choose_files),
            Shortcut("Add a folder", ("Ctrl+Shift+O",), actions.choose_folder),
            Shortcut("Paste songs", ("Ctrl+V",), actions.paste),
            Shortcut("Export stems", ("Ctrl+E",), actions.export_selected),
            Shortcut("Remove", ("Del", "Backspace"), actions.remove_selected),
            Shortcut("Undo the last removal", ("Ctrl+Z",), actions.undo_removal),
            Shortcut("Remove finished songs", ("Ctrl+Shift+Del",), actions.remove_finished),
            Shortcut("Search", ("Ctrl+F",), actions.focus_search),
            Shortcut("Leave the search", ("Esc",), actions.end_search),
        ],
        "Queue": [
            Shortcut("Pause or resume songs", ("Ctrl+P",), actions.toggle_selected_paused),
            Shortcut("Pause or resume the queue", ("Ctrl+Shift+P",), actions.toggle_queue_paused),
            Shortcut("Move up in the queue", ("Alt+Up",), actions.move_selected_up),
            Shortcut("Move down in the queue", ("Alt+Down",), actions.move_selected_down),
        ],
        "Player": [
            Shortcut("Play or pause", ("Space",), player.toggle_playback),
            # With Ctrl also from a table or a slider, which use the plain arrows themselves.
            Shortcut("Back 5 seconds", ("Left", "Ctrl+Left"), lambda: player.seek_by(-SEEK_STEP_S), auto_repeats=True),
            Shortcut(
                "Forward 5 seconds", ("Right", "Ctrl+Right"), lambda: player.seek_by(SEEK_STEP_S), auto_repeats=True
            ),
            Shortcut("Return to start", ("Home",), player.seek_to_start),
            *(Shortcut(f"Mute lane {n}", (f"{n}",), partial(player.toggle_mute, n - 1)) for n in _LANE_NUMBERS),
            *(Shortcut(f"Solo lane {n}", (f"Shift+{n}",), partial(player.toggle_solo, n - 1)) for n in _LANE_NUMBERS),
        ],
        "View": [
            Shortcut("Zoom in", ("Ctrl++", "Ctrl+="), lambda: actions.zoom(1), auto_repeats=True),
            Shortcut("Zoom out", ("Ctrl+-",), lambda: actions.zoom(-1), auto_repeats=True),
            Shortcut("Show the whole song", ("Ctrl+0",), lambda: actions.zoom(0)),
            Shortcut("Move the view back", ("Shift+Left",), lambda: actions.pan(-PAN_FRACTION), auto_repeats=True),
            Shortcut("Move the view forward", ("Shift+Right",), lambda: actions.pan(PAN_FRACTION), auto_repeats=True),
        ],
        "Unbraid": [
            Shortcut("Show this list", ("F1", "?"), actions.show_shortcuts),
            Shortcut("Settings", ("Ctrl+,",), actions.open_settings),
            Shortcut("Quit", ("Ctrl+Q",), actions.close),
        ],
    }


CONTROL_SHORTCUTS = {
    "In the table": [
        ("Play the song, follow a link, press a button", "Return"),
        ("Go from cell to cell", "Arrows"),
        ("Show what can be done", "Shift+F10, Menu"),
    ],
    "In the waveforms": [
        ("Zoom in, zoom out", "+, −, Up, Down, Wheel"),
        ("Move the view", "Page Up, Page Down, Shift+Wheel, Drag"),
        ("Show the whole song", "F, Double-click"),
        ("Set the playhead", "Click"),
    ],
}
"""What controls do with their keys while they have the focus: names and keys, under headings."""


def list_shortcuts(groups: ShortcutGroups) -> dict[str, list[tuple[str, str]]]:
    """Return the name and the keys of everything that a key does, under headings; the keys of the lanes in one line."""
    rows_by_heading = {heading: [(key.name, _native_text(key)) for key in keys] for heading, keys in groups.items()}
    for verb in ("Mute", "Solo"):
        lane_rows = [line for line in rows_by_heading["Player"] if line[0].startswith(f"{verb} lane")]
        first_index = rows_by_heading["Player"].index(lane_rows[0])
        rows_by_heading["Player"][first_index : first_index + len(lane_rows)] = [
            (f"{verb} lane {_LANE_NUMBERS[0]} to {_LANE_NUMBERS[-1]}", f"{lane_rows[0][1]} to {lane_rows[-1][1]}")
        ]
    return rows_by_heading | CONTROL_SHORTCUTS


def bind_shortcuts(window: QWidget, groups: ShortcutGroups) -> dict[str, QAction]:
    """Give `window` its keys. Return the actions by name."""
    window.installEventFilter(ShortcutOverrideFilter(window))
    return {key.name: _bind_shortcut(window, key) for keys in groups.values() for key in keys}


def _native_text(key: Shortcut) -> str:
    native_format = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(sequence).toString(native_format) for sequence in key.sequences)


class ShortcutOverrideFilter(QObject):
    """Leaves a key to the focused control that uses it, where the window has a shortcut on the same key.

    Installed on the window: Qt offers a shortcut's key to the focused control first, and then to its parents.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the offer of a key that the focused control uses, so that it goes to the control."""
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if not _is_used_by_control(event, QApplication.focusWidget()):
            return False
        event.accept()
        return True


def _is_used_by_control(event: QKeyEvent, control: QWidget | None) -> bool:
    """Return whether `control` uses the key without a modifier."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return any(isinstance(control, kind) and event.key() in keys for kind, keys in _CONTROL_KEYS)


def _bind_shortcut(window: QWidget, key: Shortcut) -> QAction:
    action = QAction(key.name, window)
    action.setShortcuts([QKeySequence(sequence) for sequence in key.sequences])
    action.setAutoRepeat(key.auto_repeats)
    action.triggered.connect(_Slot(key.run, action).call)
    window.addAction(action)
    return action


class _Slot(QObject):
    """Calls without the "checked" that Qt passes."""

    def __init__(self, callback: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._callback = callback

    def call(self) -> None:
        """Do it."""
        self._callback()
