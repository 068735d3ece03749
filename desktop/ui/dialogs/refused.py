"""The files that could not be added, each with its reason."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from desktop.audio.files import Refusal
from desktop.audio.names import shown
from desktop.ui.dialogs.sheet import Sheet


class RefusedFiles(Sheet):
    """A list of refusals."""

    def __init__(self, refusals: Sequence[Refusal], parent: QWidget | None = None) -> None:
        lines = [f"{shown(refusal.path, 300)}\n    {refusal.reason}\n" for refusal in refusals]
        super().__init__(refused_words(refusals), "The other songs are not affected.", "\n".join(lines), parent)


def refused_words(refusals: Sequence[Refusal]) -> str:
    """Return how many files could not be added."""
    return "1 file could not be added" if len(refusals) == 1 else f"{len(refusals)} files could not be added"
