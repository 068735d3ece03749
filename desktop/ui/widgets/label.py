"""Labels in a colour of the theme: plain text, and text that is elided where it does not fit."""

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from desktop.ui.theme.fonts import BODY_SIZE, ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.inline_field import InlineField
from desktop.ui.widgets.text_escaping import escape_tooltip

CHIP_HEIGHT = 22
CHIP_PADDING = 10
TWO_LINE_MIN_WIDTH = 200
_MIN_EDIT_WIDTH, _EDIT_MARGIN = 112, 7


class TextLabel(QLabel):
    """Plain text that Qt lays out and may wrap; the style sheet colours it."""

    def __init__(
        self,
        text: str = "",
        size: int = BODY_SIZE,
        weight: int = 400,
        colour: Colour = Colour.TEXT,
        parent: QWidget | None = None,
    ) -> None:
        """`colour` is one of `TEXT_ON_SURFACES`."""
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(ui_font(size, weight))
        self.setProperty("colour", colour.name)

    def set_colour(self, colour: Colour) -> None:
        """Set the text colour, one of `TEXT_ON_SURFACES`."""
        self.setProperty("colour", colour.name)
        self.style().polish(self)


class ElidedLabel(QLabel):
    """One line of text, elided and never wrapped; the tooltip shows the full text if it was elided."""

    def __init__(
        self, size: int = 13, weight: int = 400, colour: Colour = Colour.TEXT, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._font = ui_font(size, weight)
        self._colour = colour
        self._alignment = Qt.AlignmentFlag.AlignLeft
        self._elide_mode = Qt.TextElideMode.ElideRight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def align_right(self) -> "ElidedLabel":
        """Align the text to the right edge, and return the label."""
        self._alignment = Qt.AlignmentFlag.AlignRight
        return self

    def elide_middle(self) -> "ElidedLabel":
        """Elide the text in the middle, for names whose end matters, and return the label."""
        self._elide_mode = Qt.TextElideMode.ElideMiddle
        return self

    def show_text(self, text: str, tooltip: str = "") -> None:
        """Show `text`.

        `tooltip` is the tooltip while the text fits, and the description for assistive technology.
        """
        self.setToolTip(escape_tooltip(tooltip))
        self.setAccessibleDescription(tooltip)
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def set_colour(self, colour: Colour) -> None:
        """Set the text colour."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the full text."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self.text()) + 2, max(16, metrics.height()))

    def minimumSizeHint(self) -> QSize:
        """Return a width for the first letters, in pixels."""
        return QSize(min(self.sizeHint().width(), 36), self.sizeHint().height())

    def event(self, ev: QEvent) -> bool:
        """Show the full text as the tooltip if it does not fit.

        The widget's own tooltip is not used: Qt reports it as the description, so the text would be spoken twice.
        """
        if ev.type() is QEvent.Type.ToolTip and isinstance(ev, QHelpEvent) and self.is_elided:
            QToolTip.showText(ev.globalPos(), escape_tooltip(self.text()), self)
            return True
        return super().event(ev)

    @property
    def is_elided(self) -> bool:
        """Return True if the text does not fit."""
        return self.sizeHint().width() > self.width() + 2

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(theme.colour(self._colour))
        elided_text = painter.fontMetrics().elidedText(self.text(), self._elide_mode, self.width())
        painter.drawText(
            self.rect(), self._alignment | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided_text
        )


class EditableLabel(ElidedLabel):
    """One line of text that a double click, or `start_editing`, makes a text field.

    Return and leaving the field take the text, Escape leaves it as it was.
    """

    text_entered = Signal(str)
    """The text that the user typed, if it differs."""

    def __init__(
        self, size: int = 13, weight: int = 400, colour: Colour = Colour.TEXT, parent: QWidget | None = None
    ) -> None:
        super().__init__(size, weight, colour, parent)
        self.edit_name = ""
        """Accessible name of the text field."""
        self.max_length = 32767
        self._field: InlineField | None = None

    def start_editing(self) -> None:
        """Show a text field over the label, with the text selected."""
        if self._field is not None and self._field.is_open:
            return
        self._field = field = InlineField(self.text(), self.edit_name, self.text_entered.emit, self.parentWidget())
        field.setMaxLength(self.max_length)
        width = max(self.width(), _MIN_EDIT_WIDTH) + _EDIT_MARGIN
        field.open_at(QRect(self.x() - _EDIT_MARGIN, self.geometry().center().y() - 13, width, 26), self._font)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the text."""
        self.start_editing()


class Chip(ElidedLabel):
    """One line of text on a rounded background."""

    def __init__(self, colour: Colour = Colour.DIM, parent: QWidget | None = None) -> None:
        super().__init__(12, 400, colour, parent)

    def sizeHint(self) -> QSize:
        """Return the size of the text with its background."""
        return QSize(super().sizeHint().width() + 2 * CHIP_PADDING, CHIP_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the full size: the labels beside a chip shrink first."""
        return self.sizeHint()

    def paintEvent(self, ev: QPaintEvent) -> None:
        draw_chip(QPainter(self), QRectF(self.rect()), self.text(), self._font, self._colour)


def draw_chip(painter: QPainter, rect: QRectF, text: str, font: QFont, colour: Colour) -> None:
    """Draw one line of text, elided if it must be, on a rounded background that fills `rect`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(Colour.RAISED))
    painter.drawRoundedRect(rect, CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
    text_rect = rect.adjusted(CHIP_PADDING, 0, 1 - CHIP_PADDING, 0)
    painter.setFont(font)
    painter.setPen(theme.colour(colour))
    elided_text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(text_rect.width()))
    painter.drawText(text_rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), elided_text)


class TwoLineLabel(ElidedLabel):
    """Up to two lines of small text, for a row that is 48 pixels high."""

    def sizeHint(self) -> QSize:
        """Return the height of two lines."""
        return QSize(super().sizeHint().width(), 2 * QFontMetrics(self._font).lineSpacing())

    def minimumSizeHint(self) -> QSize:
        """Return a minimum width if there is text, else 0; a layout gives the label the remaining width."""
        return QSize(TWO_LINE_MIN_WIDTH if self.text() else 0, self.sizeHint().height())

    def lines(self, width: int) -> list[str]:
        """Return the text as one line, or as two lines with the second elided, for `width` pixels."""
        metrics = QFontMetrics(self._font)
        if metrics.horizontalAdvance(self.text()) <= width:
            return [self.text()]
        words = self.text().split(" ")
        fitting_counts = [n for n in range(1, len(words)) if metrics.horizontalAdvance(" ".join(words[:n])) <= width]
        split = fitting_counts[-1] if fitting_counts else 1
        first, second = (" ".join(part) for part in (words[:split], words[split:]))
        return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in (first, second) if line]

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(theme.colour(self._colour))
        text = "\n".join(self.lines(self.width()))
        painter.drawText(self.rect(), self._alignment | Qt.AlignmentFlag.AlignVCenter, text)
