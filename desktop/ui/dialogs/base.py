"""Common dialog base: heading, summary, text to read, and a row of buttons."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel


class TextDialog(QDialog):
    """Non-modal dialog that shows a text."""

    def __init__(self, heading: str, summary: str, body: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(heading)
        self.setMinimumSize(480, 320)
        self.resize(720, 460)
        self._summary_label = TextLabel(summary)
        self._summary_label.setWordWrap(True)
        self._summary_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text_view = QPlainTextEdit(body)
        self.text_view.setReadOnly(True)
        self.text_view.setAccessibleName(tr("Details"))
        self.text_view.setTabChangesFocus(True)
        self.text_view.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._close_button = PushButton(tr("Close"), "primary", parent=self)
        self._close_button.clicked.connect(self.close)
        self._close_button.setDefault(True)
        self._close_button.setFocus()
        self._button_row = QHBoxLayout()
        self._button_row.setSpacing(8)
        heading_label = TextLabel(heading, TITLE_SIZE, 600)
        heading_label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        for widget in (heading_label, self._summary_label, self.text_view):
            column.addWidget(widget)
        column.addLayout(self._button_row)
        self._add_default_buttons()

    def add_button(self, text: str, kind: str = "plain") -> PushButton:
        """Add a button to the left of the Close button, and return it."""
        button = PushButton(text, kind, parent=self)
        self._button_row.insertWidget(self._button_row.count() - 2, button)
        self._close_button.raise_()
        self.setTabOrder(button, self._close_button)
        return button

    def add_folder_button(self, text: str, folder: Path) -> None:
        """Add a button that opens `folder`.

        If no file manager opens, the summary shows the folder's path.
        """

        def show_path() -> None:
            self._summary_label.setText(no_file_manager_text(folder))

        self.add_button(text).clicked.connect(lambda: open_folder(folder, self, show_path))

    def copy_all(self) -> None:
        """Copy the heading, summary and text to the clipboard."""
        parts = (self.windowTitle(), self._summary_label.text(), "", self.text_view.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(parts))

    def _add_default_buttons(self) -> None:
        self._button_row.addStretch(1)
        self._button_row.addWidget(self._close_button)
        copy_button = self.add_button(tr("Copy"))
        copy_button.clicked.connect(self.copy_all)


def lay_out_question(
    dialog: QDialog, width: int, content: Sequence[QWidget], left_button: QWidget, right_buttons: Sequence[QWidget]
) -> QVBoxLayout:
    """Lay out a question dialog: `content` from top to bottom, and a button row below it.

    `left_button` is at the left end of the row, `right_buttons` at the right end. `width` is the dialog's fixed width
    in pixels. Return the dialog's layout.
    """
    buttons = QHBoxLayout()
    buttons.setSpacing(8)
    buttons.addWidget(left_button)
    buttons.addStretch(1)
    for button in right_buttons:
        buttons.addWidget(button)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 24, 24, 20)
    column.setSpacing(12)
    for widget in content:
        column.addWidget(widget)
    column.addSpacing(8)
    column.addLayout(buttons)
    dialog.setFixedWidth(width)
    return column
