"""Stereo level meter: RMS, peak and peak hold of two channels."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.playback.levels import LaneLevels
from desktop.playback.mix import MIN_DB
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.levels import format_db, meter_fraction
from desktop.ui.widgets.progress_bar import RAIL_WIDTH

WIDTH = 54
HOLD_S = 1.5
"""Seconds for which the highest peak is marked."""
FALL_PER_UPDATE = 0.02
"""Largest fall of a bar per update, as a fraction of its length: 36 dB a second at 30 updates."""
RMS_OPACITY = 0.62
"""Opacity of the bar up to the RMS level; from there to the peak it is opaque."""
_BAR_HEIGHT, _BAR_GAP, _HOLD_WIDTH = 4, 2, 2
_HEIGHT = 2 * _BAR_HEIGHT + _BAR_GAP


@dataclass
class _ChannelBar:
    """What one bar shows, as fractions of its length."""

    peak: float = 0.0
    rms: float = 0.0
    hold: float = 0.0
    is_clipped: bool = False
    _held_since: float = 0.0

    def update(self, peak: float, rms: float, now: float) -> None:
        self.peak = max(meter_fraction(peak), self.peak - FALL_PER_UPDATE)
        self.rms = min(self.peak, max(meter_fraction(rms), self.rms - FALL_PER_UPDATE))
        if self.peak >= self.hold or now - self._held_since >= HOLD_S:
            self.hold, self._held_since, self.is_clipped = self.peak, now, peak > 1.0

    def pixels(self, width: int) -> tuple[int, int, int, bool]:
        """Return the shown state in half pixels, to tell whether it has changed."""
        return round(2 * self.rms * width), round(2 * self.peak * width), round(2 * self.hold * width), self.is_clipped


@accessible_role(QAccessible.Role.Indicator, value=lambda meter: meter.level_text)
class StereoMeter(QWidget):
    """Two horizontal bars over 60 dB that rise at once and fall slowly, with a line at the highest peak.

    Assistive technology can ask for the level, but is not told of its changes: it would talk over the music.
    """

    def __init__(
        self, name: str, colour: Colour, clock: Callable[[], float] = monotonic, parent: QWidget | None = None
    ) -> None:
        """`clock` returns seconds."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self._colour, self._clock = colour, clock
        self._bars = (_ChannelBar(), _ChannelBar())
        self.setFixedSize(WIDTH, _HEIGHT)

    @property
    def level_text(self) -> str:
        """Text of the highest peak that is marked: "−6.0 dB"."""
        hold = max(bar.hold for bar in self._bars)
        return format_db(MIN_DB * (1 - hold))

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, _HEIGHT)

    def set_colour(self, colour: Colour) -> None:
        """Set the colour of the bars."""
        self._colour = colour
        self.update()

    def show_levels(self, levels: LaneLevels) -> None:
        """Show peak and RMS levels of the left and the right channel, some 30 times a second."""
        now, shown, (left, right) = self._clock(), self._pixels(), self._bars
        left.update(levels.peak_left, levels.rms_left, now)
        right.update(levels.peak_right, levels.rms_right, now)
        if self._pixels() != shown:
            self.update()

    def show_silence(self) -> None:
        """Empty the meter at once."""
        if any(bar.hold for bar in self._bars):
            self._bars = (_ChannelBar(), _ChannelBar())
            self.update()

    def _pixels(self) -> list[tuple[int, int, int, bool]]:
        return [bar.pixels(self.width()) for bar in self._bars]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - _HEIGHT) / 2
        for bar in self._bars:
            self._draw_bar(painter, bar, top)
            top += _BAR_HEIGHT + _BAR_GAP

    def _draw_bar(self, painter: QPainter, bar: _ChannelBar, top: float) -> None:
        width = self.width()
        rail = QRectF(0, top + (_BAR_HEIGHT - RAIL_WIDTH) / 2, width, RAIL_WIDTH)
        painter.setBrush(theme.colour(Colour.RAIL))
        painter.drawRoundedRect(rail, RAIL_WIDTH / 2, RAIL_WIDTH / 2)
        colour = theme.colour(self._colour)
        painter.fillRect(QRectF(0, top, bar.peak * width, _BAR_HEIGHT), theme.colour(Colour.PANEL))
        painter.fillRect(QRectF(bar.rms * width, top, (bar.peak - bar.rms) * width, _BAR_HEIGHT), colour)
        colour.setAlphaF(RMS_OPACITY)
        painter.fillRect(QRectF(0, top, bar.rms * width, _BAR_HEIGHT), colour)
        if bar.hold > 0:
            x = min(width - _HOLD_WIDTH, bar.hold * width)
            hold_colour = theme.colour(Colour.BAD if bar.is_clipped else Colour.TEXT)
            painter.fillRect(QRectF(x, top, _HOLD_WIDTH, _BAR_HEIGHT), hold_colour)
