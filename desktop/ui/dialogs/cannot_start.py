"""Why there is no window: a sentence and what can be done about it, before anything else of the app is there."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QPlainTextEdit, QWidget

from desktop.paths import PORTABLE, Home
from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.question import lay_out
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font

_WIDTH, _LOG_HEIGHT = 600, 260
_ASKED = "A folder for Unbraid’s library, for this time"


class CannotStart(QDialog):
    """Says it. Escape quits. Accepted: the user chose another folder for the library."""

    def __init__(self, sentence: str, words: str, other_folder: bool, parent: QWidget | None = None) -> None:
        """`words` is what more is known, to be shown when asked for; `other_folder`: another one may help."""
        super().__init__(parent)
        self.setWindowTitle("Unbraid cannot start")
        self.folder: Path | None = None
        """The one that was chosen."""
        self.log = QPlainTextEdit(words)
        self.log.setReadOnly(True)
        self.log.setAccessibleName("Log")
        self.log.setMinimumHeight(_LOG_HEIGHT)
        self.log.hide()
        self.quit = _button("Quit", "plain" if other_folder else "primary")
        self.show_log = _button("Show log", "plain")
        self.choose = _button("Choose another folder…", "primary")
        self.choose.setVisible(other_folder)
        self.quit.clicked.connect(self.reject)
        self.show_log.clicked.connect(self._show_log)
        self.choose.clicked.connect(self._choose)
        self._arrange(sentence)
        (self.choose if other_folder else self.quit).setFocus()

    def _arrange(self, sentence: str) -> None:
        head, why = QLabel("Unbraid cannot start"), QLabel(sentence)
        head.setFont(ui_font(TITLE, 600))
        why.setTextFormat(Qt.TextFormat.PlainText)
        why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        why.setWordWrap(True)
        why.setStyleSheet(f"color: {tokens.TEXT};")
        lay_out(self, _WIDTH, (head, why, self.log), self.show_log, (self.quit, self.choose))

    def _show_log(self) -> None:
        self.log.show()
        self.show_log.setEnabled(False)
        self.adjustSize()

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _ASKED, str(Path.home()))
        if chosen:
            self.folder = library_in(Path(chosen))
            self.accept()


def library_in(folder: Path) -> Path:
    """The library that a folder is or is to hold: one that has other things in it gets a folder in it for that."""
    if Home(folder).database.exists() or not any(folder.iterdir()):
        return folder
    return folder / PORTABLE


def _button(words: str, kind: str) -> ShellButton:
    button = ShellButton(words, kind)
    # Return belongs to the control that has the focus.
    button.setAutoDefault(False)
    return button
