"""Waveform of one lane: an image of its peaks, cached until the view, the size or the colour changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme.palette import UNPLAYED_OPACITY, Colour, theme
from desktop.ui.waveform.pixel_columns import (
    MAX_FRAMES_PER_COLUMN,
    PeakSource,
    SampleWindow,
    paint_columns,
    read_columns,
)
from desktop.ui.waveform.sample_points import MIN_SAMPLE_WIDTH, paint_points
from desktop.ui.waveform.spectrogram import SpectrogramTiles, paint_spectrogram
from desktop.ui.waveform.time_view import TimeViewBox

INAUDIBLE_OPACITY = 0.25
"""Opacity of a lane that is not audible."""
ImageKey = tuple[float, float, int, int, float, float, str, int]
TimeSpan = tuple[float, float]
"""Start and end in seconds."""


@dataclass(frozen=True)
class LaneWaveform:
    """Content of one lane, which stays empty without peaks."""

    peaks: PeakSource | None
    colour: Colour
    gain: float = 1.0
    """Vertical scale of the samples."""


class PeakItem(pg.GraphicsObject):
    """Waveform in a `TimeViewBox`, at a vertical extent in logical pixels."""

    def __init__(
        self, view: TimeViewBox, lane: int, peaks: PeakSource, sample_rate: float, colour: Colour, gain: float
    ) -> None:
        """Create an item for lane number `lane` of `SampleWindow`s, with its height scaled by `gain`."""
        super().__init__()
        self._lane = lane
        self._view = view
        self._peaks = peaks
        self._sample_rate = sample_rate
        self._colour = colour
        self._top = 0.0
        self._height = 1.0
        self._gain = gain
        self._bright_until_s = np.inf
        self._is_audible = True
        self._samples: SampleWindow | None = None
        self._spectrogram: SpectrogramTiles | None = None
        self._draft_spans: list[TimeSpan] = []
        self._image, self._outline_image = QImage(), QImage()
        self._image_key: ImageKey | None = None
        self.image_paint_count = 0
        """Number of times that the image was painted; moving the playhead must not increase it."""

    def set_extent(self, top: float, height: float) -> None:
        """Place the lane between `top` and `top + height`, in logical pixels."""
        if (top, height) != (self._top, self._height):
            self.prepareGeometryChange()
            self._top, self._height = top, height

    def reload(self, gain: float) -> None:
        """Read the peaks again, and scale their height by `gain`."""
        self._gain, self._image_key = gain, None
        self.update()

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
        self._samples, self._image_key = samples, None
        self.update()

    def show_spectrogram(self, tiles: SpectrogramTiles | None) -> None:
        """Draw the spectrogram in place of the waveform, wherever the zoom allows it; None draws the waveform."""
        self._spectrogram, self._image_key = tiles, None
        self.update()

    def set_draft_spans(self, spans: Sequence[TimeSpan]) -> None:
        """Draw only the outline in these time spans, whose samples are a draft's."""
        if list(spans) != self._draft_spans:
            self._draft_spans, self._image_key = list(spans), None
            self.update()

    def set_bright_until(self, second: float) -> None:
        """Draw dimmer from `second` on, without a repaint: the caller repaints the strip that the playhead crossed."""
        self._bright_until_s = second

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the whole track, in seconds and logical pixels."""
        return QRectF(0.0, self._top, self._view.duration, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the cached image, bright up to the playhead and dimmer after it."""
        view_rect = self._view.scene_rect()
        lane_rect = self.mapRectToScene(self.boundingRect())
        ratio = p.device().devicePixelRatioF()
        start, end = self._view.visible_range()
        width, height = round(view_rect.width() * ratio), round(lane_rect.height() * ratio)
        if width < 1 or height < 1:
            return
        version = self._spectrogram.version if self._spectrogram else -1
        self._update_images((start, end, width, height, ratio, self._gain, theme.palette[self._colour], version))
        top = round(lane_rect.top() * ratio) / ratio
        bright_columns = self._column_at(self._bright_until_s, width)
        p.resetTransform()
        upcoming_opacity = UNPLAYED_OPACITY if self._is_audible else INAUDIBLE_OPACITY
        for image, first, last in self._image_parts(width):
            self._draw_part(
                p,
                image,
                view_rect.left(),
                top,
                first,
                min(bright_columns, last),
                1.0 if self._is_audible else INAUDIBLE_OPACITY,
            )
            self._draw_part(p, image, view_rect.left(), top, max(bright_columns, first), last, upcoming_opacity)

    def _column_at(self, second: float, width: int) -> int:
        """Return the device-pixel column at a time, clamped to the image."""
        start, end = self._view.visible_range()
        return round(width * min(1.0, max(0.0, (second - start) / (end - start))))

    def _image_parts(self, width: int) -> list[tuple[QImage, int, int]]:
        """Return (image, first column, end column) of each part, from left to right."""
        parts: list[tuple[QImage, int, int]] = []
        drawn_until = 0
        for span in self._draft_spans:
            first, last = (self._column_at(second, width) for second in span)
            parts += [(self._image, drawn_until, first), (self._outline_image, first, last)]
            drawn_until = last
        return [*parts, (self._image, drawn_until, width)]

    def _draw_part(
        self, p: QPainter, image: QImage, left: float, top: float, first: int, last: int, opacity: float
    ) -> None:
        if last <= first:
            return
        ratio, height = image.devicePixelRatio(), image.height()
        p.setOpacity(opacity)
        target = QRectF(left + first / ratio, top, (last - first) / ratio, height / ratio)
        p.drawImage(target, image, QRectF(first, 0, last - first, height))

    def _update_images(self, key: ImageKey) -> None:
        if key == self._image_key:
            return
        self._image = self._paint_image(key, outline=False)
        if self._draft_spans:
            self._outline_image = self._paint_image(key, outline=True)
        self._image_key = key
        self.image_paint_count += 1

    def _paint_image(self, key: ImageKey, outline: bool) -> QImage:
        start, end, width, height, ratio, gain, colour, _ = key
        if self._spectrogram is not None and self._spectrogram.can_show(start, end, width):
            levels = self._spectrogram.columns(self._lane, start, end, width)
            return paint_spectrogram(levels, height, QColor(colour), ratio)
        samples, sample_count = self._samples, (end - start) * self._sample_rate
        if samples and width >= MIN_SAMPLE_WIDTH * ratio * sample_count and samples.covers(start, end):
            span, size = (start, end), (width, height)
            return paint_points(samples, self._lane, span, size, QColor(colour), gain, ratio, outline)
        return paint_columns(self._read_columns(start, end, width), height, QColor(colour), gain, ratio, outline)

    def _read_columns(self, start: float, end: float, width: int) -> NDArray[np.float32]:
        shows_samples = (end - start) * self._sample_rate < MAX_FRAMES_PER_COLUMN * width
        if shows_samples and self._samples is not None and self._samples.covers(start, end):
            return self._samples.columns(self._lane, start, end, width)
        return read_columns(self._peaks, start * self._sample_rate, end * self._sample_rate, width)
