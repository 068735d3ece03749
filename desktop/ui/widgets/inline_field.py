"""Text field that is shown for a moment over what it renames."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

_END_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class InlineField(QLineEdit):
    """Text field that closes itself: Return and leaving it take the text, Escape leaves it as it was.

    Both keys return the focus to the control that had it before.
    """

    def __init__(self, text: str, name: str, on_text: Callable[[str], None], parent: QWidget | None = None) -> None:
        """`name` is the accessible name; `on_text` is called with a text that differs from `text`."""
        super().__init__(text, parent)
        self._initial_text, self._on_text = text, on_text
        self._is_open = True
        self._previous_focus: QWidget | None = None
        self.setProperty("kind", "inline")
        self.setAccessibleName(name)
        self.editingFinished.connect(lambda: self._close_field(True))

    def open_at(self, geometry: QRect, font: QFont) -> None:
        """Show the field at `geometry`, in its parent's coordinates, with the text selected."""
        self._previous_focus = QApplication.focusWidget()
        self.setFont(font)
        self.setGeometry(geometry)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_open(self) -> bool:
        """Whether the field is shown, or about to be."""
        return self._is_open

    def _close_field(self, accept: bool) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._return_focus()
        self.hide()
        self.deleteLater()
        if accept and self.text() != self._initial_text:
            self._on_text(self.text())

    def _return_focus(self) -> None:
        """Return the focus, unless the user has moved it: a hidden field would give it to the next control."""
        previous = self._previous_focus
        if self.hasFocus() and previous is not None and isValid(previous) and previous.isVisible():
            previous.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, arg__1: QEvent) -> bool:
        """Close the field on Return and Escape, and keep these keys from the window."""
        if isinstance(arg__1, QKeyEvent) and arg__1.key() in _END_KEYS:
            if arg__1.type() is QEvent.Type.ShortcutOverride:
                arg__1.accept()
                return True
            if arg__1.type() is QEvent.Type.KeyPress:
                self._close_field(arg__1.key() != Qt.Key.Key_Escape)
                return True
        return super().event(arg__1)
