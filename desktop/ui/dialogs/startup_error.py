"""Startup error dialog: shown instead of the main window when the app cannot start."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QPlainTextEdit, QWidget

from desktop.paths import PORTABLE_FOLDER_NAME, Home
from desktop.text.message import Message, tr
from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

_WIDTH, _LOG_HEIGHT = 600, 260
_TITLE = Message("Unbraid cannot start")


class StartupErrorDialog(QDialog):
    """Reason why the app cannot start; Escape quits, and accepting means that `chosen_folder` is set."""

    def __init__(self, reason: str, log_text: str, offers_other_folder: bool, parent: QWidget | None = None) -> None:
        """Show `reason`, and `log_text` on request.

        `offers_other_folder` shows the button to choose another library folder.
        """
        super().__init__(parent)
        self.setWindowTitle(str(_TITLE))
        self.chosen_folder: Path | None = None
        """Library folder that the user chose."""
        self.log_view = QPlainTextEdit(log_text)
        self.log_view.setReadOnly(True)
        self.log_view.setAccessibleName(tr("Log"))
        self.log_view.setMinimumHeight(_LOG_HEIGHT)
        self.log_view.hide()
        self.quit_button = PushButton(tr("Quit"), "plain" if offers_other_folder else "primary")
        self.show_log_button = PushButton(tr("Show log"))
        self.choose_button = PushButton(tr("Choose another folder…"), "primary")
        self.choose_button.setVisible(offers_other_folder)
        self.quit_button.clicked.connect(self.reject)
        self.show_log_button.clicked.connect(self._show_log)
        self.choose_button.clicked.connect(self._choose_folder)
        self._build_layout(reason)
        (self.choose_button if offers_other_folder else self.quit_button).setFocus()

    def _build_layout(self, reason: str) -> None:
        heading_label, reason_label = TextLabel(str(_TITLE), TITLE_SIZE, 600), TextLabel(reason)
        reason_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        reason_label.setWordWrap(True)
        lay_out_question(
            self,
            _WIDTH,
            (heading_label, reason_label, self.log_view),
            self.show_log_button,
            (self.quit_button, self.choose_button),
        )

    def _show_log(self) -> None:
        self.log_view.show()
        self.show_log_button.setEnabled(False)
        self.adjustSize()

    def _choose_folder(self) -> None:
        title = tr("Choose a library folder for this session")
        chosen = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if chosen:
            self.chosen_folder = library_path_in(Path(chosen))
            self.accept()


def library_path_in(folder: Path) -> Path:
    """Return the library path for a folder that the user chose.

    This is `folder` if it is empty or a library already, else a subfolder of it. Raises OSError if it cannot be listed.
    """
    if Home(folder).database.exists() or not any(folder.iterdir()):
        return folder
    return folder / PORTABLE_FOLDER_NAME
