"""All text that a widget shows, or says to assistive technology."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QComboBox, QTableView, QWidget

from desktop.audio_formats import AUDIO_FORMATS
from desktop.ui.core.actions import ACTIONS

KEY_NAMES = {
    word
    for action in ACTIONS.values()
    if not action.gestures
    for key in action.key_texts
    for word in re.findall(r"\w+", key)
}
"""Names of keys, which Qt translates."""
FORMAT_NAMES = {word for audio_format in AUDIO_FORMATS.values() for word in re.findall(r"\w+", audio_format.title)}
"""Names of audio formats, the same in every language."""
_WIDGET_TEXTS = ("windowTitle", "toolTip", "statusTip", "whatsThis", "accessibleName", "accessibleDescription")
_CONTENT_TEXTS = ("text", "title", "placeholderText", "plainText", "prefix", "suffix", "specialValueText")
_TABLE_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


def list_widget_texts(top: QWidget) -> Iterator[str]:
    """Yield all text that a widget and those in it show, or say to assistive technology, and that of their actions."""
    for widget in (top, *top.findChildren(QWidget)):
        yield from (getattr(widget, name)() for name in _WIDGET_TEXTS)
        for name in _CONTENT_TEXTS:
            text = widget.property(name)
            if isinstance(text, str):
                yield text
        match widget:
            case QComboBox():
                yield from (widget.itemText(row) for row in range(widget.count()))
            case QTableView():
                yield from _list_table_texts(widget.model())
            case _:
                pass
        for action in widget.actions():
            yield from (action.text(), action.toolTip(), action.statusTip())


def _list_table_texts(model: QAbstractItemModel) -> Iterator[str]:
    """Yield the texts of the headings and the cells of a table."""
    for column in range(model.columnCount()):
        cells = [model.index(row, column) for row in range(model.rowCount())]
        for role in _TABLE_ROLES:
            texts = [model.headerData(column, Qt.Orientation.Horizontal, role), *(cell.data(role) for cell in cells)]
            yield from (text for text in texts if isinstance(text, str))
