"""Lane stack: headers on the left, waveforms over one time axis on the right."""

from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QScrollBar, QWidget

from desktop.text.message import tr
from desktop.ui.pages.player.lane_header_parts import HEADER_WIDTH, TWO_ROW_HEIGHT, LaneHeaderBase
from desktop.ui.pages.player.lane_looks import MIN_LANE_HEIGHT
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.view import WaveformView

SCROLLED_LANE_HEIGHT = 72
_SCROLL_STEPS = 10_000_000
"""Steps of the scroll bar over a whole track, so that a step in a long track is less than a sample in view."""
MAX_SINGLE_LANE_HEIGHT = 420
"""Maximum height of a single lane, so that it does not fill a whole screen."""


class LaneStack(QWidget):
    """Divides the height among the lanes, and scrolls headers and waveforms together if it is too small."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = WaveformView()
        self._headers: list[LaneHeaderBase] = []
        self._heights: list[int] = []
        self._header_column = QWidget()
        self._header_area = QScrollArea()
        self._header_area.setFrameShape(QFrame.Shape.NoFrame)
        self._header_area.setFixedWidth(HEADER_WIDTH)
        self._header_area.setWidget(self._header_column)
        self._header_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._header_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._header_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._header_area.viewport().setAutoFillBackground(False)
        self._header_column.setAutoFillBackground(False)
        self._scroll_bar = QScrollBar(Qt.Orientation.Vertical)
        self._scroll_bar.setAccessibleName(tr("More lanes"))
        self._scroll_bar.hide()
        self._build_layout()
        header_scroll_bar = self._header_area.verticalScrollBar()
        self._scroll_bar.valueChanged.connect(header_scroll_bar.setValue)
        header_scroll_bar.valueChanged.connect(self._scroll_bar.setValue)
        header_scroll_bar.valueChanged.connect(lambda: self.relayout())
        self.view.lanes_resized.connect(self.relayout)
        self._header_area.viewport().installEventFilter(self)

    def _build_layout(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 1)
        grid.addWidget(self._header_area, 1, 0, 2, 1)
        grid.addWidget(self.view, 1, 1)
        grid.addWidget(TimeScrollBar(self.view), 2, 1)
        grid.addWidget(self._scroll_bar, 1, 2, 2, 1)
        self._grid = grid

    def set_ruler(self, ruler: QWidget) -> None:
        """Place the ruler above the waveforms."""
        self._grid.addWidget(ruler, 0, 1)
        ruler.lower()  # Tab and screen readers follow the order of the children

    @property
    def headers(self) -> tuple[LaneHeaderBase, ...]:
        """Lane headers from top to bottom."""
        return tuple(self._headers)

    def set_headers(self, headers: Sequence[LaneHeaderBase], heights: Sequence[int]) -> None:
        """Replace the lane headers; `heights` are those of `set_heights`."""
        for header in self._headers:
            header.hide()
            header.deleteLater()
        self._headers, self._heights = list(headers), list(heights)
        for header in headers:
            header.setParent(self._header_column)
            header.show()
        self._header_area.verticalScrollBar().setValue(0)
        self.relayout()

    def set_heights(self, heights: Sequence[int]) -> None:
        """Set the height of each lane in logical pixels; 0 is a share of the height that the others leave."""
        if list(heights) != self._heights:
            self._heights = list(heights)
            self.relayout()

    def lane_bottoms(self) -> list[int]:
        """Return the bottom of each lane, in logical pixels from the top of the first lane."""
        return [round(bottom) for bottom in accumulate(self._shares())]

    def _shares(self) -> list[float]:
        return share_heights(self._heights, self.view.lanes_height())

    def relayout(self) -> None:
        """Position headers and waveforms."""
        bottoms, top = self.lane_bottoms(), 0
        for header, bottom, share in zip(self._headers, bottoms, self._shares(), strict=True):
            # The share decides, not the rounded height: equal shares are rounded to heights that differ by a pixel.
            header.set_compact(share < TWO_ROW_HEIGHT)
            header.setGeometry(QRect(0, top, HEADER_WIDTH, bottom - top))
            top = bottom
        self._header_column.resize(HEADER_WIDTH, top)
        overflow = max(0, top - self.view.lanes_height())
        self._scroll_bar.setRange(0, overflow)
        self._scroll_bar.setPageStep(max(1, self.view.lanes_height()))
        self._scroll_bar.setSingleStep(SCROLLED_LANE_HEIGHT // 2)
        self._scroll_bar.setVisible(overflow > 0)
        self.view.lay_out_lanes(bottoms, self._scroll_bar.value())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lay out the lanes again when the header area is resized."""
        if event.type() == QEvent.Type.Resize:
            self.relayout()
        return super().eventFilter(watched, event)

    def paintEvent(self, ev: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour(Colour.BACKGROUND))


def share_heights(heights: Sequence[int], available: int) -> list[float]:
    """Return the height of each lane: its entry of `heights`, or for 0 an equal share of what they leave of `available`.

    Shares shrink to `MIN_LANE_HEIGHT` to avoid a scroll bar, where the headers have one row (`lane_header`). If that is
    not enough, the last lane, which is the original, moves out of view before the others have to be scrolled.
    """
    shares = heights.count(0)
    if not shares:
        return [float(height) for height in heights]
    left = available - sum(heights)
    for share in (left / shares, (left + heights[-1]) / shares, SCROLLED_LANE_HEIGHT):
        if share >= MIN_LANE_HEIGHT:
            break
    share = min(share, MAX_SINGLE_LANE_HEIGHT) if shares == 1 else share
    return [float(height) or share for height in heights]


class TimeScrollBar(QScrollBar):
    """Horizontal scroll bar of a zoomed view, hidden while the whole track is in view."""

    def __init__(self, view: WaveformView, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._view = view
        self.setAccessibleName(tr("Part of the song in view"))
        self.setToolTip(tr("Drag to move along the song (Shift+wheel, Shift+Left and Right)"))
        self.hide()
        view.range_changed.connect(self._update_from_view)
        self.valueChanged.connect(self._scroll_view)

    def _update_from_view(self) -> None:
        start, end = self._view.view_box.visible_range()
        seconds = self._view.view_box.duration
        visible_fraction = min(1.0, (end - start) / seconds)
        blocked = self.blockSignals(True)
        self.setRange(0, round(_SCROLL_STEPS * (1 - visible_fraction)))
        self.setPageStep(max(1, round(_SCROLL_STEPS * visible_fraction)))
        self.setSingleStep(max(1, self.pageStep() // 10))
        self.setValue(round(_SCROLL_STEPS * start / seconds))
        self.blockSignals(blocked)
        self.setVisible(not self._view.view_box.shows_whole_song())

    def _scroll_view(self, value: int) -> None:
        start, end = self._view.view_box.visible_range()
        first = value / _SCROLL_STEPS * self._view.view_box.duration
        self._view.view_box.show_range(first, first + end - start)
