"""Button that shows a folder, and lets the user choose another one."""

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.names import printable
from desktop.text.message import tr
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.metrics import CONTROL_HEIGHT
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PushButton, paint_button_background
from desktop.ui.widgets.text_escaping import escape_menu_text, escape_tooltip

_MAX_LENGTH = 200
"""Characters of a path in names and tooltips."""


class FolderButton(PushButton):
    """Button with the path of a folder, which opens the system's dialog for folders."""

    folder_chosen = Signal(Path)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__("", "value", parent=parent)
        self.setFixedHeight(CONTROL_HEIGHT)
        self._folder, self._text = folder, ""
        self.show_folder(folder)
        self.clicked.connect(self._choose_folder)

    @property
    def folder(self) -> Path:
        """The folder."""
        return self._folder

    @property
    def shown_path(self) -> str:
        """The path of the folder as the button shows it, from the user's own folder on if it is in there."""
        return self._text

    def show_folder(self, folder: Path) -> None:
        """Show `folder`."""
        home = Path.home()
        parts = ("~", *folder.relative_to(home).parts) if folder.is_relative_to(home) else None
        self._folder = folder
        self._text = printable(Path(*parts) if parts else folder, _MAX_LENGTH)
        self.setText(escape_menu_text(self._text))
        self.setAccessibleName(tr("Folder: {folder}", folder=self._text))
        self.setToolTip(escape_tooltip(printable(folder, _MAX_LENGTH)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, CONTROL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, CONTROL_HEIGHT)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Export to"), str(self._folder))
        if chosen:
            self.show_folder(Path(chosen))
            self.folder_chosen.emit(self._folder)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the path, elided in the middle if it must be, and a folder."""
        painter = QPainter(self)
        paint_button_background(self, painter, theme.colour(Colour.RAISED), 8)
        painter.setFont(ui_font())
        painter.setPen(theme.colour(Colour.TEXT))
        text_rect = self.rect().adjusted(10, 0, -32, 0)
        text = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, text_rect.width())
        painter.drawText(text_rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        draw_glyph(painter, "folder", QRectF(self.width() - 26, self.height() / 2 - 7, 14, 14), Colour.DIM)
