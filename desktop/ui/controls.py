"""Controls of the shell: buttons and a progress bar that look alike, and have names for screen readers."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QWidget

from desktop.ui.plain import show_name_as_tip
from desktop.ui.theme import tokens
from desktop.ui.theme.bars import draw_bar
from desktop.ui.theme.glyphs import glyph_icon

_INK = {"primary": tokens.ON_ACCENT, "plain": tokens.TEXT, "quiet": tokens.DIM}


class ShellButton(QPushButton):
    """A button with words, a sign, or both. `kind` is "primary" for the one next action, "plain", or "quiet"."""

    def __init__(
        self, words: str, kind: str = "plain", sign: str = "", name: str = "", parent: QWidget | None = None
    ) -> None:
        # Only a sign that stands alone needs no gap to the words beside it.
        super().__init__(f" {words}" if words and sign else words, parent)
        self.setProperty("kind", kind)
        self.setAccessibleName(name or words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if sign:
            self.setIcon(glyph_icon(sign, _INK[kind], 2.0 if kind == "primary" else 1.6))
            self.setIconSize(QSize(14, 14))

    def event(self, e: QEvent) -> bool:
        """Show the name of a button that has no words."""
        return (not self.text() and show_name_as_tip(self, e)) or super().event(e)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and Enter press it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


def square(sign: str, name: str, parent: QWidget | None = None) -> ShellButton:
    """A quiet button that is a sign alone; `name` says what it does."""
    button = ShellButton("", "quiet", sign, name, parent)
    button.setFixedSize(28, 28)
    button.setStyleSheet("min-height: 24px; padding: 0;")
    return button


class ProgressBar(QProgressBar):
    """How much of something is done, without words."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = 0.0
        self.setRange(0, 100)
        self.setAccessibleName(name)
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_part(self, part: float) -> None:
        """Fill the bar to `part`, 0 to 1; half pixels are drawn, whole percents are told to assistive technology."""
        drawn, self._part = self._part, min(1.0, max(0.0, part))
        if round(drawn * self.width() * 2) != round(self._part * self.width() * 2):
            self.update()
        self.setValue(int(self._part * 100))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        draw_bar(QPainter(self), QRectF(self.rect()), self._part, tokens.ACCENT)
