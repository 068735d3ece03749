"""Value field: a number that is read as text and typed over, alone, between two buttons, or as a level in decibels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSizePolicy, QWidget

from desktop.text.message import tr
from desktop.ui.theme.fonts import SECONDARY_SIZE, ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PaintedButton
from desktop.ui.widgets.levels import MAX_DB, MIN_DB, format_db, parse_db

_EDIT_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
_STEP_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_TEXT_MARGIN = 2
LEVEL_FIELD_SIZE = QSize(62, 24)
LEVEL_STEP_DB = 0.5


@dataclass(frozen=True)
class NumberFormat:
    """A number as text: its range, the step of keys and wheel, and how it is written and read."""

    minimum: float
    maximum: float
    step: float
    format: Callable[[float], str]
    parse: Callable[[str], float]
    """Raises ValueError if the text is no number of this kind."""
    default: float = 0.0
    """Value that a double click sets."""
    decimals: int = 2
    """Decimals that are kept."""


class ValueField(QDoubleSpinBox):
    """Number as text: a click, Return or F2 makes it a text field, Up, Down and the wheel change it by a step.

    A double click resets it. While it is not edited, it leaves all other keys to the window.
    """

    value_entered = Signal(float)
    """The value that the user set."""

    def __init__(
        self, name: str, number_format: NumberFormat, kind: str = "plain", parent: QWidget | None = None
    ) -> None:
        """`kind` is "plain", or "quiet" for a field without a background."""
        super().__init__(parent)
        self._number_format = number_format
        self._is_editing = False
        self.setAccessibleName(name)
        self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setKeyboardTracking(False)
        self.setDecimals(number_format.decimals)
        self.setRange(number_format.minimum, number_format.maximum)
        self.setSingleStep(number_format.step)
        # The style sheet hides the buttons: with `NoButtons`, it gives the text no width.
        self.lineEdit().setTextMargins(_TEXT_MARGIN, 0, _TEXT_MARGIN, 0)
        self.lineEdit().installEventFilter(self)
        self._set_editable(False)
        self.valueChanged.connect(self.value_entered)
        self.show_value(number_format.default)

    @property
    def is_editing(self) -> bool:
        """Whether it is a text field now."""
        return self._is_editing

    def show_value(self, value: float) -> None:
        """Show a value without emitting it. What the user is typing stays."""
        if not self._is_editing:
            blocked = self.blockSignals(True)
            self.setValue(value)
            self.blockSignals(blocked)

    def refresh_text(self) -> None:
        """Write the value again, because the format's text for it has changed."""
        if not self._is_editing:
            self.lineEdit().setText(self.textFromValue(self.value()))
            self.updateGeometry()

    def start_editing(self) -> None:
        """Make it a text field with its text selected."""
        self._is_editing = True
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._set_editable(True)
        self.lineEdit().setText(self._number_format.format(self.value()))
        self.lineEdit().selectAll()

    def reset(self) -> None:
        """Set the default value."""
        self._stop_editing(False)
        self.setValue(self._number_format.default)

    def _stop_editing(self, accept: bool) -> None:
        """Take the typed number if `accept` and it is one; otherwise the value stays."""
        if not self._is_editing:
            return
        if accept:
            self.interpretText()
        self._is_editing = False
        self._set_editable(False)
        self.lineEdit().deselect()
        self.refresh_text()

    def _set_editable(self, is_editable: bool) -> None:
        """Show the menu of a text field only while it is one: otherwise the parent has a menu."""
        policy = Qt.ContextMenuPolicy
        self.lineEdit().setReadOnly(not is_editable)
        for widget in (self, self.lineEdit()):
            widget.setContextMenuPolicy(policy.DefaultContextMenu if is_editable else policy.NoContextMenu)

    def textFromValue(self, val: float) -> str:  # noqa: N802
        return self._number_format.format(val)

    def valueFromText(self, text: str) -> float:  # noqa: N802
        return self._number_format.parse(text)

    def validate(self, input: str, pos: int) -> tuple[QValidator.State, str, int]:
        """Accept what the format can parse; leave the rest to be typed on."""
        try:
            self._number_format.parse(input)
        except ValueError:
            return QValidator.State.Intermediate, input, pos
        return QValidator.State.Acceptable, input, pos

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Edit on a click into the text, reset on a double click."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event.type() is QEvent.Type.MouseButtonDblClick:
                self.reset()
                return True
            if event.type() is QEvent.Type.MouseButtonPress and not self._is_editing:
                self.start_editing()
                return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Leave shortcuts to the window unless the value is edited; even a read-only text field takes those it knows."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if not self._is_editing:
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._is_editing:
            if event.key() in _EDIT_KEYS:
                self.start_editing()
            elif event.key() in _STEP_KEYS:
                super().keyPressEvent(event)
                self.lineEdit().deselect()
            else:
                event.ignore()
        elif event.key() in (*_EDIT_KEYS, Qt.Key.Key_Escape):
            self._stop_editing(event.key() != Qt.Key.Key_Escape)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self._is_editing:
            self.lineEdit().deselect()  # Tab selects all, as if it were typed over

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the typed number."""
        self._stop_editing(True)
        super().focusOutEvent(event)


class LevelField(ValueField):
    """Level in decibels."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        number_format = NumberFormat(MIN_DB, MAX_DB, LEVEL_STEP_DB, format_db, parse_db, decimals=1)
        self._text_instead = ""
        super().__init__(name, number_format, "quiet", parent)
        self.setFont(ui_font(SECONDARY_SIZE))
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFixedSize(LEVEL_FIELD_SIZE)
        self.lineEdit().setTextMargins(0, 0, 0, 0)

    def show_level(self, db: float, text_instead: str = "") -> None:
        """Show a level in decibels, or `text_instead` while it is not edited, as "muted"."""
        self._text_instead = text_instead
        self.show_value(db)
        self.refresh_text()

    def textFromValue(self, val: float) -> str:  # noqa: N802
        return super().textFromValue(val) if self._is_editing else self._text_instead or super().textFromValue(val)


class StepButton(PaintedButton):
    """Button of a stepper, with its sign, that repeats while it is held down."""

    def __init__(self, sign: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, QSize(24, 28), parent)
        self.setText(sign)
        self.setAutoRepeat(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Up and Down in the field do the same

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(Colour.RAISED), 7)
        painter.setFont(ui_font())
        painter.setPen(theme.colour(Colour.DIM if self.isEnabled() else Colour.FAINT))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


@accessible_role(QAccessible.Role.Grouping)
class Stepper(QWidget):
    """Value field between two buttons that change it by a step."""

    def __init__(self, name: str, number_format: NumberFormat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.field = ValueField(name, number_format)
        self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.value_entered = self.field.value_entered
        self.show_value = self.field.show_value
        self.refresh_text = self.field.refresh_text
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        less, more = StepButton("−", tr("Less: {name}", name=name)), StepButton("+", tr("More: {name}", name=name))
        for widget in (less, self.field, more):
            row.addWidget(widget)
        for button, steps in ((less, -1), (more, 1)):
            button.clicked.connect(partial(self.field.stepBy, steps))

    @property
    def value(self) -> float:
        """The shown value."""
        return self.field.value()
