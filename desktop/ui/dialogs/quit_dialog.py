"""Quit dialog: what happens to unfinished jobs and exports."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from desktop.text.message import Message, join_messages, tr, tr_count
from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.check_box import CheckBox
from desktop.ui.widgets.label import TextLabel

_WIDTH = 560
_PROGRESS_SAVED = Message("Your progress is saved. Songs pick up where they left off.")
_EXPORTS_CONTINUE = Message("Exports go on when you start Unbraid again.")


class QuitDialog(QDialog):
    """Question what to do with unfinished jobs when the app quits; Escape cancels quitting."""

    answered = Signal(str, bool)
    """The choice ("background" or "stop"), and whether to remember it."""

    def __init__(
        self, song_count: int, export_count: int, offers_background: bool, parent: QWidget | None = None
    ) -> None:
        """Build the dialog for `song_count` unseparated songs and `export_count` unfinished exports.

        `offers_background` shows the button that finishes the songs without a window.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr("Quit Unbraid"))
        self.remember_box = CheckBox(tr("Do not ask again"))
        self.remember_box.setToolTip(tr("You can turn this question on again in the settings."))
        self.cancel_button = PushButton(tr("Keep working"))
        self.stop_button = PushButton(tr("Quit and resume later"), "plain" if offers_background else "primary")
        self.background_button = PushButton(tr("Finish in the background"), "primary")
        self.background_button.setVisible(offers_background)
        self.cancel_button.clicked.connect(self.reject)
        self.stop_button.clicked.connect(lambda: self._answer("stop"))
        self.background_button.clicked.connect(lambda: self._answer("background"))
        heading = _exports_heading(export_count) if export_count else _songs_heading(song_count)
        self._build_layout(heading, _explanation_text(song_count, export_count))
        (self.background_button if offers_background else self.stop_button).setFocus()

    def _build_layout(self, heading: str, explanation: str) -> None:
        heading_label = TextLabel(heading, TITLE_SIZE, 600)
        explanation_label = TextLabel(explanation, colour=Colour.DIM)
        explanation_label.setWordWrap(True)
        column = lay_out_question(
            self,
            _WIDTH,
            (heading_label, explanation_label, self.remember_box),
            self.cancel_button,
            (self.stop_button, self.background_button),
        )
        self.setFixedHeight(column.heightForWidth(_WIDTH))

    def _answer(self, choice: str) -> None:
        remember = self.remember_box.isChecked()
        self.accept()
        self.answered.emit(choice, remember)


def _explanation_text(song_count: int, export_count: int) -> str:
    sentences = [_EXPORTS_CONTINUE] if export_count else []
    if song_count or not export_count:
        sentences.append(_PROGRESS_SAVED)
    return str(join_messages(*sentences))


def _songs_heading(count: int) -> str:
    match count:
        case 0:
            return tr("Songs are being added")
        case 1:
            return tr("A song is not finished yet")
        case _:
            return tr_count("{count} song is not finished yet", "{count} songs are not finished yet", count)


def _exports_heading(count: int) -> str:
    if count == 1:
        return tr("A song is not exported yet")
    return tr_count("{count} song is not exported yet", "{count} songs are not exported yet", count)
