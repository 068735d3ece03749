"""Buttons and the progress bar widget, with names for screen readers."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.icons import create_glyph_icon
from desktop.ui.widgets.progress_bar import draw_progress_bar
from desktop.ui.widgets.text_escaping import show_name_tooltip

_ICON_COLOURS = {"primary": tokens.ON_ACCENT, "plain": tokens.TEXT, "quiet": tokens.DIM}


class PushButton(QPushButton):
    """Button with a text, an icon, or both.

    `kind` is "primary" for the main action, "plain", or "quiet". `accessible_name` defaults to the text.
    """

    def __init__(
        self,
        text: str,
        kind: str = "plain",
        icon_name: str = "",
        accessible_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        # The space separates the icon from the text.
        super().__init__(f" {text}" if text and icon_name else text, parent)
        self.setProperty("kind", kind)
        self.setAccessibleName(accessible_name or text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if icon_name:
            self.setIcon(create_glyph_icon(icon_name, _ICON_COLOURS[kind], 2.0 if kind == "primary" else 1.6))
            self.setIconSize(QSize(14, 14))

    def event(self, e: QEvent) -> bool:
        """Show the accessible name as the tooltip of a button without text."""
        return (not self.text() and show_name_tooltip(self, e)) or super().event(e)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Click the button on Return and Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


def create_icon_button(icon_name: str, accessible_name: str, parent: QWidget | None = None) -> PushButton:
    """Return a quiet button with only an icon; `accessible_name` says what it does."""
    button = PushButton("", "quiet", icon_name, accessible_name, parent)
    button.setFixedSize(28, 28)
    button.setStyleSheet("min-height: 24px; padding: 0;")
    return button


class ProgressBar(QProgressBar):
    """Progress bar without text."""

    def __init__(self, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self.setRange(0, 100)
        self.setAccessibleName(accessible_name)
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float) -> None:
        """Set the progress, 0 to 1.

        The bar is drawn in steps of half a pixel; assistive technology reads whole percents.
        """
        previous, self._fraction = self._fraction, min(1.0, max(0.0, fraction))
        if round(previous * self.width() * 2) != round(self._fraction * self.width() * 2):
            self.update()
        percent = int(self._fraction * 100)
        if percent != self.value():
            # QProgressBar repaints at once, and with it everything in the window that waits to be painted.
            self.setUpdatesEnabled(False)
            self.setValue(percent)
            self.setUpdatesEnabled(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_progress_bar(QPainter(self), QRectF(self.rect()), self._fraction, tokens.ACCENT)
