"""Checks of texts in the pseudo-language, which has brackets around every text that can be translated."""

import re
from collections.abc import Iterator

from PySide6.QtWidgets import QWidget


def is_translated(text: str) -> bool:
    """Return whether `text` has letters within the brackets only."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = shorter
    return not re.search(r"[^\W\d_]", text)


def list_widget_texts(top: QWidget) -> Iterator[str]:
    """Yield all that a widget and those in it show, or say to assistive technology."""
    for widget in (top, *top.findChildren(QWidget)):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        for name in ("text", "placeholderText"):
            text = widget.property(name)
            if isinstance(text, str):
                yield text
