"""A level control: a slider in tenths of a decibel with a musician's taper."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from desktop.ui.plain import tip
from desktop.ui.player.levels import MAX_DB, MIN_DB, db_at, place_of, written
from desktop.ui.theme import tokens

KNOB = 16
GROOVE = 4
MARGIN = 11
"""Room beside the groove for half the knob and its ring of focus."""
STEP = 5
"""Half a decibel: one arrow key, one notch of the wheel."""
PAGE = 30


class Fader(QSlider):
    """A horizontal fader from −60 to +6 dB. Its value is in tenths of a decibel; a double click is 0 dB."""

    def __init__(self, name: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._colour = colour
        self._grab = 0.0
        self._turned = 0
        self.setRange(round(MIN_DB * 10), round(MAX_DB * 10))
        self.setSingleStep(STEP)
        self.setPageStep(PAGE)
        self.setAccessibleName(name)
        self.setToolTip(tip(f"{name}: drag, or turn the wheel. Double-click for 0 dB."))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(64, 22)

    @property
    def db(self) -> float:
        """The level that the fader stands at."""
        return self.value() / 10

    def show_db(self, db: float) -> None:
        """Stand at a level, without telling anybody."""
        self.blockSignals(True)
        self.setValue(round(db * 10))
        self.blockSignals(False)
        self.update()

    def sliderChange(self, change: QSlider.SliderChange) -> None:  # noqa: N802
        """Say the level in words, for who cannot see it."""
        super().sliderChange(change)
        self.setAccessibleDescription(written(self.db))

    def sizeHint(self) -> QSize:
        """A fader is as wide as its place."""
        return QSize(150, 26)

    def knob_x(self) -> float:
        """Return the middle of the knob."""
        return MARGIN + place_of(self.db) * self._way()

    def _way(self) -> float:
        return max(1.0, self.width() - 2 * MARGIN)

    def _move_to(self, x: float) -> None:
        self.setValue(round(db_at((x - MARGIN) / self._way()) * 10))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Take the knob where it was touched, or bring it to the pointer."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.ignore()
            return
        off = ev.position().x() - self.knob_x()
        self._grab = off if abs(off) <= KNOB / 2 else 0.0
        self.setSliderDown(True)
        self._move_to(ev.position().x() - self._grab)

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Drag the knob."""
        if self.isSliderDown():
            self._move_to(ev.position().x() - self._grab)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Let go of the knob."""
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Back to 0 dB."""
        self.setSliderDown(False)
        self.setValue(0)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Half a decibel a notch."""
        self._turned += e.angleDelta().y() or e.angleDelta().x()
        notches = int(self._turned / 120)
        self._turned -= notches * 120
        self.setValue(self.value() + notches * STEP)
        e.accept()

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw groove, level, knob and ring of focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, knob = self.height() / 2, self.knob_x()
        colour = QColor(self._colour if self.isEnabled() else tokens.FAINT)
        self._groove(painter, MARGIN - KNOB / 2 + 4, self.width() - MARGIN + KNOB / 2 - 4, QColor(tokens.LINE))
        self._groove(painter, MARGIN - KNOB / 2 + 4, knob, colour)
        painter.setBrush(QColor(0, 0, 0, 70))
        painter.drawEllipse(QPointF(knob, middle + 1), KNOB / 2 + 0.5, KNOB / 2 + 0.5)
        painter.setBrush(QColor(255, 255, 255) if self.isEnabled() else QColor(tokens.FAINT))
        painter.drawEllipse(QPointF(knob, middle), KNOB / 2, KNOB / 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.ACCENT), 2))
            painter.drawEllipse(QPointF(knob, middle), KNOB / 2 + 2, KNOB / 2 + 2)

    def _groove(self, painter: QPainter, left: float, right: float, colour: QColor) -> None:
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(left, self.height() / 2 - GROOVE / 2, right - left, GROOVE), 2, 2)
