"""Backdrop of the lanes: background, tint of the loop, and lines of bars and beats."""

from collections.abc import Hashable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPixmap

from desktop.analysis.beat_grid import BeatGrid
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.bar_lines import compute_lines
from desktop.ui.waveform.lane_content import TimeSpan
from desktop.ui.waveform.time_view import TimeViewBox

LOOP_OPACITY, IDLE_LOOP_OPACITY = 0.13, 0.06
"""Opacity of the tint of a loop that is repeated, and of one that is not."""


class Backdrop:
    """Backdrop of a `TimeViewBox`.

    All its rows are the same: one is painted when the view changes, and repeated over the height of the lanes.
    """

    def __init__(self, view: TimeViewBox) -> None:
        self._view = view
        self._grid: BeatGrid | None = None
        self._loop_span: TimeSpan | None = None
        self._is_loop_repeated = False
        self._row = QPixmap()
        self._row_key: Hashable = None

    def set_grid(self, grid: BeatGrid | None) -> bool:
        """Draw lines at bars and beats; None draws none. Return False if nothing changed."""
        has_changed = grid != self._grid
        self._grid = grid
        if has_changed:
            self._row_key = None
        return has_changed

    def show_loop(self, span: TimeSpan | None, is_repeated: bool) -> bool:
        """Tint a passage, less if it is not repeated; None tints none. Return False if nothing changed."""
        has_changed = (span, is_repeated) != (self._loop_span, self._is_loop_repeated)
        self._loop_span, self._is_loop_repeated = span, is_repeated
        return has_changed

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        """Draw the backdrop in a rectangle, in logical pixels of the view."""
        width, ratio = self._view.scene_rect().width(), painter.device().devicePixelRatioF()
        key = (width, ratio, self._view.visible_range(), self._loop_span, self._is_loop_repeated, theme.palette.name)
        if width >= 1 and key != self._row_key:
            self._row, self._row_key = self._paint_row(width, ratio), key
        painter.drawTiledPixmap(rect, self._row, QPointF(rect.left(), 0))

    def _paint_row(self, width: float, ratio: float) -> QPixmap:
        row = QPixmap(round(width * ratio), 1)
        row.setDevicePixelRatio(ratio)
        row.fill(theme.colour(Colour.BACKGROUND))
        painter = QPainter(row)
        start, end = self._view.visible_range()
        if self._loop_span is not None:
            left, right = (width * (min(max(second, start), end) - start) / (end - start) for second in self._loop_span)
            tint = theme.colour(Colour.ACCENT)
            tint.setAlphaF(LOOP_OPACITY if self._is_loop_repeated else IDLE_LOOP_OPACITY)
            painter.fillRect(QRectF(left, 0, right - left, 1), tint)
        if self._grid is not None:
            for x, is_bar in compute_lines(self._grid, start, end, width):
                painter.fillRect(QRectF(round(x), 0, 1, 1), theme.colour(Colour.LINE if is_bar else Colour.ROW_LINE))
        painter.end()
        return row
