"""Keyboard shortcuts of the window, and the keys that a focused control keeps for itself."""

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
"""Fraction of the visible range by which a shortcut pans the waveforms."""
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
"""Keys that each kind of control uses while it has the focus. Text fields override their keys without this filter."""
CONTROL_SHORTCUTS = {
    "In the table": [
        ("Play the song, follow a link, press a button", "Return"),
        ("Go from cell to cell", "Arrows"),
        ("Show the menu", "Shift+F10, Menu"),
    ],
    "In the waveforms": [
        ("Zoom in, zoom out", "+, −, Up, Down, Wheel"),
        ("Move the view", "Page Up, Page Down, Shift+Wheel, Drag"),
        ("Show the whole song", "F, Double-click"),
        ("Set the playhead", "Click"),
    ],
}
"""Keys that focused controls handle themselves, as rows of name and keys under headings."""


class WindowActions(Protocol):
    """Actions of the window that its shortcuts run."""

    def choose_files(self) -> None:
        """Open the dialog that adds files."""
        ...

    def choose_folder(self) -> None:
        """Open the dialog that adds a folder."""
        ...

    def paste(self) -> None:
        """Add the files on the clipboard."""
        ...

    def remove_selected(self) -> None:
        """Remove the selected tracks."""
        ...

    def export_selected(self) -> None:
        """Export the stems of the selected tracks."""
        ...

    def move_selected_up(self) -> None:
        """Move the selected track up one place in the queue."""
        ...

    def move_selected_down(self) -> None:
        """Move the selected track down one place in the queue."""
        ...

    def toggle_selected_paused(self) -> None:
        """Pause or resume the selected tracks."""
        ...

    def toggle_queue_paused(self) -> None:
        """Pause or resume the queue."""
        ...

    def remove_finished(self) -> None:
        """Remove the finished tracks."""
        ...

    def undo_removal(self) -> None:
        """Restore the tracks of the last removal."""
        ...

    def focus_search(self) -> None:
        """Move the focus to the search field."""
        ...

    def end_search(self) -> None:
        """Clear the search and move the focus to the table."""
        ...

    def zoom(self, step: int) -> None:
        """Zoom in (`step` 1), zoom out (-1) or show the whole track (0)."""
        ...

    def pan(self, fraction: float) -> None:
        """Pan the waveforms by `fraction` of the visible range; negative values pan towards the start."""
        ...

    def show_shortcuts(self) -> None:
        """Open the list of all shortcuts."""
        ...

    def open_settings(self) -> None:
        """Open the settings dialog."""
        ...

    def close(self) -> bool:
        """Close the window; return False if it stays open."""
        ...


@dataclass(frozen=True)
class Shortcut:
    """Action of the window with the key sequences that trigger it."""

    name: str
    sequences: tuple[str, ...]
    run: Callable[[], object]
    auto_repeats: bool = False
    """Whether the action repeats while the key is held down."""


ShortcutGroups = dict[str, list[Shortcut]]
"""Shortcuts by the heading of the list that shows them."""


def window_shortcuts(actions: WindowActions, player: PlayerController) -> ShortcutGroups:
    """Return all shortcuts of the window, in the order of the list that F1 shows."""
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
            # Tables and sliders use the plain arrow keys themselves: with Ctrl, seeking works from there too.
            Shortcut("Back 5 seconds", ("Left", "Ctrl+Left"), lambda: player.seek_by(-SEEK_STEP_S), auto_repeats=True),
            Shortcut(
                "Forward 5 seconds", ("Right", "Ctrl+Right"), lambda: player.seek_by(SEEK_STEP_S), auto_repeats=True
            ),
            Shortcut("Return to start", ("Home",), player.seek_to_start),
            # Not Ctrl+Z, which restores removed songs wherever the focus is.
            Shortcut("Undo the last change of the mix", ("Alt+Z",), player.undo, auto_repeats=True),
            Shortcut("Redo the change of the mix", ("Alt+Shift+Z",), player.redo, auto_repeats=True),
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


def list_shortcuts(groups: ShortcutGroups) -> dict[str, list[tuple[str, str]]]:
    """Return rows of name and keys for the shortcut list, by heading.

    The shortcuts of all lanes share one row per action, and `CONTROL_SHORTCUTS` follow at the end.
    """
    rows_by_heading = {
        heading: [(shortcut.name, _native_text(shortcut)) for shortcut in shortcuts]
        for heading, shortcuts in groups.items()
    }
    for verb in ("Mute", "Solo"):
        lane_rows = [row for row in rows_by_heading["Player"] if row[0].startswith(f"{verb} lane")]
        first_index = rows_by_heading["Player"].index(lane_rows[0])
        rows_by_heading["Player"][first_index : first_index + len(lane_rows)] = [
            (f"{verb} lane {_LANE_NUMBERS[0]} to {_LANE_NUMBERS[-1]}", f"{lane_rows[0][1]} to {lane_rows[-1][1]}")
        ]
    return rows_by_heading | CONTROL_SHORTCUTS


def bind_shortcuts(window: QWidget, groups: ShortcutGroups) -> dict[str, QAction]:
    """Add the shortcuts to `window` and return their actions by name."""
    window.installEventFilter(ShortcutOverrideFilter(window))
    return {shortcut.name: _bind_shortcut(window, shortcut) for shortcuts in groups.values() for shortcut in shortcuts}


class ShortcutOverrideFilter(QObject):
    """Event filter that gives a key to the focused control that uses it, rather than to a shortcut of the window.

    Install it on the window: Qt offers a shortcut's key to the focused control first, then to its parents.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the override of a key that the focused control uses, so that Qt sends the key to the control."""
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if not _is_used_by_control(event, QApplication.focusWidget()):
            return False
        event.accept()
        return True


def _is_used_by_control(event: QKeyEvent, control: QWidget | None) -> bool:
    """Return True if `control` uses the key and no modifier is held."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return any(isinstance(control, kind) and event.key() in keys for kind, keys in _CONTROL_KEYS)


def _native_text(shortcut: Shortcut) -> str:
    native_format = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(sequence).toString(native_format) for sequence in shortcut.sequences)


def _bind_shortcut(window: QWidget, shortcut: Shortcut) -> QAction:
    action = QAction(shortcut.name, window)
    action.setShortcuts([QKeySequence(sequence) for sequence in shortcut.sequences])
    action.setAutoRepeat(shortcut.auto_repeats)
    action.triggered.connect(_Slot(shortcut.run, action).call)
    window.addAction(action)
    return action


class _Slot(QObject):
    """Slot that drops the `checked` argument of `QAction.triggered` and calls the callback without arguments."""

    def __init__(self, callback: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._callback = callback

    def call(self) -> None:
        self._callback()
