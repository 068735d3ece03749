"""Keyboard shortcuts dialog."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.text.message import Message, tr
from desktop.ui.core.actions import list_shortcuts
from desktop.ui.dialogs.base import TextDialog

_EXPLANATION = Message(
    "A control that has the focus keeps the keys that it uses itself: Space presses a button, arrows move a fader."
)
_KEY_COLUMN_X = 340
"""Distance in pixels from the left edge of the text to the column of keys."""


class ShortcutsDialog(TextDialog):
    """List of all keyboard shortcuts under headings."""

    about_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Keys"), str(_EXPLANATION), _shortcuts_text(), parent)
        self.resize(720, 560)
        self.text_view.setAccessibleName(tr("Keys"))
        self.text_view.setTabStopDistance(_KEY_COLUMN_X)
        self.add_button(tr("About Unbraid")).clicked.connect(self.about_requested)


def _shortcuts_text() -> str:
    groups = [
        "\n".join([heading, *(f"    {name}\t{keys}" for name, keys in rows)])
        for heading, rows in list_shortcuts().items()
    ]
    return "\n\n".join(groups)
