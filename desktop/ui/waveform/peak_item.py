"""One lane's waveform: a picture of its peaks, kept until the view, the size or the colour changes."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.ui.theme import tokens
from desktop.ui.waveform.peak_picture import PeakSource, paint_columns, read_columns
from desktop.ui.waveform.time_view import TimeViewBox

SILENCED = 0.25
"""Opacity of a lane that is not heard."""
Key = tuple[float, float, int, int, float, float, str]


class PeakItem(pg.GraphicsObject):
    """A waveform in a `TimeViewBox`, between two heights given in logical pixels."""

    def __init__(self, view: TimeViewBox, peaks: PeakSource, sample_rate: float, colour: str, gain: float) -> None:
        super().__init__()
        self._view = view
        self._peaks = peaks
        self._sample_rate = sample_rate
        self._colour = colour
        self._top = 0.0
        self._height = 1.0
        self._gain = gain
        self._bright_until = np.inf
        self._heard = True
        self._picture = QImage()
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
        edge = round(width * min(1.0, max(0.0, (self._bright_until - start) / (end - start))))
        p.resetTransform()
        self._draw(p, frame.left(), top, 0, edge, 1.0 if self._heard else SILENCED)
        self._draw(p, frame.left(), top, edge, width, tokens.AHEAD_OPACITY if self._heard else SILENCED)

    def _draw(self, p: QPainter, left: float, top: float, first: int, last: int, opacity: float) -> None:
        if last <= first:
            return
        ratio, height = self._picture.devicePixelRatio(), self._picture.height()
        p.setOpacity(opacity)
        target = QRectF(left + first / ratio, top, (last - first) / ratio, height / ratio)
        p.drawImage(target, self._picture, QRectF(first, 0, last - first, height))

    def _refresh(self, key: Key) -> None:
        if key == self._key:
            return
        start, end, width, height, ratio, gain, colour = key
        columns = read_columns(self._peaks, start * self._sample_rate, end * self._sample_rate, width)
        self._picture = paint_columns(columns, height, QColor(colour), gain, ratio)
        self._key = key
        self.pictures_painted += 1
