"""Levels in decibels: fader taper, level meter, and text."""

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.playback.mix import MAX_DB, MIN_DB
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.progress_bar import RAIL_WIDTH

UNITY_POSITION = 0.72
"""Position of 0 dB on a fader, 0 to 1; the range that matters to the ear takes most of the travel."""
TAPER_EXPONENT = math.log(UNITY_POSITION) / math.log(-MIN_DB / (MAX_DB - MIN_DB))
METER_WIDTH = 6
METER_MAX_HEIGHT = 34
METER_FALL_PER_UPDATE = 0.05
"""Maximum fall of the meter per update, as a fraction of its height."""


def fader_position(db: float) -> float:
    """Return the fader position, 0 to 1, of a level in decibels."""
    fraction = (min(MAX_DB, max(MIN_DB, db)) - MIN_DB) / (MAX_DB - MIN_DB)
    return fraction**TAPER_EXPONENT


def db_at_position(position: float) -> float:
    """Return the level in decibels of a fader `position`, 0 to 1."""
    return MIN_DB + (MAX_DB - MIN_DB) * min(1.0, max(0.0, position)) ** (1 / TAPER_EXPONENT)


def meter_fraction(peak: float) -> float:
    """Return the height of a meter, 0 to 1 over 60 dB, for a linear peak."""
    return min(1.0, max(0.0, 1 - 20 * math.log10(peak) / MIN_DB)) if peak > 1e-6 else 0.0


def format_db(db: float) -> str:
    """Return a level as "−1.5 dB", with a true minus sign and no minus before zero; −60 dB and less is "−∞ dB"."""
    if db <= MIN_DB:
        return "−∞ dB"
    tenths = round(db * 10)
    return f"{'−' if tenths < 0 else ''}{abs(tenths) / 10:.1f} dB"


@accessible_role(QAccessible.Role.Graphic)
class Meter(QWidget):
    """Vertical level meter over 60 dB that rises at once and falls slowly.

    Assistive technology sees a graphic without a value: a screen reader would talk over the music.
    """

    def __init__(self, name: str, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._colour = colour
        self._fraction = 0.0
        self.setFixedWidth(METER_WIDTH)
        self.setMaximumHeight(METER_MAX_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(METER_WIDTH, METER_MAX_HEIGHT)

    def show_peak(self, peak: float) -> None:
        """Show a linear peak; a lower one makes the meter fall slowly."""
        self._set_fraction(max(meter_fraction(peak), self._fraction - METER_FALL_PER_UPDATE))

    def show_silence(self) -> None:
        """Empty the meter at once."""
        self._set_fraction(0.0)

    def _set_fraction(self, fraction: float) -> None:
        if round(fraction * METER_MAX_HEIGHT) != round(self._fraction * METER_MAX_HEIGHT):
            self.update()
        self._fraction = fraction

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), METER_WIDTH / 2, METER_WIDTH / 2)
        painter.fillRect(
            QRectF((METER_WIDTH - RAIL_WIDTH) / 2, 0, RAIL_WIDTH, self.height()), theme.colour(Colour.RAIL)
        )
        painter.setClipPath(shape)
        height = round(self._fraction * self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(0, self.height() - height, METER_WIDTH, height, theme.colour(self._colour))
