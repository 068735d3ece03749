"""The keyboard: every key of the window in one place, and the keys that a focused control keeps for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QComboBox, QWidget

from desktop.ui.player.controller import PlayerController

SEEK_SECONDS = 5.0
_LANES = range(1, 7)
PAN = 0.25
"""Part of what is in view by which a key moves the view."""
_MOVES = frozenset(
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
    (QComboBox, _MOVES | {Qt.Key.Key_Space}),
    (QAbstractSlider, _MOVES),
    (QAbstractItemView, _MOVES),
)
"""Which keys a kind of control uses while it has the focus. Text fields keep theirs by themselves."""


class Deeds(Protocol):
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

    def remove_chosen(self) -> None:
        """Remove the chosen songs."""
        ...

    def export_chosen(self) -> None:
        """Export the stems of the selected songs."""
        ...

    def move_earlier(self) -> None:
        """Let the chosen song run one place earlier."""
        ...

    def move_later(self) -> None:
        """Let the chosen song run one place later."""
        ...

    def hold_chosen(self) -> None:
        """Pause the chosen songs, or let them go on."""
        ...

    def hold_queue(self) -> None:
        """Pause the queue, or let it go on."""
        ...

    def clear_finished(self) -> None:
        """Remove the finished songs."""
        ...

    def undo_removal(self) -> None:
        """Restore the songs that were removed last."""
        ...

    def go_to_search(self) -> None:
        """Go to the search."""
        ...

    def leave_search(self) -> None:
        """Show every song again, and go back to the table."""
        ...

    def zoom(self, step: int) -> None:
        """Show less of the song (1), more of it (-1), or all of it (0)."""
        ...

    def pan(self, pages: float) -> None:
        """Move the view along the song."""
        ...

    def show_keys(self) -> None:
        """Show the list of all keys."""
        ...

    def open_settings(self) -> None:
        """Open the settings."""
        ...

    def close(self) -> bool:
        """Quit."""
        ...


@dataclass(frozen=True)
class Key:
    """What one or several keys of the window do."""

    name: str
    sequences: tuple[str, ...]
    run: Callable[[], object]
    repeats: bool = False
    """Again and again while the key is held down."""


Groups = dict[str, list[Key]]
"""Keys under headings."""


def window_keys(deeds: Deeds, player: PlayerController) -> Groups:
    """Return every key of the window, in the order of the list that F1 shows."""
    return {
        "Songs": [
            Key("Add songs", ("Ctrl+O",), deeds.choose_files),
            Key("Add a folder", ("Ctrl+Shift+O",), deeds.choose_folder),
            Key("Paste songs", ("Ctrl+V",), deeds.paste),
            Key("Export stems", ("Ctrl+E",), deeds.export_chosen),
            Key("Remove", ("Del", "Backspace"), deeds.remove_chosen),
            Key("Undo the last removal", ("Ctrl+Z",), deeds.undo_removal),
            Key("Remove finished songs", ("Ctrl+Shift+Del",), deeds.clear_finished),
            Key("Search", ("Ctrl+F",), deeds.go_to_search),
            Key("Leave the search", ("Esc",), deeds.leave_search),
        ],
        "Queue": [
            Key("Pause or resume songs", ("Ctrl+P",), deeds.hold_chosen),
            Key("Pause or resume the queue", ("Ctrl+Shift+P",), deeds.hold_queue),
            Key("Move up in the queue", ("Alt+Up",), deeds.move_earlier),
            Key("Move down in the queue", ("Alt+Down",), deeds.move_later),
        ],
        "Player": [
            Key("Play or pause", ("Space",), player.toggle),
            # With Ctrl also from a table or a slider, which use the plain arrows themselves.
            Key("Back 5 seconds", ("Left", "Ctrl+Left"), lambda: player.seek_by(-SEEK_SECONDS), repeats=True),
            Key("Forward 5 seconds", ("Right", "Ctrl+Right"), lambda: player.seek_by(SEEK_SECONDS), repeats=True),
            Key("Return to start", ("Home",), player.to_start),
            *(Key(f"Mute lane {n}", (f"{n}",), partial(player.toggle_mute, n - 1)) for n in _LANES),
            *(Key(f"Solo lane {n}", (f"Shift+{n}",), partial(player.toggle_solo, n - 1)) for n in _LANES),
        ],
        "View": [
            Key("Zoom in", ("Ctrl++", "Ctrl+="), lambda: deeds.zoom(1), repeats=True),
            Key("Zoom out", ("Ctrl+-",), lambda: deeds.zoom(-1), repeats=True),
            Key("Show the whole song", ("Ctrl+0",), lambda: deeds.zoom(0)),
            Key("Move the view back", ("Shift+Left",), lambda: deeds.pan(-PAN), repeats=True),
            Key("Move the view forward", ("Shift+Right",), lambda: deeds.pan(PAN), repeats=True),
        ],
        "Unbraid": [
            Key("Show this list", ("F1", "?"), deeds.show_keys),
            Key("Settings", ("Ctrl+,",), deeds.open_settings),
            Key("Quit", ("Ctrl+Q",), deeds.close),
        ],
    }


OTHER_KEYS = {
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


def key_list(groups: Groups) -> dict[str, list[tuple[str, str]]]:
    """Return the name and the keys of everything that a key does, under headings; the keys of the lanes in one line."""
    listed = {heading: [(key.name, _native(key)) for key in keys] for heading, keys in groups.items()}
    for what in ("Mute", "Solo"):
        lanes = [line for line in listed["Player"] if line[0].startswith(f"{what} lane")]
        first = listed["Player"].index(lanes[0])
        listed["Player"][first : first + len(lanes)] = [
            (f"{what} lane {_LANES[0]} to {_LANES[-1]}", f"{lanes[0][1]} to {lanes[-1][1]}")
        ]
    return listed | OTHER_KEYS


def bind_keys(window: QWidget, groups: Groups) -> dict[str, QAction]:
    """Give `window` its keys. Return the actions by name."""
    window.installEventFilter(ControlKeys(window))
    return {key.name: _bind(window, key) for keys in groups.values() for key in keys}


def _native(key: Key) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(sequence).toString(native) for sequence in key.sequences)


class ControlKeys(QObject):
    """Leaves a key to the focused control that uses it, where the window has a shortcut on the same key.

    Installed on the window: Qt offers a shortcut's key to the focused control first, and then to its parents.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the offer of a key that the focused control uses, so that it goes to the control."""
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if not _is_used(event, QApplication.focusWidget()):
            return False
        event.accept()
        return True


def _is_used(event: QKeyEvent, control: QWidget | None) -> bool:
    """Return whether `control` uses the key without a modifier."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return any(isinstance(control, kind) and event.key() in keys for kind, keys in _CONTROL_KEYS)


def _bind(window: QWidget, key: Key) -> QAction:
    action = QAction(key.name, window)
    action.setShortcuts([QKeySequence(sequence) for sequence in key.sequences])
    action.setAutoRepeat(key.repeats)
    action.triggered.connect(_Call(key.run, action).run)
    window.addAction(action)
    return action


class _Call(QObject):
    """Calls without the "checked" that Qt passes."""

    def __init__(self, deed: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._deed = deed

    def run(self) -> None:
        """Do it."""
        self._deed()
