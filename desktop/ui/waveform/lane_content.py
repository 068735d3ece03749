"""Content of one lane: its peaks, samples and spectrogram, and what of them is painted at a zoom."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from desktop.ui.theme.palette import Colour
from desktop.ui.waveform.pixel_columns import (
    MAX_FRAMES_PER_COLUMN,
    PeakSource,
    SampleWindow,
    cover_columns,
    paint_coverage,
    read_columns,
)
from desktop.ui.waveform.sample_points import MIN_SAMPLE_WIDTH, paint_points
from desktop.ui.waveform.scrolled_image import ColumnRange
from desktop.ui.waveform.spectrogram import SpectrogramTiles, paint_spectrogram

TimeSpan = tuple[float, float]
"""Start and end in seconds."""


@dataclass(frozen=True)
class LaneWaveform:
    """Waveform of a lane, which stays empty without peaks."""

    peaks: PeakSource | None
    colour: Colour
    gain: float = 1.0
    """Vertical scale of the samples."""


class Detail(Enum):
    """What is painted of a lane."""

    PEAKS = auto()
    SAMPLES = auto()
    POINTS = auto()
    """Single samples that lines join."""
    SPECTROGRAM = auto()


@dataclass(frozen=True)
class LaneLook:
    """What an image of a lane looks like, apart from which columns it shows."""

    detail: Detail
    height: int
    """Device pixels."""
    ratio: float
    """Device pixels per logical pixel."""
    colour: str
    gain: float
    is_outline: bool = False
    """Paint the samples as an outline, as those of a draft."""
    first_column: int | None = None
    """First column, if a part of the image does not look as in another image."""
    version: int = 0
    """Counter of changes of the spectrogram."""


class LaneContent:
    """Peaks of a lane, and its samples and spectrogram as far as they are known."""

    def __init__(self, lane: int, peaks: PeakSource, sample_rate: float) -> None:
        """Create the content of lane number `lane` of the samples and the spectrogram."""
        self._lane, self._peaks, self._sample_rate = lane, peaks, sample_rate
        self.samples: SampleWindow | None = None
        self.spectrogram: SpectrogramTiles | None = None
        """Spectrogram to paint in place of the waveform; None paints the waveform."""

    def choose_look(self, columns: ColumnRange, height: int, ratio: float, colour: str, gain: float) -> LaneLook:
        """Return how these columns look in a lane of `height` device pixels."""
        detail = self._choose_detail(columns, ratio)
        return LaneLook(
            detail,
            height,
            ratio,
            colour,
            gain,
            first_column=columns.first if detail is Detail.POINTS else None,
            version=self.spectrogram.version if self.spectrogram and detail is Detail.SPECTROGRAM else 0,
        )

    def _choose_detail(self, columns: ColumnRange, ratio: float) -> Detail:
        start, end, width = columns.start_s, columns.end_s, columns.width
        if self.spectrogram is not None and self.spectrogram.can_show(start, end, width):
            return Detail.SPECTROGRAM
        frames_per_column = columns.column_s * self._sample_rate
        half_column = columns.column_s / 2  # the columns are up to half of one off the view, which has been read
        has_samples = self.samples is not None and self.samples.covers(start + half_column, end - half_column)
        if not has_samples or frames_per_column >= MAX_FRAMES_PER_COLUMN:
            return Detail.PEAKS
        return Detail.POINTS if MIN_SAMPLE_WIDTH * ratio * frames_per_column <= 1 else Detail.SAMPLES

    def paint(self, columns: ColumnRange, look: LaneLook) -> QImage:
        """Paint some columns."""
        colour = QColor(look.colour)
        if look.detail is Detail.SPECTROGRAM and self.spectrogram is not None:
            levels = self.spectrogram.columns(self._lane, columns.start_s, columns.end_s, columns.width)
            return paint_spectrogram(levels, look.height, colour)
        if look.detail is Detail.POINTS and self.samples is not None:
            span, size = (columns.start_s, columns.end_s), (columns.width, look.height)
            return paint_points(self.samples, self._lane, span, size, colour, look.gain, look.ratio, look.is_outline)
        # A step between two samples, and the outline at a step, depend on the columns beside it.
        margin = 1 + max(1, round(look.ratio))
        values = self._read_columns(columns.widened(margin), look.detail)
        coverage = cover_columns(values, look.height, look.gain, look.ratio, look.is_outline)
        return paint_coverage(coverage[:, margin:-margin], colour)

    def _read_columns(self, columns: ColumnRange, detail: Detail) -> NDArray[np.float32]:
        start, end, width = columns.start_s, columns.end_s, columns.width
        if detail is Detail.SAMPLES and self.samples is not None:
            return self.samples.columns(self._lane, start, end, width)
        return read_columns(self._peaks, start * self._sample_rate, end * self._sample_rate, width)
