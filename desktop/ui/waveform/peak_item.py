"""One lane's waveform: a picture of its peaks, kept until the view, the size or the colour changes."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme import tokens
from desktop.ui.waveform.peak_picture import PeakSource, paint_columns, read_columns
from desktop.ui.waveform.samples import CLOSE, SampleWindow
from desktop.ui.waveform.time_view import TimeViewBox

SILENCED = 0.25
"""Opacity of a lane that is not heard."""
Key = tuple[float, float, int, int, float, float, str]
Span = tuple[float, float]
"""From one second to another."""


class PeakItem(pg.GraphicsObject):
    """A waveform in a `TimeViewBox`, between two heights given in logical pixels."""

    def __init__(
        self, view: TimeViewBox, lane: int, peaks: PeakSource, sample_rate: float, colour: str, gain: float
    ) -> None:
        """`lane` is the number of the lane in `SampleWindow`s."""
        super().__init__()
        self._lane = lane
        self._view = view
        self._peaks = peaks
        self._sample_rate = sample_rate
        self._colour = colour
        self._top = 0.0
        self._height = 1.0
        self._gain = gain
        self._bright_until = np.inf
        self._heard = True
        self._samples: SampleWindow | None = None
        self._drafts: list[Span] = []
        self._picture, self._outline = QImage(), QImage()
        self._key: Key | None = None
        self.pictures_painted = 0
        """Counts how often the peaks were painted anew: the playhead's way must not add to it."""

    def place(self, top: float, height: float) -> None:
        """Lie between `top` and `top + height`."""
        if (top, height) != (self._top, self._height):
            self.prepareGeometryChange()
            self._top, self._height = top, height

    def renew(self, gain: float) -> None:
        """Read the peaks again, and draw them `gain` times as high."""
        self._gain, self._key = gain, None
        self.update()

    def set_heard(self, heard: bool) -> None:
        """Dim the lane while it is not heard."""
        if heard != self._heard:
            self._heard = heard
            self.update()

    def show_samples(self, samples: SampleWindow | None) -> None:
        """Draw these samples, where they are in view and the view is close enough."""
        self._samples, self._key = samples, None
        self.update()

    def show_drafts(self, spans: Sequence[Span]) -> None:
        """Draw only the outline of these stretches: their sound is a draft."""
        if list(spans) != self._drafts:
            self._drafts, self._key = list(spans), None
            self.update()

    def set_bright_until(self, second: float) -> None:
        """Draw dimmer from `second` on. Asks for no painting: whoever moves the playhead repaints the strip."""
        self._bright_until = second

    def boundingRect(self) -> QRectF:
        """The whole song, between the lane's heights."""
        return QRectF(0.0, self._top, self._view.seconds, self._height)

    def paint(self, p: QPainter, opt: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the kept picture, bright up to the playhead and dimmer after it."""
        frame = self._view.frame()
        place = self.mapRectToScene(self.boundingRect())
        ratio = p.device().devicePixelRatioF()
        start, end = self._view.visible()
        width, height = round(frame.width() * ratio), round(place.height() * ratio)
        if width < 1 or height < 1:
            return
        self._refresh((start, end, width, height, ratio, self._gain, self._colour))
        top = round(place.top() * ratio) / ratio
        edge = self._column(self._bright_until, width)
        p.resetTransform()
        ahead = tokens.AHEAD_OPACITY if self._heard else SILENCED
        for picture, first, last in self._parts(width):
            self._draw(p, picture, frame.left(), top, first, min(edge, last), 1.0 if self._heard else SILENCED)
            self._draw(p, picture, frame.left(), top, max(edge, first), last, ahead)

    def _column(self, second: float, width: int) -> int:
        """Return the column of device pixels at a time, within the picture."""
        start, end = self._view.visible()
        return round(width * min(1.0, max(0.0, (second - start) / (end - start))))

    def _parts(self, width: int) -> list[tuple[QImage, int, int]]:
        """Return which picture is drawn from which column to which, from left to right."""
        parts: list[tuple[QImage, int, int]] = []
        done = 0
        for span in self._drafts:
            first, last = (self._column(second, width) for second in span)
            parts += [(self._picture, done, first), (self._outline, first, last)]
            done = last
        return [*parts, (self._picture, done, width)]

    def _draw(
        self, p: QPainter, picture: QImage, left: float, top: float, first: int, last: int, opacity: float
    ) -> None:
        if last <= first:
            return
        ratio, height = picture.devicePixelRatio(), picture.height()
        p.setOpacity(opacity)
        target = QRectF(left + first / ratio, top, (last - first) / ratio, height / ratio)
        p.drawImage(target, picture, QRectF(first, 0, last - first, height))

    def _refresh(self, key: Key) -> None:
        if key == self._key:
            return
        start, end, width, height, ratio, gain, colour = key
        columns = self._columns(start, end, width)
        self._picture = paint_columns(columns, height, QColor(colour), gain, ratio)
        if self._drafts:
            self._outline = paint_columns(columns, height, QColor(colour), gain, ratio, outline=True)
        self._key = key
        self.pictures_painted += 1

    def _columns(self, start: float, end: float, width: int) -> NDArray[np.float32]:
        close = (end - start) * self._sample_rate < CLOSE * width
        if close and self._samples is not None and self._samples.covers(start, end):
            return self._samples.columns(self._lane, start, end, width)
        return read_columns(self._peaks, start * self._sample_rate, end * self._sample_rate, width)
