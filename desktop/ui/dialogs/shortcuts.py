"""Keyboard shortcuts dialog."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.text.message import Message, tr
from desktop.ui.core.action import Scope
from desktop.ui.core.actions import ACTIONS
from desktop.ui.dialogs.base import TextDialog

_EXPLANATION = Message("A focused control handles its own keys: Space presses a button, arrows move a fader.")
_KEY_COLUMN_X = 340
"""Distance in pixels from the left edge of the text to the column of keys."""


class ShortcutsDialog(TextDialog):
    """List of all keyboard shortcuts under headings."""

    about_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Keyboard shortcuts"), str(_EXPLANATION), _shortcuts_text(), parent)
        self.resize(720, 560)
        self.text_view.setAccessibleName(tr("Keyboard shortcuts"))
        self.text_view.setTabStopDistance(_KEY_COLUMN_X)
        self.add_button(tr("About Unbraid")).clicked.connect(self.about_requested)


def list_shortcuts() -> dict[str, list[tuple[str, str]]]:
    """Return rows of name and keys for the list of shortcuts, by heading; all lanes share one row per action."""
    rows_by_heading: dict[str, list[tuple[str, str]]] = {scope.heading: [] for scope in Scope}
    for action in ACTIONS.values():
        key_texts = action.key_texts
        if action.is_per_lane:
            keys = tr("{first_key} to {last_key}", first_key=key_texts[0], last_key=key_texts[-1])
            rows_by_heading[action.scope.heading].append((action.all_lanes_text, keys))
        elif key_texts:
            rows_by_heading[action.scope.heading].append((action.text, ", ".join(key_texts)))
    return rows_by_heading


def _shortcuts_text() -> str:
    groups = [
        "\n".join([heading, *(f"    {name}\t{keys}" for name, keys in rows)])
        for heading, rows in list_shortcuts().items()
    ]
    return "\n\n".join(groups)
