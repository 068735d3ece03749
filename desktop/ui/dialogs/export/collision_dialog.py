"""Question before an export when files of the same names exist."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from desktop.audio.names import printable
from desktop.text.message import tr, tr_count
from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

_WIDTH = 520
_MAX_FOLDER_LENGTH = 120
"""Characters of a path in the question."""


class CollisionDialog(QDialog):
    """Asks once, for all files, whether to export under numbered names; files are never overwritten."""

    def __init__(self, count: int, folder: Path, parent: QWidget | None = None) -> None:
        """`count` of the files to write exist in `folder`."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr("Export"))
        self.cancel_button, self.keep_button = PushButton(tr("Cancel")), PushButton(tr("Keep both"), "primary")
        self.keep_button.setDefault(True)
        self.cancel_button.clicked.connect(self.reject)
        self.keep_button.clicked.connect(self.accept)
        question = tr_count("{count} of these files exists already", "{count} of these files exist already", count)
        explanation = tr(
            "Nothing in {folder} is overwritten: the new files get a number after their names.",
            folder=printable(folder, _MAX_FOLDER_LENGTH),
        )
        labels = (TextLabel(question, TITLE_SIZE, 600), TextLabel(explanation, colour=Colour.DIM))
        for label in labels:
            label.setWordWrap(True)
        column = lay_out_question(self, _WIDTH, labels, self.cancel_button, (self.keep_button,))
        self.setFixedHeight(column.heightForWidth(_WIDTH))
        self.keep_button.setFocus()
