"""Waveform of one lane, as a graphics item."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme.palette import UNPLAYED_OPACITY, Colour, theme
from desktop.ui.waveform.lane_content import LaneContent, LaneLook, TimeSpan
from desktop.ui.waveform.pixel_columns import PeakSource, SampleWindow
from desktop.ui.waveform.scrolled_image import ColumnRange, ScrolledImage
from desktop.ui.waveform.spectrogram import SpectrogramTiles
from desktop.ui.waveform.time_view import TimeViewBox

INAUDIBLE_OPACITY = 0.25
"""Opacity of a lane that is not audible."""


class PeakItem(pg.GraphicsObject):
    """Waveform in a `TimeViewBox`, at a vertical extent in logical pixels."""

    def __init__(
        self, view: TimeViewBox, lane: int, peaks: PeakSource, sample_rate: float, colour: Colour, gain: float
    ) -> None:
        """Create an item for lane number `lane` of `SampleWindow`s, with its height scaled by `gain`."""
        super().__init__()
        self._view = view
        self._content = LaneContent(lane, peaks, sample_rate)
        self._colour = colour
        self._top = 0.0
        self._height = 1.0
        self._gain = gain
        self._bright_until_s = np.inf
        self._is_audible = True
        self._draft_spans: list[TimeSpan] = []
        self._filled_image, self._outline_image = ScrolledImage(), ScrolledImage()
        self.image_paint_count = 0
        """Number of times that the image or a part of it was painted; moving the playhead must not increase it."""

    def set_extent(self, top: float, height: float) -> None:
        """Place the lane between `top` and `top + height`, in logical pixels."""
        if (top, height) != (self._top, self._height):
            self.prepareGeometryChange()
            self._top, self._height = top, height

    def reload(self, gain: float) -> None:
        """Read the peaks again, and scale their height by `gain`."""
        self._gain = gain
        self._repaint_images()

    def set_audible(self, is_audible: bool) -> None:
        """Dim the lane while it is not audible."""
        if is_audible != self._is_audible:
            self._is_audible = is_audible
            self.update()

    def set_colour(self, colour: Colour) -> None:
        """Draw the lane in another colour."""
        if colour is not self._colour:
            self._colour = colour
            self.update()

    def show_samples(self, samples: SampleWindow | None) -> None:
        """Draw these samples where they are in view and the zoom is close enough; None draws only peaks."""
        self._content.samples = samples
        self._repaint_images()

    def show_spectrogram(self, tiles: SpectrogramTiles | None) -> None:
        """Draw the spectrogram in place of the waveform, wherever the zoom allows it; None draws the waveform."""
        self._content.spectrogram = tiles
        self._repaint_images()

    def set_draft_spans(self, spans: Sequence[TimeSpan]) -> None:
        """Draw only the outline in these time spans, whose samples are a draft's."""
        if list(spans) != self._draft_spans:
            self._draft_spans = list(spans)
            self.update()

    def _repaint_images(self) -> None:
        self._filled_image.clear()
        self._outline_image.clear()
        self.update()

    def set_bright_until(self, second: float) -> None:
        """Draw dimmer from `second` on, without a repaint: the caller repaints the strip that the playhead crossed."""
        self._bright_until_s = second

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the whole track, in seconds and logical pixels."""
        return QRectF(0.0, self._top, self._view.duration, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the image, bright up to the playhead and dimmer after it."""
        view_rect = self._view.scene_rect()
        lane_rect = self.mapRectToScene(self.boundingRect())
        ratio = p.device().devicePixelRatioF()
        width, height = round(view_rect.width() * ratio), round(lane_rect.height() * ratio)
        if width < 1 or height < 1:
            return
        columns = ColumnRange.in_view(*self._view.visible_range(), width)
        look = self._content.choose_look(columns, height, ratio, theme.palette[self._colour], self._gain)
        p.resetTransform()
        left, top = view_rect.left(), round(lane_rect.top() * ratio) / ratio
        bright_columns = self._column_at(self._bright_until_s, width)
        opacity = 1.0 if self._is_audible else INAUDIBLE_OPACITY
        upcoming_opacity = UNPLAYED_OPACITY if self._is_audible else INAUDIBLE_OPACITY
        for first, last, is_outline in self._image_parts(width):
            image = self._outline_image if is_outline else self._filled_image
            self.image_paint_count += self._update_image(image, columns, replace(look, is_outline=is_outline))
            played_until = max(first, min(bright_columns, last))
            p.setOpacity(opacity)
            image.draw(p, first, played_until, QPointF(left, top), ratio)
            p.setOpacity(upcoming_opacity)
            image.draw(p, played_until, last, QPointF(left, top), ratio)

    def _update_image(self, image: ScrolledImage, columns: ColumnRange, look: LaneLook) -> bool:
        """Have `columns` in an image, and return whether any of them had to be painted."""
        return image.show(columns, look, lambda part: self._content.paint(part, look))

    def _column_at(self, second: float, width: int) -> int:
        """Return the device-pixel column at a time, clamped to the image."""
        start, end = self._view.visible_range()
        return round(width * min(1.0, max(0.0, (second - start) / (end - start))))

    def _image_parts(self, width: int) -> list[tuple[int, int, bool]]:
        """Return (first column, end column, is outline) of each part in view, from left to right."""
        parts: list[tuple[int, int, bool]] = []
        drawn_until = 0
        for span in self._draft_spans:
            first, last = (self._column_at(second, width) for second in span)
            parts += [(drawn_until, first, False), (first, last, True)]
            drawn_until = last
        return [part for part in (*parts, (drawn_until, width, False)) if part[0] < part[1]]
