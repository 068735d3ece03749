"""About dialog: version, library and log folders, and every component with its licence."""

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
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop import __version__
from desktop.audio.names import printable
from desktop.paths import Home
from desktop.runtime import nvidia
from desktop.text.message import Message, tr, tr_count
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.dialogs.components import Component, list_components, read_licence
from desktop.ui.theme.fonts import BODY_SIZE, LARGE_SIZE, SECONDARY_SIZE, ui_font
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.logo import Logo
from desktop.ui.widgets.row_table import set_up_row_table
from desktop.ui.widgets.text_escaping import escape_tooltip

_SIZE, _MIN_SIZE = (928, 560), (800, 440)
_PATH_WIDTH = 600
_DESCRIPTION = Message("Separates songs into stems on your own computer. Free software under the MIT licence.")


class ComponentTable(QTableWidget):
    """Table of components, one per row. Tab leaves the table; Return moves the focus to `text_view`."""

    def __init__(self, components: list[Component], text_view: QWidget) -> None:
        super().__init__(len(components), 3)
        self._text_view = text_view
        self.setAccessibleName(tr("Components of Unbraid"))
        self.setHorizontalHeaderLabels([tr("Part"), tr("Version"), tr("Licence")])
        set_up_row_table(self, 28, QAbstractItemView.SelectionMode.SingleSelection)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((180, 100)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for row, component in enumerate(components):
            self._fill_row(row, component)

    def _fill_row(self, row: int, component: Component) -> None:
        for column, text in enumerate((component.name, component.version, component.licence)):
            item = QTableWidgetItem(text)
            item.setToolTip(
                tr("{component} (in {package})", component=text, package=component.bundled_in)
                if component.bundled_in and not column
                else text
            )
            self.setItem(row, column, item)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Move the focus to the licence text on Return."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._text_view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(e)


class AboutDialog(QDialog):
    """Non-modal About dialog."""

    def __init__(self, home: Home, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Unbraid"))
        self.setMinimumSize(*_MIN_SIZE)
        self.resize(*_SIZE)
        self._components = list_components()
        self.licence_view = QPlainTextEdit()
        self.licence_view.setReadOnly(True)
        self.licence_view.setTabChangesFocus(True)
        self.table = ComponentTable(self._components, self.licence_view)
        self.open_library_button = PushButton(tr("Open"), accessible_name=tr("Open the library’s folder"))
        self.open_library_button.clicked.connect(lambda: self._open_folder(home.root))
        self.open_logs_button = PushButton(tr("Open"), accessible_name=tr("Open the folder with the logs"))
        self.open_logs_button.clicked.connect(lambda: self._open_folder(home.logs))
        self.close_button = PushButton(tr("Close"), "primary")
        self.close_button.clicked.connect(self.close)
        self._build_layout(home)
        tab_order = (self.table, self.licence_view, self.close_button, self.open_library_button, self.open_logs_button)
        for before, after in pairwise(tab_order):
            self.setTabOrder(before, after)
        self.table.currentCellChanged.connect(self._show_licence)
        self.table.setCurrentCell(0, 0)

    def show_on_top(self) -> None:
        """Show the dialog, or raise it if it is open."""
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the table, so that the arrow keys browse the licences."""
        super().showEvent(event)
        self.table.setFocus()

    def _build_layout(self, home: Home) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addLayout(_create_header())
        column.addLayout(self._create_paths_grid(home))
        content_row = QHBoxLayout()
        content_row.setSpacing(12)
        content_row.addWidget(self.table, 5)
        content_row.addWidget(self.licence_view, 4)
        column.addLayout(content_row, 1)
        footer = QHBoxLayout()
        self._summary_label = TextLabel(_summary_text(len(self._components)), SECONDARY_SIZE, colour=Colour.DIM)
        footer.addWidget(self._summary_label)
        footer.addStretch(1)
        footer.addWidget(self.close_button)
        column.addLayout(footer)

    def _open_folder(self, folder: Path) -> None:
        open_folder(folder, self, lambda: self._summary_label.setText(no_file_manager_text(folder)))

    def _create_paths_grid(self, home: Home) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        rows = ((tr("Library"), home.root, self.open_library_button), (tr("Logs"), home.logs, self.open_logs_button))
        for row, (name, path, button) in enumerate(rows):
            full_path = printable(path, 500)
            elided_path = QFontMetrics(ui_font(BODY_SIZE)).elidedText(
                full_path, Qt.TextElideMode.ElideMiddle, _PATH_WIDTH
            )
            path_label = TextLabel(elided_path)
            path_label.setToolTip(escape_tooltip(full_path))
            path_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            button.setAccessibleDescription(full_path)
            grid.addWidget(TextLabel(name, colour=Colour.DIM), row, 0)
            grid.addWidget(path_label, row, 1)
            grid.addWidget(button, row, 2)
        return grid

    def _show_licence(self, row: int) -> None:
        component = self._components[row]
        self.licence_view.setPlainText("\n\n".join(filter(None, (component.url, read_licence(component)))))
        self.licence_view.setAccessibleName(tr("Licence of {component}", component=component.name))


def _summary_text(component_count: int) -> str:
    third_party_count = component_count - 1  # the first component is Unbraid itself
    if third_party_count < 1:
        return tr("The list of components is missing from this installation. Install Unbraid again.")
    return tr_count(
        "{count} third-party component, under its own licence.",
        "{count} third-party components, each under its own licence.",
        third_party_count,
    )


def _create_header() -> QHBoxLayout:
    logo = Logo()
    logo.setFixedSize(48, 48)
    edition = str(nvidia.edition_name() or "")
    name = TextLabel(" · ".join(filter(None, (f"Unbraid {__version__}", edition))), LARGE_SIZE, 700)
    text_column = QVBoxLayout()
    text_column.setSpacing(2)
    text_column.addWidget(name)
    text_column.addWidget(TextLabel(str(_DESCRIPTION), colour=Colour.DIM))
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(logo)
    row.addLayout(text_column, 1)
    return row
