"""What this app is, where it keeps things, and what it is made of, with every licence."""

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop import __version__, nvidia
from desktop.audio.names import shown
from desktop.paths import Home
from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.about_parts import Part, licence_text, parts
from desktop.ui.opener import no_file_manager, open_folder
from desktop.ui.plain import tip
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import BODY, FIRST_START, SECONDARY, ui_font
from desktop.ui.theme.sign import Mark

_SIZE, _SMALLEST = (928, 560), (800, 440)
_PLACE_WIDTH = 600
_SENTENCE = "Takes a song apart into its stems, on this computer alone. Free software, under the MIT licence."
_TABLE = f"""
QTableView {{ border: 2px solid {tokens.LINE}; border-radius: {tokens.RADIUS}px; }}
QTableView:focus {{ border-color: {tokens.ACCENT}; }}
QTableView::item {{ padding: 0 8px; }}
QTableView::item:selected {{ background: {tokens.ACCENT}; color: {tokens.ON_ACCENT}; }}
"""


class PartTable(QTableWidget):
    """Parts, a row each. Tab leaves it, and Return goes to `reader`, where the licence is shown."""

    def __init__(self, listed: list[Part], reader: QWidget) -> None:
        super().__init__(len(listed), 3)
        self._reader = reader
        self.setAccessibleName("What Unbraid is made of")
        self.setHorizontalHeaderLabels(["Part", "Version", "Licence"])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setStyleSheet(_TABLE)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((180, 100)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for row, part in enumerate(listed):
            self._fill(row, part)

    def _fill(self, row: int, part: Part) -> None:
        for column, words in enumerate((part.name, part.version, part.licence)):
            item = QTableWidgetItem(words)
            item.setToolTip(f"{words} (in {part.inside})" if part.inside and not column else words)
            self.setItem(row, column, item)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Return goes on to the text."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._reader.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(e)


class AboutDialog(QDialog):
    """The About page. It blocks nothing."""

    def __init__(self, home: Home, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Unbraid")
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_SIZE)
        self._parts = parts()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.table = PartTable(self._parts, self.text)
        self.open_library = _button("Open", "Open the library’s folder")
        self.open_library.clicked.connect(lambda: self._open(home.root))
        self.open_logs = _button("Open", "Open the folder with the logs")
        self.open_logs.clicked.connect(lambda: self._open(home.logs))
        self.close_button = _button("Close", "Close", "primary")
        self.close_button.clicked.connect(self.close)
        self._arrange(home)
        stops = (self.table, self.text, self.close_button, self.open_library, self.open_logs)
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)
        self.table.currentCellChanged.connect(self._show_licence)
        self.table.setCurrentCell(0, 0)

    def come_forward(self) -> None:
        """Open, or come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin in the table, where the arrow keys look through the licences."""
        super().showEvent(event)
        self.table.setFocus()

    def _arrange(self, home: Home) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addLayout(_head())
        column.addLayout(self._places(home))
        halves = QHBoxLayout()
        halves.setSpacing(12)
        halves.addWidget(self.table, 5)
        halves.addWidget(self.text, 4)
        column.addLayout(halves, 1)
        last = QHBoxLayout()
        others = f"{len(self._parts) - 1} parts of others, each under its own licence."
        known = (
            others if len(self._parts) > 1 else "The list of parts is missing from this installation: install it again."
        )
        self._known = _words(known, SECONDARY, tokens.DIM)
        last.addWidget(self._known)
        last.addStretch(1)
        last.addWidget(self.close_button)
        column.addLayout(last)

    def _open(self, folder: Path) -> None:
        open_folder(folder, self, lambda: self._known.setText(f"{no_file_manager(folder)}."))

    def _places(self, home: Home) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        rows = (("Library", home.root, self.open_library), ("Logs", home.logs, self.open_logs))
        for row, (name, path, button) in enumerate(rows):
            whole = shown(path, 500)
            cut = QFontMetrics(ui_font(BODY)).elidedText(whole, Qt.TextElideMode.ElideMiddle, _PLACE_WIDTH)
            where = _words(cut, BODY, tokens.TEXT)
            where.setToolTip(tip(whole))
            where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            button.setAccessibleDescription(whole)
            grid.addWidget(_words(name, BODY, tokens.DIM), row, 0)
            grid.addWidget(where, row, 1)
            grid.addWidget(button, row, 2)
        return grid

    def _show_licence(self, row: int) -> None:
        part = self._parts[row]
        self.text.setPlainText("\n\n".join(words for words in (part.url, licence_text(part)) if words))
        self.text.setAccessibleName(f"Licence of {part.name}")


def _head() -> QHBoxLayout:
    mark = Mark()
    mark.setFixedSize(48, 48)
    name = _words(" · ".join(filter(None, (f"Unbraid {__version__}", nvidia.edition()))), FIRST_START, tokens.TEXT)
    name.setFont(ui_font(FIRST_START, 700))
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(name)
    words.addWidget(_words(_SENTENCE, BODY, tokens.DIM))
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(mark)
    row.addLayout(words, 1)
    return row


def _words(text: str, size: int, colour: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(ui_font(size))
    label.setStyleSheet(f"color: {colour};")
    return label


def _button(words: str, name: str, kind: str = "plain") -> ShellButton:
    button = ShellButton(words, kind, name=name)
    button.setAutoDefault(False)
    return button
