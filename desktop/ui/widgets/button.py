"""Buttons, with names for screen readers: styled ones, and painted ones in colours of their own."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget

from desktop.text.message import tr
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.icons import create_glyph_icon, draw_glyph
from desktop.ui.theme.metrics import CONTROL_HEIGHT, FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.text_escaping import escape_menu_text, show_name_tooltip

_ICON_COLOURS = {"primary": Colour.ON_ACCENT, "plain": Colour.TEXT, "quiet": Colour.DIM, "value": Colour.TEXT}

_EXCLUSIVE_MODIFIERS = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier


class PushButton(QPushButton):
    """Button with a text, an icon, or both.

    `kind` is "primary" for the main action, "plain", "quiet", or "value" (`ValueButton`). `accessible_name` defaults to the text, and
    `icon_colour` to the colour of the kind's text.
    """

    def __init__(
        self,
        text: str,
        kind: str = "plain",
        icon_name: str = "",
        accessible_name: str = "",
        icon_colour: Colour | None = None,
        parent: QWidget | None = None,
    ) -> None:
        # The space separates the icon from the text.
        super().__init__(f" {text}" if text and icon_name else text, parent)
        self.setProperty("kind", kind)
        self.setAccessibleName(accessible_name or text.replace("&", ""))
        self.setAutoDefault(False)  # in a dialog, Return goes to the control that has the focus
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon_name = icon_name
        self._icon_colour = icon_colour or _ICON_COLOURS[kind]
        if icon_name:
            self.setIconSize(QSize(14, 14))
            self._update_icon()
            theme.changed.connect(self._update_icon)

    def _update_icon(self) -> None:
        stroke_width = 2.0 if self.property("kind") == "primary" else 1.6
        self.setIcon(create_glyph_icon(self._icon_name, self._icon_colour, stroke_width))

    def event(self, e: QEvent) -> bool:
        """Show the accessible name as the tooltip of a button without text."""
        return (not self.text() and show_name_tooltip(self, e)) or super().event(e)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _click_on_return(self, event):
            super().keyPressEvent(event)


def create_icon_button(
    icon_name: str, accessible_name: str, tooltip: str = "", kind: str = "quiet", parent: QWidget | None = None
) -> PushButton:
    """Return a button with only an icon; `accessible_name` says what it does, and so does `tooltip` if it is not empty.

    A quiet one is small. Raises KeyError if there is no such icon.
    """
    button = PushButton("", kind, icon_name, accessible_name, parent=parent)
    button.setToolTip(tooltip)
    if kind == "quiet":
        button.setFixedSize(28, 28)
        button.setStyleSheet("min-height: 24px; padding: 0;")
    else:
        button.setIconSize(QSize(16, 16))
    return button


def create_square_button(icon_name: str, accessible_name: str, tooltip: str) -> PushButton:
    """Return a plain button with only an icon, as high and wide as other controls are high."""
    button = create_icon_button(icon_name, accessible_name, tooltip, "plain")
    button.setFixedSize(CONTROL_HEIGHT, CONTROL_HEIGHT)
    button.setStyleSheet("padding: 0;")
    return button


class ValueButton(PushButton):
    """Button that shows the chosen value, and opens a menu of others."""

    def __init__(self, name: str, menu: QMenu, parent: QWidget | None = None) -> None:
        """`name` says what the value is of."""
        super().__init__("", "value", accessible_name=name, parent=parent)
        self._name, self._value = name, ""
        self._menu = menu  # Qt does not own it
        self.setFixedHeight(28)
        self.setMenu(menu)

    def show_value(self, text: str) -> None:
        """Show the text of the chosen value."""
        self._value = text
        self.setText(escape_menu_text(text))
        self.setAccessibleName(tr("{name}: {value}", name=self._name, value=text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(ui_font()).horizontalAdvance(self._value) + 38, 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the value, elided if it must be, and the arrow that tells of the menu."""
        painter = QPainter(self)
        paint_button_background(self, painter, theme.colour(Colour.RAISED), 7)
        painter.setFont(ui_font())
        painter.setPen(theme.colour(Colour.TEXT if self.isEnabled() else Colour.FAINT))
        text_rect = self.rect().adjusted(10, 0, -26, 0)
        text = painter.fontMetrics().elidedText(self._value, Qt.TextElideMode.ElideRight, text_rect.width())
        painter.drawText(text_rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        arrow_rect = QRectF(self.width() - 22, self.height() / 2 - 6, 12, 12)
        draw_glyph(painter, "down", arrow_rect, Colour.DIM if self.isEnabled() else Colour.FAINT)


class ChipButton(PushButton):
    """Chip that opens something: text on a rounded background, with an arrow."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """`name` says what the text is about."""
        super().__init__("", "value", accessible_name=name, parent=parent)
        self._name, self._value = name, ""

    def show_value(self, text: str) -> None:
        """Show `text`."""
        self._value = text
        self.setText(escape_menu_text(text))
        self.setAccessibleName(tr("{name}: {value}", name=self._name, value=text))
        self.setFixedSize(QFontMetrics(ui_font(12)).horizontalAdvance(text) + 36, 24)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_button_background(self, painter, theme.colour(Colour.RAISED), 12)
        colour = Colour.DIM if self.isEnabled() else Colour.FAINT
        painter.setFont(ui_font(12))
        painter.setPen(theme.colour(colour))
        text_rect = self.rect().adjusted(10, 0, -22, 0)
        painter.drawText(text_rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, self._value)
        draw_glyph(painter, "down", QRectF(self.width() - 22, self.height() / 2 - 6, 12, 12), colour)


class PaintedButton(QAbstractButton):
    """Button that paints itself and its focus ring; Space and Return press it."""

    def __init__(self, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setAccessibleName(name)
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return self._size

    def event(self, e: QEvent) -> bool:
        """Show the accessible name as a tooltip if the button has no other tooltip."""
        return show_name_tooltip(self, e) or super().event(e)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        if not _click_on_return(self, e):
            super().keyPressEvent(e)

    def paint_background(self, painter: QPainter, colour: QColor, radius: float) -> None:
        """Fill the button with `colour`; add a highlight and a border while hovered, and the focus ring."""
        paint_button_background(self, painter, colour, radius)


class LetterButton(PaintedButton):
    """Checkable button with a letter, M or S, filled with its colour while checked."""

    exclusive_requested = Signal()
    """The button was clicked with Alt or Ctrl held; its own state has not changed."""

    def __init__(
        self, letter: str, name: str, colour: Colour, text_colour: Colour, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, QSize(28, 26), parent)
        self.setText(letter)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self._colour, self._text_colour = colour, text_colour

    def mouseReleaseEvent(self, e: QMouseEvent) -> None:
        """Request an exclusive click while Alt or Ctrl is held; otherwise toggle."""
        if self.isDown() and e.modifiers() & _EXCLUSIVE_MODIFIERS:
            self.setDown(False)
            if self.hitButton(e.position().toPoint()):
                self.exclusive_requested.emit()
        else:
            super().mouseReleaseEvent(e)

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(self._colour if self.isChecked() else Colour.RAISED), 7)
        painter.setFont(ui_font(12, 600))
        painter.setPen(theme.colour(self._text_colour if self.isChecked() else Colour.DIM))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class TextButton(PaintedButton):
    """Button with a text label; `is_primary` highlights the main action."""

    def __init__(self, label: str, tooltip: str, is_primary: bool = False, parent: QWidget | None = None) -> None:
        width = QFontMetrics(ui_font(13, 500)).horizontalAdvance(label) + 24
        super().__init__(label, QSize(width, 32), parent)
        self.setText(label)
        self.setToolTip(tooltip)
        self._background, self._text_colour = (
            (Colour.ACCENT, Colour.ON_ACCENT) if is_primary else (Colour.RAISED, Colour.TEXT)
        )

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(self._background), 8)
        painter.setFont(ui_font(13, 500))
        painter.setPen(theme.colour(self._text_colour))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


def _click_on_return(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Click `button` on Return or Enter, as on Space. Return whether it was one of them."""
    is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if is_return:
        button.click()
    return is_return


def paint_button_background(button: QAbstractButton, painter: QPainter, colour: QColor, radius: float) -> None:
    """Fill `button` with `colour`; add a highlight and a border while hovered, and the focus ring."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    is_hovered = button.underMouse() and button.isEnabled()
    painter.setBrush(colour.lighter(85 if button.isDown() else 118) if is_hovered else colour)
    painter.drawRoundedRect(QRectF(button.rect()), radius, radius)
    if button.hasFocus() or is_hovered:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(Colour.ACCENT if button.hasFocus() else Colour.RAIL), FOCUS_RING_WIDTH))
        painter.drawRoundedRect(QRectF(button.rect()).adjusted(1, 1, -1, -1), radius - 1, radius - 1)
