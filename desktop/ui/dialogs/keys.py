"""The list of keys."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.dialogs.sheet import Sheet

_SENTENCE = "A control that has the focus keeps the keys that it uses itself: Space presses a button, arrows move a fader."
_KEYS_AT = 340
"""Pixels from the left edge of the text to the column of keys."""


class KeyList(Sheet):
    """What each key does, under headings."""

    about_asked = Signal()

    def __init__(self, keys: Mapping[str, Sequence[tuple[str, str]]], parent: QWidget | None = None) -> None:
        """`keys` are names and keys under headings (`desktop.ui.actions.key_list`)."""
        super().__init__("Keys", _SENTENCE, _text(keys), parent)
        self.resize(720, 560)
        self.text.setAccessibleName("Keys")
        self.text.setTabStopDistance(_KEYS_AT)
        self.add_button("About Unbraid").clicked.connect(self.about_asked)


def _text(keys: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    groups = ["\n".join([heading, *(f"    {name}\t{written}" for name, written in lines)]) for heading, lines in keys.items()]
    return "\n\n".join(groups)
