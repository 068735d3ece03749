"""What the dialogs have in common: a heading, a sentence, words to read, and a row of buttons."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.ui.controls import ShellButton
from desktop.ui.opener import no_file_manager, open_folder
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font


class Sheet(QDialog):
    """A window with something to read. It blocks nothing."""

    def __init__(self, heading: str, sentence: str, body: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(heading)
        self.setMinimumSize(480, 320)
        self.resize(720, 460)
        self._sentence = _plain(sentence)
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text = QPlainTextEdit(body)
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Details")
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._close = ShellButton("Close", "primary", parent=self)
        self._close.clicked.connect(self.close)
        self._close.setFocus()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        head = _plain(heading)
        head.setFont(ui_font(TITLE, 600))
        head.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        for widget in (head, self._sentence, self.text):
            column.addWidget(widget)
        column.addLayout(self._buttons)
        self._add_buttons()

    def add_button(self, words: str, kind: str = "plain") -> ShellButton:
        """Add another button at the left."""
        button = ShellButton(words, kind, parent=self)
        self._buttons.insertWidget(self._buttons.count() - 2, button)
        self._close.raise_()
        self.setTabOrder(button, self._close)
        return button

    def add_folder_button(self, words: str, folder: Path) -> None:
        """Put a button at the left that opens a folder; where no file manager opens, the sentence says where it is."""

        def tell() -> None:
            self._sentence.setText(f"{no_file_manager(folder)}.")

        self.add_button(words).clicked.connect(lambda: open_folder(folder, self, tell))

    def copy(self) -> None:
        """Put everything that can be read here on the clipboard."""
        everything = (self.windowTitle(), self._sentence.text(), "", self.text.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(everything))

    def _add_buttons(self) -> None:
        self._buttons.addStretch(1)
        self._buttons.addWidget(self._close)
        copy = self.add_button("Copy")
        copy.clicked.connect(self.copy)


def _plain(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setStyleSheet(f"color: {tokens.TEXT};")
    return label

