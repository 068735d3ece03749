"""Check box, and a check box drawn as a switch."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.ui.theme import metrics
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour, theme

_BOX_SIZE = 18
_MIN_CHECK_BOX_WIDTH = 80
_SWITCH_SIZE = QSize(34, 20)
RING_GAP = 4
"""Pixels from a switch to the outer edge of its focus ring."""


class CheckBox(QCheckBox):
    """Check box with a box that is visible on the dark background."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(2, (self.height() - _BOX_SIZE) / 2, _BOX_SIZE, _BOX_SIZE)
        is_filled = self.isChecked() and self.isEnabled()
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(Colour.TEXT if is_filled else Colour.ACCENT), metrics.FOCUS_RING_WIDTH))
        else:
            edge = Colour.ACCENT if is_filled else Colour.DIM if self.isEnabled() else Colour.FAINT
            painter.setPen(QPen(theme.colour(edge), 1.5))
        painter.setBrush(theme.colour(Colour.ACCENT if is_filled else Colour.RAISED))
        painter.drawRoundedRect(box, 4, 4)
        if self.isChecked():
            draw_glyph(painter, "check", box.adjusted(3, 3, -3, -3), Colour.ON_ACCENT if is_filled else Colour.FAINT)
        painter.setPen(theme.colour(Colour.TEXT if self.isEnabled() else Colour.FAINT))
        text_rect = self.rect().adjusted(_BOX_SIZE + 10, 0, 0, 0)
        alignment = Qt.AlignmentFlag.AlignVCenter
        mnemonic = Qt.TextFlag.TextShowMnemonic
        elided_text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, text_rect.width(), mnemonic
        )
        painter.drawText(text_rect, int(alignment | mnemonic), elided_text)

    def sizeHint(self) -> QSize:
        """Return the size of box, gap and text, high enough to click."""
        text_size = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        return QSize(text_size.width() + _BOX_SIZE + 16, 28)

    def minimumSizeHint(self) -> QSize:
        """Return the size of the box and the first letters; the rest of the text is elided where there is no room."""
        return QSize(min(self.sizeHint().width(), _MIN_CHECK_BOX_WIDTH), 28)


class Switch(QCheckBox):
    """Check box drawn as a switch: it takes effect at once."""

    value_selected = Signal(object)
    """True if the switch was turned on, False if it was turned off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(self.sizeHint())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self.value_selected.emit)

    @property
    def value(self) -> bool:
        """Whether the switch is on."""
        return self.isChecked()

    def set_on(self, is_on: bool) -> None:
        """Turn the switch on or off without emitting signals."""
        blocked = self.blockSignals(True)
        self.setChecked(is_on)
        self.blockSignals(blocked)

    def sizeHint(self) -> QSize:
        """Return the size of the switch with its focus ring."""
        return _SWITCH_SIZE + QSize(2 * RING_GAP, 2 * RING_GAP)

    def hitButton(self, pos: object) -> bool:  # noqa: N802
        """Return True: every point of the switch is clickable."""
        return True

    def keyPressEvent(self, e: QKeyEvent) -> None:
        """Toggle the switch on Return; no other control of the dialog handles that key."""
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(e)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(RING_GAP, RING_GAP, _SWITCH_SIZE.width(), _SWITCH_SIZE.height())
        if self.hasFocus():
            _draw_pill(painter, pill.adjusted(-3, -3, 3, 3), Colour.ACCENT, None, metrics.FOCUS_RING_WIDTH)
        is_on = self.isChecked()
        edge = Colour.ACCENT if is_on else Colour.DIM if self.underMouse() else Colour.FAINT
        _draw_pill(
            painter, pill.adjusted(0.75, 0.75, -0.75, -0.75), edge, Colour.ACCENT if is_on else Colour.RAISED, 1.5
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.ON_ACCENT if is_on else Colour.DIM))
        painter.drawEllipse(QRectF(pill.right() - 16 if is_on else pill.left() + 4, pill.top() + 4, 12, 12))


def _draw_pill(painter: QPainter, rect: QRectF, border: Colour, fill: Colour | None, width: float) -> None:
    painter.setPen(QPen(theme.colour(border), width))
    painter.setBrush(theme.colour(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
