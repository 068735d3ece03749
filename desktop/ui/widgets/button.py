"""Controls of the shell: buttons and a progress bar that look alike, and have names for screen readers."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QWidget

from desktop.ui.theme import tokens
from desktop.ui.theme.icons import create_glyph_icon
from desktop.ui.widgets.progress_bar import draw_progress_bar
from desktop.ui.widgets.text_escaping import show_name_tooltip

_ICON_COLOURS = {"primary": tokens.ON_ACCENT, "plain": tokens.TEXT, "quiet": tokens.DIM}


class PushButton(QPushButton):
    """A button with words, a sign, or both. `kind` is "primary" for the one next action, "plain", or "quiet"."""

    def __init__(
        self,
        text: str,
        kind: str = "plain",
        icon_name: str = "",
        accessible_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        # Only a sign that stands alone needs no gap to the words beside it.
        super().__init__(f" {text}" if text and icon_name else text, parent)
        self.setProperty("kind", kind)
        self.setAccessibleName(accessible_name or text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if icon_name:
            self.setIcon(create_glyph_icon(icon_name, _ICON_COLOURS[kind], 2.0 if kind == "primary" else 1.6))
            self.setIconSize(QSize(14, 14))

    def event(self, e: QEvent) -> bool:
        """Show the name of a button that has no words."""
        return (not self.text() and show_name_tooltip(self, e)) or super().event(e)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and Enter press it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


def create_icon_button(icon_name: str, accessible_name: str, parent: QWidget | None = None) -> PushButton:
    """A quiet button that is a sign alone; `name` says what it does."""
    button = PushButton("", "quiet", icon_name, accessible_name, parent)
    button.setFixedSize(28, 28)
    button.setStyleSheet("min-height: 24px; padding: 0;")
    return button


class ProgressBar(QProgressBar):
    """How much of something is done, without words."""

    def __init__(self, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self.setRange(0, 100)
        self.setAccessibleName(accessible_name)
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float) -> None:
        """Fill the bar to `part`, 0 to 1; half pixels are drawn, whole percents are told to assistive technology."""
        previous, self._fraction = self._fraction, min(1.0, max(0.0, fraction))
        if round(previous * self.width() * 2) != round(self._fraction * self.width() * 2):
            self.update()
        self.setValue(int(self._fraction * 100))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        draw_progress_bar(QPainter(self), QRectF(self.rect()), self._fraction, tokens.ACCENT)
