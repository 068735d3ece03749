"""The keyboard: every key of the window in one place, and the keys that a focused control keeps for itself."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QComboBox, QWidget

from desktop.ui.player.controller import PlayerController

SEEK_SECONDS = 5.0
LANE_KEYS = 6
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

    def open_about(self) -> None:
        """Say what this app is and what it is made of."""
        ...

    def close(self) -> bool:
        """Quit."""
        ...


def bind_keys(window: QWidget, deeds: Deeds, player: PlayerController) -> dict[str, QAction]:
    """Give `window` its keys. Return the actions by name."""
    keys: list[tuple[str, str | list[str], Callable[[], object]]] = [
        ("Add songs", "Ctrl+O", deeds.choose_files),
        ("Add a folder", "Ctrl+Shift+O", deeds.choose_folder),
        ("Paste songs", "Ctrl+V", deeds.paste),
        ("Quit", "Ctrl+Q", deeds.close),
        ("Search", "Ctrl+F", deeds.go_to_search),
        ("Leave the search", "Esc", deeds.leave_search),
        ("Export stems", "Ctrl+E", deeds.export_chosen),
        ("Remove", ["Del", "Backspace"], deeds.remove_chosen),
        ("Move up in the queue", "Alt+Up", deeds.move_earlier),
        ("Move down in the queue", "Alt+Down", deeds.move_later),
        ("Pause or resume songs", "Ctrl+P", deeds.hold_chosen),
        ("Pause or resume the queue", "Ctrl+Shift+P", deeds.hold_queue),
        ("Undo the last removal", "Ctrl+Z", deeds.undo_removal),
        ("Remove finished songs", "Ctrl+Shift+Del", deeds.clear_finished),
        ("About Unbraid", "F1", deeds.open_about),
        ("Play or pause", "Space", player.toggle),
        # With Ctrl also from a table or a slider, which use the plain arrows themselves.
        ("Back 5 seconds", ["Left", "Ctrl+Left"], lambda: player.seek_by(-SEEK_SECONDS)),
        ("On 5 seconds", ["Right", "Ctrl+Right"], lambda: player.seek_by(SEEK_SECONDS)),
        ("To the start", "Home", player.to_start),
        ("Zoom in", ["Ctrl++", "Ctrl+="], lambda: deeds.zoom(1)),
        ("Zoom out", "Ctrl+-", lambda: deeds.zoom(-1)),
        ("Show the whole song", "Ctrl+0", lambda: deeds.zoom(0)),
        ("Move the view back", "Shift+Left", lambda: deeds.pan(-PAN)),
        ("Move the view on", "Shift+Right", lambda: deeds.pan(PAN)),
    ]
    for lane in range(LANE_KEYS):
        keys.append((f"Mute lane {lane + 1}", f"{lane + 1}", lambda n=lane: player.toggle_mute(n)))
        keys.append((f"Solo lane {lane + 1}", f"Shift+{lane + 1}", lambda n=lane: player.toggle_solo(n)))
    window.installEventFilter(ControlKeys(window))
    return {name: _bind(window, name, sequences, deed) for name, sequences, deed in keys}


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


def _bind(window: QWidget, name: str, sequences: str | list[str], deed: Callable[[], object]) -> QAction:
    action = QAction(name, window)
    action.setShortcuts([QKeySequence(keys) for keys in ([sequences] if isinstance(sequences, str) else sequences)])
    action.setAutoRepeat(name.endswith("seconds") or name.startswith(("Zoom", "Move the view")))
    action.triggered.connect(_Call(deed, action).run)
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
