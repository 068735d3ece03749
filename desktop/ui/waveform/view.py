"""Waveform view: all lanes over one time axis, with the playhead across them."""

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsView, QGraphicsWidget, QWidget

from desktop.analysis.beat_grid import BeatGrid
from desktop.text.message import tr
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.backdrop import Backdrop
from desktop.ui.waveform.lane_content import LaneWaveform, TimeSpan
from desktop.ui.waveform.peak_item import PeakItem
from desktop.ui.waveform.pixel_columns import MAX_FRAMES_PER_COLUMN, SampleWindow
from desktop.ui.waveform.spectrogram import SpectrogramTiles, Tile, TileKey
from desktop.ui.waveform.time_view import ZOOM_PER_NOTCH, TimeViewBox
from desktop.ui.waveform.unfinished import UnfinishedItem
from desktop.ui.widgets.accessibility import accessible_role

PLAYHEAD_WIDTH = 1.5
REPAINT_MARGIN = 4
"""Logical pixels repainted on each side of the strip that the playhead crossed."""


@accessible_role(QAccessible.Role.Canvas, is_leaf=True)
class WaveformView(pg.GraphicsView):
    """Waveforms of all lanes, in seconds and pixels; independent of jobs and playback."""

    seek_requested = Signal(float)
    """Clicked time in seconds."""
    zoom_changed = Signal(bool)
    """True if the whole track is in view."""
    lanes_resized = Signal()
    samples_requested = Signal(float, float)
    """First and last second of a range whose samples are to be shown."""
    tiles_requested = Signal(object)
    """List of TileKey of the spectrograms that are to be shown."""
    tiles_outdated = Signal()
    """The sound has changed: tiles that are being computed may show it as it was."""
    range_changed = Signal()
    """The visible range has changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Qt would draw the background once and keep it, with the lines of another zoom.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self._update_background()
        theme.changed.connect(self._update_background)
        self.setAccessibleName(tr("Waveforms"))
        self.setAccessibleDescription(
            tr(
                "Click to play from there. Wheel, plus and minus zoom, Page Up and Page Down move the view, F shows the "
                "whole song."
            )
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._view_box = TimeViewBox()
        self._items: list[PeakItem | None] = []
        self._bottoms: list[int] = []
        self._scroll = 0
        self._playhead: float | None = None
        self._frame_count = 0
        self._samples: SampleWindow | None = None
        self._tiles = SpectrogramTiles(1.0)
        self._is_spectrogram = False
        self._backdrop = Backdrop(self._view_box)
        self._unfinished_item = UnfinishedItem(self._view_box)
        self._unfinished_item.hide()
        self._build_layout()
        self._view_box.addItem(self._unfinished_item, ignoreBounds=True)
        self._view_box.clicked.connect(self.seek_requested)
        self._view_box.double_clicked.connect(self.fit)
        self._view_box.sigXRangeChanged.connect(self._on_range_changed)
        self._view_box.sigResized.connect(lambda: self.lanes_resized.emit())

    def _update_background(self) -> None:
        self.setBackground(theme.colour(Colour.BACKGROUND))

    def _on_range_changed(self) -> None:
        self.zoom_changed.emit(self._view_box.shows_whole_song())
        self.range_changed.emit()
        self._request_samples()
        self._request_tiles()

    def _build_layout(self) -> None:
        frame = QGraphicsWidget()
        layout = QGraphicsGridLayout(frame)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addItem(self._view_box, 0, 0)
        self.setCentralItem(frame)

    @property
    def view_box(self) -> TimeViewBox:
        """View box with the visible time range."""
        return self._view_box

    @property
    def lane_items(self) -> tuple[PeakItem | None, ...]:
        """Waveform item of each lane; None for a lane without peaks."""
        return tuple(self._items)

    def lanes_height(self) -> int:
        """Return the height available for lanes in logical pixels."""
        return self.height()

    def set_lanes(self, duration: float, frames: int, waveforms: Sequence[LaneWaveform]) -> None:
        """Show these lanes for the whole track, `duration` seconds or `frames` frames long."""
        for item in self._items:
            if item is not None:
                self._view_box.removeItem(item)
        self._frame_count, self._samples = frames, None  # before the range changes, which requests samples
        self._tiles = SpectrogramTiles(frames / max(duration, 1e-3))
        self._view_box.set_duration(duration)
        self._items = [
            self._create_item(lane, wave, frames / max(duration, 1e-3)) for lane, wave in enumerate(waveforms)
        ]
        self._show_tiles()
        self.show_unfinished((), "")
        self.zoom_changed.emit(True)
        self.viewport().update()

    def _create_item(self, lane: int, waveform: LaneWaveform, sample_rate: float) -> PeakItem | None:
        if waveform.peaks is None:
            return None
        item = PeakItem(self._view_box, lane, waveform.peaks, sample_rate, waveform.colour, waveform.gain)
        self._view_box.addItem(item, ignoreBounds=True)
        return item

    def lay_out_lanes(self, bottoms: Sequence[int], scroll: int) -> None:
        """Stack the lanes, each down to its entry of `bottoms`, scrolled up by `scroll` (all in logical pixels)."""
        self._bottoms, self._scroll = list(bottoms), scroll
        self._view_box.setYRange(scroll, scroll + max(1, self.lanes_height()), padding=0)
        top = 0
        for item, bottom in zip(self._items, bottoms, strict=False):
            if item is not None:
                item.set_extent(top, max(1, bottom - top - 1))
            top = bottom
        self._unfinished_item.set_extent(max(1, top - 1), bottoms[0] - scroll if bottoms else 1)
        self.viewport().update()

    def set_audible(self, lane: int, is_audible: bool) -> None:
        """Dim a lane that is not audible."""
        item = self._items[lane] if lane < len(self._items) else None
        if item is not None:
            item.set_audible(is_audible)

    def set_colour(self, lane: int, colour: Colour) -> None:
        """Draw a lane in another colour."""
        item = self._items[lane] if lane < len(self._items) else None
        if item is not None:
            item.set_colour(colour)

    def show_unfinished(
        self, spans: Sequence[TimeSpan], label: str, label_second: float | None = None, draft_lanes: int = 0
    ) -> None:
        """Hatch `spans` (seconds), with `label` at `label_second` or at the first visible span.

        Without spans everything is finished. In the first `draft_lanes` lanes the samples in the spans are a draft's,
        of which only the outline is drawn.
        """
        for lane, item in enumerate(self._items):
            if item is not None:
                item.set_draft_spans(spans if lane < draft_lanes else ())
        if self._unfinished_item.set_spans(spans, label, label_second):
            self._unfinished_item.setVisible(bool(spans))
            self.viewport().update()

    def show_samples(self, samples: SampleWindow) -> None:
        """Draw these samples where the zoom is close enough."""
        self._samples = samples
        for item in self._items:
            if item is not None:
                item.show_samples(samples)
        self.viewport().update()

    def _request_samples(self) -> None:
        """Request the visible samples once the zoom is too close for peaks."""
        start, end = self._view_box.visible_range()
        columns = max(1.0, self._view_box.scene_rect().width() * self.devicePixelRatioF())
        shows_samples = (end - start) * self._frame_count / self._view_box.duration < MAX_FRAMES_PER_COLUMN * columns
        if shows_samples and not (self._samples and self._samples.covers(start, end)):
            self.samples_requested.emit(start, end)

    def set_spectrogram(self, is_spectrogram: bool) -> None:
        """Draw spectrograms in place of waveforms, or waveforms again."""
        if is_spectrogram != self._is_spectrogram:
            self._is_spectrogram = is_spectrogram
            self._show_tiles()

    def add_tile(self, key: TileKey, tile: Tile) -> None:
        """Show a part of the spectrograms."""
        self._tiles.add(key, tile)
        self.viewport().update()

    def _show_tiles(self) -> None:
        for item in self._items:
            if item is not None:
                item.show_spectrogram(self._tiles if self._is_spectrogram else None)
        self._request_tiles()
        self.viewport().update()

    def _request_tiles(self) -> None:
        """Request the tiles in view that are missing or outdated."""
        start, end = self._view_box.visible_range()
        width = round(self._view_box.scene_rect().width() * self.devicePixelRatioF())
        if self._is_spectrogram and width > 1 and self._tiles.can_show(start, end, width):
            self.tiles_requested.emit(self._tiles.missing(start, end, width))

    def reload_lanes(self, gains: Sequence[float], changed_spans: Sequence[TimeSpan]) -> None:
        """Redraw all lanes after their sound has changed in some spans, each scaled by its entry of `gains`."""
        for item, gain in zip(self._items, gains, strict=True):
            if item is not None:
                item.reload(gain)
        for start, end in changed_spans:
            self._tiles.outdate(start, end)
        self.tiles_outdated.emit()
        self._request_tiles()
        self.viewport().update()

    def set_playhead(self, second: float | None) -> None:
        """Move the playhead to `second`; None hides it.

        Only the strip between its old and its new position is repainted, and only if they differ.
        """
        self.set_bright_until(second)
        old, self._playhead = self._playhead, second
        if old is None or second is None:
            self.viewport().update()
        elif self._half_pixel_x(old) != self._half_pixel_x(second):
            self._update_strip(old, second)

    def set_bright_until(self, second: float | None) -> None:
        """Draw the lanes bright up to `second`, or entirely for None; `set_playhead` does this, too."""
        for item in self._items:
            if item is not None:
                item.set_bright_until(math.inf if second is None else second)

    def _half_pixel_x(self, second: float) -> int:
        return round(2 * self.x_of(second))

    def follow_playhead(self, second: float) -> None:
        """Move the playhead during playback, and turn the page when it leaves the view.

        A view that was moved away from the playhead stays where it is.
        """
        start, end = self._view_box.visible_range()
        was_in_view = self._playhead is None or start <= self._playhead <= end
        self.set_playhead(second)
        if was_in_view:
            self._view_box.page_to(second)

    def fit(self) -> None:
        """Show the whole track."""
        self._view_box.fit()

    def x_of(self, second: float) -> float:
        """Return the x of a time, in logical pixels of this widget."""
        return self._view_box.x_of(second)

    def _update_strip(self, old: float, new: float) -> None:
        left, right = sorted((int(self.x_of(old)), int(self.x_of(new))))
        strip = QRect(left - REPAINT_MARGIN, 0, right - left + 2 * REPAINT_MARGIN, self.height())
        shown = strip.intersected(self.viewport().rect())
        if not shown.isEmpty():
            self.viewport().update(shown)

    def set_grid(self, grid: BeatGrid | None) -> None:
        """Draw lines at bars and beats below the waveforms; None draws none."""
        if self._backdrop.set_grid(grid):
            self.viewport().update()

    def show_loop(self, span: TimeSpan | None, is_repeated: bool) -> None:
        """Tint a passage in all lanes, less if it is not repeated; None tints none."""
        if self._backdrop.show_loop(span, is_repeated):
            self.viewport().update()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:  # noqa: N802
        """Draw the backdrop of the lanes, and the background below them."""
        strip, bottom = QRectF(rect), self._lanes_bottom()
        if strip.bottom() > bottom:
            super().drawBackground(painter, rect)
        lanes_strip = strip.intersected(QRectF(strip.left(), 0, strip.width(), bottom))
        if not lanes_strip.isEmpty():
            self._backdrop.draw(painter, lanes_strip)

    def _lanes_bottom(self) -> float:
        return min(self.height(), (self._bottoms[-1] if self._bottoms else 0) - self._scroll)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:  # noqa: N802
        """Draw the lines between the lanes, the playhead and the focus ring."""
        painter.setPen(QPen(theme.colour(Colour.LINE), 1))
        for bottom in self._bottoms:
            y = bottom - self._scroll - 0.5
            if y > 0:
                painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        if self._playhead is not None:
            x = self._half_pixel_x(self._playhead) / 2
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(
                QRectF(x - PLAYHEAD_WIDTH / 2, 0, PLAYHEAD_WIDTH, self._lanes_bottom()), theme.colour(Colour.KNOB)
            )
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(Colour.ACCENT), 2))
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Accept every press: pyqtgraph acts on it, but leaves it to the widgets below as well."""
        super().mousePressEvent(ev)
        ev.accept()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Accept the release that belongs to an accepted press."""
        super().mouseReleaseEvent(ev)
        ev.accept()

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Accept the second press of a double click."""
        super().mouseDoubleClickEvent(ev)
        ev.accept()

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        """Resize, and emit `lanes_resized`."""
        super().resizeEvent(ev)
        if ev is not None:
            self.lanes_resized.emit()

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Zoom with plus, minus, Up and Down, page with Page Up and Page Down, fit with F; ignore other keys."""
        if ev.text() in ("+", "=") or ev.key() == Qt.Key.Key_Up:
            self.zoom_in()
        elif ev.text() == "-" or ev.key() == Qt.Key.Key_Down:
            self.zoom_out()
        elif ev.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._view_box.pan(-1.0 if ev.key() == Qt.Key.Key_PageUp else 1.0)
        elif ev.key() == Qt.Key.Key_F:
            self.fit()
        else:
            ev.ignore()

    def zoom_in(self) -> None:
        """Zoom in around the playhead, or around the centre if the playhead is out of view."""
        self._view_box.zoom(ZOOM_PER_NOTCH, self._zoom_centre())

    def zoom_out(self) -> None:
        """Zoom out around the playhead, or around the centre if the playhead is out of view."""
        self._view_box.zoom(1 / ZOOM_PER_NOTCH, self._zoom_centre())

    def _zoom_centre(self) -> float:
        start, end = self._view_box.visible_range()
        playhead = self._playhead
        return playhead if playhead is not None and start <= playhead <= end else (start + end) / 2

    def event(self, ev: QEvent) -> bool:
        """Repaint the focus ring when the focus changes."""
        if ev.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.viewport().update()
        return super().event(ev)
