"""Fader: a level slider in decibels with an audio taper."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from desktop.playback.mix import clamp_db
from desktop.text.message import tr
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.levels import MAX_DB, MIN_DB, db_at_position, fader_position, format_db
from desktop.ui.widgets.progress_bar import draw_progress_bar
from desktop.ui.widgets.text_escaping import escape_tooltip
from desktop.ui.widgets.wheel import WheelNotches

KNOB_DIAMETER = 16
GROOVE_HEIGHT = 4
GROOVE_MARGIN = 11
"""Pixels at each end of the groove for half the knob and its focus ring."""
KEY_STEP_DB, PAGE_STEP_DB = 1, 3
"""Decibels per arrow key press and per page key press."""
WHEEL_STEP_DB = 0.5
"""Decibels per wheel notch."""


class Fader(QSlider):
    """Horizontal fader from −60 to +6 dB; a double click sets 0 dB.

    `db` is the level in decibels, rounded to tenths. The slider's own value is the level in whole decibels: assistive
    technology reads and sets it, and keys step it.
    """

    db_changed = Signal(float)
    """The new level in decibels."""

    def __init__(self, name: str, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._colour = colour
        self._grab_offset = 0.0
        self._wheel = WheelNotches()
        self._db = 0.0
        self.setRange(round(MIN_DB), round(MAX_DB))
        self.setSingleStep(KEY_STEP_DB)
        self.setPageStep(PAGE_STEP_DB)
        self.set_name(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(64, 24)
        self.valueChanged.connect(self._on_value_changed)
        self.show_db(0.0)

    def set_name(self, name: str) -> None:
        """Set the accessible name and the tooltip."""
        self.setAccessibleName(name)
        self.setToolTip(escape_tooltip(tr("{name}: drag, or turn the wheel. Double-click for 0 dB.", name=name)))

    def set_colour(self, colour: Colour) -> None:
        """Set the colour of the groove."""
        self._colour = colour
        self.update()

    @property
    def db(self) -> float:
        """Level of the fader in decibels."""
        return self._db

    def set_db(self, db: float) -> None:
        """Set the level in decibels, limited and rounded to tenths, and emit it if it changed."""
        db = round(clamp_db(db), 1)
        if db != self._db:
            self.show_db(db)
            self.db_changed.emit(db)

    def show_db(self, db: float) -> None:
        """Show a level in decibels without emitting it."""
        self._db = db
        self.setValue(round(db))
        self.setAccessibleDescription(format_db(db))
        self.update()

    def _on_value_changed(self, value: int) -> None:
        if value != round(self._db):  # otherwise the value follows the level
            self.set_db(value)

    def sizeHint(self) -> QSize:
        return QSize(150, 26)

    def knob_x(self) -> float:
        """Return the x coordinate of the knob's centre, in pixels."""
        return GROOVE_MARGIN + fader_position(self.db) * self._groove_length()

    def _groove_length(self) -> float:
        return max(1.0, self.width() - 2 * GROOVE_MARGIN)

    def _set_db_at(self, x: float) -> None:
        self.set_db(db_at_position((x - GROOVE_MARGIN) / self._groove_length()))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Grab the knob where it is clicked, or move it to the pointer."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.ignore()
            return
        offset = ev.position().x() - self.knob_x()
        self._grab_offset = offset if abs(offset) <= KNOB_DIAMETER / 2 else 0.0
        self.setSliderDown(True)
        self._set_db_at(ev.position().x() - self._grab_offset)

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        if self.isSliderDown():
            self._set_db_at(ev.position().x() - self._grab_offset)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Set the level to 0 dB."""
        self.setSliderDown(False)
        self.set_db(0.0)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Change the level by half a decibel per notch."""
        self.set_db(self._db + self._wheel.take(e) * WHEEL_STEP_DB)

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre_y, knob_x = self.height() / 2, self.knob_x()
        left, right = GROOVE_MARGIN - KNOB_DIAMETER / 2 + 4, self.width() - GROOVE_MARGIN + KNOB_DIAMETER / 2 - 4
        groove = QRectF(left, centre_y - GROOVE_HEIGHT / 2, right - left, GROOVE_HEIGHT)
        draw_progress_bar(
            painter, groove, (knob_x - left) / groove.width(), self._colour if self.isEnabled() else Colour.FAINT
        )
        painter.setPen(Qt.PenStyle.NoPen)
        shadow = theme.colour(Colour.BACKGROUND)
        shadow.setAlpha(100)
        painter.setBrush(shadow)
        painter.drawEllipse(QPointF(knob_x, centre_y + 1), KNOB_DIAMETER / 2 + 0.5, KNOB_DIAMETER / 2 + 0.5)
        painter.setBrush(theme.colour(Colour.KNOB if self.isEnabled() else Colour.FAINT))
        painter.drawEllipse(QPointF(knob_x, centre_y), KNOB_DIAMETER / 2, KNOB_DIAMETER / 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), 2))
            painter.drawEllipse(QPointF(knob_x, centre_y), KNOB_DIAMETER / 2 + 2, KNOB_DIAMETER / 2 + 2)
