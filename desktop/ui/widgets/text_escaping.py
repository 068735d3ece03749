"""Words of strangers, as Qt takes them literally: it guesses at HTML in tooltips, and reads signs in menus and titles."""

from html import escape

from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.audio.names import printable

_MAX_TITLE_LENGTH = 200


def escape_tooltip(*lines: str) -> str:
    """Lines for a tooltip."""
    text = "\n".join(lines)
    return f"<div>{escape(text).replace(chr(10), '<br>')}</div>" if "<" in text else text


def show_name_tooltip(widget: QWidget, event: QEvent) -> bool:
    """Show the accessible name of a control without words under the pointer. Return whether `event` asked for that.

    It is not the widget's own tooltip, which Qt gives as the description: the name would be spoken twice.
    """
    if event.type() is not QEvent.Type.ToolTip or not isinstance(event, QHelpEvent) or widget.toolTip():
        return False
    QToolTip.showText(event.globalPos(), escape_tooltip(widget.accessibleName()), widget)
    return True


def escape_menu_text(text: str) -> str:
    """Words for a menu or a button: no letter in them is underlined, and no part of them is a key."""
    return text.replace("&", "&&").replace("\t", " ")


def escape_window_title(text: str) -> str:
    """Words for a window's title, where Qt takes `[*]` for the mark of what is not saved."""
    return printable(text, _MAX_TITLE_LENGTH).replace("[*]", "[*][*]")
