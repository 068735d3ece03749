"""Playback controls of the transport bar: the play button, and the time."""

from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.session import CountInBeat
from desktop.text.durations import describe_duration, format_duration, format_duration_tenths
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.metrics import FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PaintedButton

MIN_TIME_WIDTH = 126
TIME_INDENT = 4
"""Pixels between the focus ring and the time."""
KEY_STEP_S, PAGE_STEP_S = 5, 30
_BEAT_LINE_HEIGHT = 18
BEAT_TOLERANCE_S = 0.02
"""Seconds by which a beat is shown early: the first one is often found some milliseconds after the start."""


class PlayButton(PaintedButton):
    """Round play button: a triangle, or two bars during playback."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Play"), QSize(40, 40), parent)
        self._is_playing = False
        self.show_playing(False)

    def show_playing(self, is_playing: bool) -> None:
        """Show what the next click does: pause or play."""
        self._is_playing = is_playing
        self.setAccessibleName(tr("Pause") if is_playing else tr("Play"))
        self.setToolTip(ACTIONS[ActionId.PLAY_OR_PAUSE].tooltip(self.accessibleName()))
        self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(Colour.TEXT if self.isEnabled() else Colour.RAISED), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.BACKGROUND if self.isEnabled() else Colour.FAINT))
        if self._is_playing:
            for left in (13.5, 22.5):
                painter.drawRoundedRect(QRectF(left, 13, 4.5, 14), 1, 1)
        else:
            painter.drawPolygon(QPolygonF([QPointF(15, 12), QPointF(29, 20), QPointF(15, 28)]))


class TimeReadout(QSlider):
    """Shows "1:17.4 / 4:12" and, below it, "bar 36, beat 3" or "count-in 3 of 4"; repainted only when one of them changes.

    For the keyboard and for assistive technology it is the playhead, a slider in whole seconds. It ignores the mouse.
    """

    seek_requested = Signal(int)
    """Seek target in seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._position_text, self._duration_text, self._widest_text = "0:00.0", "", "0:00.0"
        self._beat_text, self._is_counting_in = "", False
        self._large_font, self._small_font = ui_font(18, 600), ui_font(13)
        self.setSingleStep(KEY_STEP_S)
        self.setPageStep(PAGE_STEP_S)
        self.setAccessibleName(tr("Playhead"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.valueChanged.connect(self.seek_requested)

    @property
    def text(self) -> str:
        """Shown text."""
        return f"{self._position_text} / {self._duration_text}" if self._duration_text else self._position_text

    def show_times(self, position: float, duration: float) -> None:
        """Show playhead and track length in seconds; a length of 0 means no track."""
        position_text, duration_text = format_duration_tenths(position), format_duration(duration) if duration else ""
        if (position_text, duration_text) == (self._position_text, self._duration_text):
            return
        if duration_text != self._duration_text:
            self._duration_text = duration_text
            self._widest_text = format_duration_tenths(duration)
            self.updateGeometry()
        self._position_text = position_text
        self._update_slider(position, duration)
        self.update()

    @property
    def beat_text(self) -> str:
        """Shown bar and beat, or beat of the count-in; empty if they are not known."""
        return self._beat_text

    def show_beat(self, grid: BeatGrid | None, position: float, count_in: CountInBeat | None = None) -> None:
        """Show the beat of the count-in, or the bar and the beat at a position in seconds; nothing without a grid."""
        text, self._is_counting_in = "", count_in is not None
        if count_in is not None:
            text = tr("count-in {beat} of {total}", beat=count_in.number, total=count_in.total)
        elif grid is not None:
            bar, beat = grid.position_at(position + BEAT_TOLERANCE_S)
            text = tr("bar {bar}, beat {beat}", bar=bar, beat=beat)
        if text != self._beat_text:
            self._beat_text = text
            self.update()

    def _update_slider(self, position: float, duration: float) -> None:
        """Move the slider without emitting `seek_requested`."""
        blocked = self.blockSignals(True)
        self.setRange(0, ceil(duration))
        self.setValue(int(position))
        self.blockSignals(blocked)
        self.setAccessibleDescription(
            tr("{position} of {length}", position=describe_duration(position), length=describe_duration(duration))
        )

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Ignore the mouse: the time has no slider handle to drag."""
        ev.ignore()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def wheelEvent(self, e: QWheelEvent) -> None:
        e.ignore()

    def minimumSizeHint(self) -> QSize:
        """Return the full size, because the time must never be cut off."""
        return self.sizeHint()

    def sizeHint(self) -> QSize:
        """Return the size that the longest time of this track needs."""
        position_width = QFontMetrics(self._large_font).horizontalAdvance(self._widest_text)
        duration_width = QFontMetrics(self._small_font).horizontalAdvance(f" / {self._duration_text}")
        return QSize(max(MIN_TIME_WIDTH, TIME_INDENT + position_width + duration_width + 12), 32)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw both times on one baseline, and the focus ring."""
        painter = QPainter(self)
        painter.setFont(self._large_font)
        metrics = painter.fontMetrics()
        time_height = self.height() - (_BEAT_LINE_HEIGHT if self._beat_text else 0)
        baseline = (time_height + metrics.capHeight()) / 2
        painter.setPen(theme.colour(Colour.TEXT if self._duration_text else Colour.FAINT))
        painter.drawText(QPointF(TIME_INDENT, baseline), self._position_text)
        if self._duration_text:
            x = TIME_INDENT + metrics.horizontalAdvance(self._position_text) + 6
            painter.setFont(self._small_font)
            painter.setPen(theme.colour(Colour.FAINT))
            painter.drawText(QPointF(x, baseline), f"/ {self._duration_text}")
        if self._beat_text:
            painter.setFont(ui_font(12, 600 if self._is_counting_in else 400))
            painter.setPen(theme.colour(Colour.ACCENT if self._is_counting_in else Colour.DIM))
            painter.drawText(QPointF(TIME_INDENT, self.height() / 2 + 17), self._beat_text)
        if self.hasFocus():
            height = 44 if self._beat_text else 34
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(QRectF(1, (self.height() - height) / 2, self.width() - 4, height), 6, 6)
