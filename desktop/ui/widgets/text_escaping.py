"""Escaping of untrusted text for Qt.

Qt guesses at HTML in tooltips, and interprets `&`, tabs and `[*]` in menus and window titles.
"""

from html import escape

from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.audio.names import printable

_MAX_TITLE_LENGTH = 200


def escape_tooltip(*lines: str) -> str:
    """Return the lines as tooltip text that Qt does not interpret as HTML."""
    text = "\n".join(lines)
    return f"<div>{escape(text).replace(chr(10), '<br>')}</div>" if "<" in text else text


def show_name_tooltip(widget: QWidget, event: QEvent) -> bool:
    """Show the accessible name of a control as its tooltip. Return whether `event` was a request for it.

    The widget's own tooltip is not used: Qt reports it as the description, so the name would be spoken twice.
    """
    if event.type() is not QEvent.Type.ToolTip or not isinstance(event, QHelpEvent) or widget.toolTip():
        return False
    QToolTip.showText(event.globalPos(), escape_tooltip(widget.accessibleName()), widget)
    return True


def escape_menu_text(text: str) -> str:
    """Return text for a menu or a button, without mnemonics (`&`) and shortcut columns (tab)."""
    return text.replace("&", "&&").replace("\t", " ")


def escape_window_title(text: str) -> str:
    """Return text for a window title, where Qt reads `[*]` as the marker of unsaved changes."""
    return printable(text, _MAX_TITLE_LENGTH).replace("[*]", "[*][*]")
