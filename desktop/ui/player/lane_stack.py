"""The lanes under each other: heads at the left, waveforms over one time axis at the right."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from desktop.ui.player.lane import HEAD_WIDTH
from desktop.ui.theme import tokens
from desktop.ui.waveform.time_axis import HEIGHT as AXIS_HEIGHT
from desktop.ui.waveform.view import WaveformView

SHORTEST = 72
COMPACT = 44
"""Lanes shrink down to this height where that spares the scroll bar; their heads then have one row (lane.py)."""
_TIME_STEPS = 10_000_000
"""Steps of the scroll bar over a whole song, so that a step of a long one is less than a sample in view."""
TALLEST_ALONE = 420
"""A lone lane does not fill a whole screen."""


class LaneStack(QWidget):
    """Shares the height out evenly among the lanes, and scrolls heads and waveforms together when it is too little."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = WaveformView()
        self._heads: list[QWidget] = []
        self._column = QWidget()
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFixedWidth(HEAD_WIDTH)
        self._area.setWidget(self._column)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().setAutoFillBackground(False)
        self._column.setAutoFillBackground(False)
        self._bar = QScrollBar(Qt.Orientation.Vertical)
        self._bar.setAccessibleName("More lanes")
        self._bar.hide()
        self._arrange()
        hidden = self._area.verticalScrollBar()
        self._bar.valueChanged.connect(hidden.setValue)
        hidden.valueChanged.connect(self._bar.setValue)
        hidden.valueChanged.connect(lambda: self.relayout())
        self.view.lanes_resized.connect(self.relayout)
        self._area.viewport().installEventFilter(self)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addSpacing(AXIS_HEIGHT)
        left.addWidget(self._area, 1)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.view, 1)
        right.addWidget(TimeBar(self.view))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left)
        row.addLayout(right, 1)
        row.addWidget(self._bar)

    @property
    def heads(self) -> tuple[QWidget, ...]:
        """The heads, from above."""
        return tuple(self._heads)

    def set_heads(self, heads: Sequence[QWidget]) -> None:
        """Show these heads in place of those before."""
        for head in self._heads:
            head.hide()
            head.deleteLater()
        self._heads = list(heads)
        for head in heads:
            head.setParent(self._column)
            head.show()
        self._area.verticalScrollBar().setValue(0)
        self.relayout()

    def reveal(self, head: QWidget) -> None:
        """Scroll until a lane is in view."""
        self._area.ensureWidgetVisible(head, 0, 0)

    def bottoms(self) -> list[int]:
        """Return where each lane ends, in logical pixels from the top of the first."""
        count, room = len(self._heads), self.view.lanes_height()
        if not count:
            return []
        height = room / count if room / count >= COMPACT else SHORTEST
        if count == 1:
            height = min(height, TALLEST_ALONE)
        return [round(height * number) for number in range(1, count + 1)]

    def relayout(self) -> None:
        """Place heads and waveforms."""
        bottoms, top = self.bottoms(), 0
        for head, bottom in zip(self._heads, bottoms, strict=True):
            head.setGeometry(QRect(0, top, HEAD_WIDTH, bottom - top))
            top = bottom
        self._column.resize(HEAD_WIDTH, top)
        over = max(0, top - self.view.lanes_height())
        self._bar.setRange(0, over)
        self._bar.setPageStep(max(1, self.view.lanes_height()))
        self._bar.setSingleStep(SHORTEST // 2)
        self._bar.setVisible(over > 0)
        self.view.place_lanes(bottoms, self._bar.value())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Paint the empty room under the heads like the room under the waveforms."""
        if event.type() == QEvent.Type.Resize:
            self.relayout()
        return super().eventFilter(watched, event)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Fill the ground."""
        QPainter(self).fillRect(self.rect(), QColor(tokens.BACKGROUND))


class TimeBar(QScrollBar):
    """Moves a zoomed view along the song; hidden while the whole song is in view."""

    def __init__(self, view: WaveformView, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._view = view
        self.setAccessibleName("Part of the song in view")
        self.setToolTip("Drag to move along the song (Shift+wheel, Shift+Left and Right)")
        self.hide()
        view.range_changed.connect(self._show_range)
        self.valueChanged.connect(self._move_view)

    def _show_range(self) -> None:
        start, end = self._view.box.visible()
        seconds = self._view.box.seconds
        part = min(1.0, (end - start) / seconds)
        blocked = self.blockSignals(True)
        self.setRange(0, round(_TIME_STEPS * (1 - part)))
        self.setPageStep(max(1, round(_TIME_STEPS * part)))
        self.setSingleStep(max(1, self.pageStep() // 10))
        self.setValue(round(_TIME_STEPS * start / seconds))
        self.blockSignals(blocked)
        self.setVisible(not self._view.box.is_whole())

    def _move_view(self, value: int) -> None:
        start, end = self._view.box.visible()
        first = value / _TIME_STEPS * self._view.box.seconds
        self._view.box.show_range(first, first + end - start)
