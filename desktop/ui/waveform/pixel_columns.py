"""Waveform columns: min and max of each pixel column, and their image, by numpy without a path or a loop."""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

FULL_SCALE = 32767.0
FRAMES_PER_PEAK = 256
"""Frames of one entry of the pyramid's finest level: narrower columns are interpolated, not repeated."""
MAX_FRAMES_PER_COLUMN = 64
"""Frames per pixel column below which the samples themselves are drawn."""
FULL_SCALE_FRACTION = 0.92
"""Fraction of the lane's height that full scale takes."""
ALPHA_STEPS = 16
"""Number of opacity steps of a partly covered pixel."""
OUTLINE_FILL_STEPS = 2
"""Opacity steps that remain inside an outline."""
SILENCE_HALF_HEIGHT = 0.5
"""Half the height, in logical pixels, of the line drawn for digital silence."""


class PeakSource(Protocol):
    """Source of a waveform, for example `desktop.audio.peaks.Peaks`."""

    @property
    def frames(self) -> int:
        """Length in frames."""
        ...

    def columns(self, start: float, end: float, width: int) -> NDArray[np.int16]:
        """Return smallest and largest sample of `width` columns between two frames, int16 [width, 2]."""
        ...


@dataclass(frozen=True)
class SampleWindow:
    """Samples of every lane from one frame on, as the lowest and the highest channel of each frame."""

    start: int
    """First frame."""
    sample_rate: int
    """Sample rate in Hz."""
    low: NDArray[np.float32]
    """Lowest channel, float32 [frames, lanes], full scale ±1."""
    high: NDArray[np.float32]
    """Highest channel, float32 [frames, lanes], full scale ±1."""

    def covers(self, start: float, end: float) -> bool:
        """Return True if the window contains the whole time span between two seconds."""
        last = self.start + len(self.low)
        return self.start <= start * self.sample_rate + 1 and end * self.sample_rate <= last + 1

    def columns(self, lane: int, start: float, end: float, width: int) -> NDArray[np.float32]:
        """Return lowest and highest sample of `width` columns between two seconds, float32 [width, 2] in ±1.

        A sample that is wider than a column becomes a step; steps are joined by vertical lines.
        """
        edges = np.linspace(start, end, width + 1) * self.sample_rate - self.start
        # Rounding errors must not decide whether a sample at an edge belongs to the column.
        first = np.clip(np.floor(edges[:-1] + 1e-6).astype(np.int64), 0, max(0, len(self.low) - 1))
        last = np.clip(np.ceil(edges[1:] - 1e-6).astype(np.int64), first + 1, max(1, len(self.low)))
        columns = np.zeros((width, 2), np.float32)
        if not len(self.low):
            return columns
        cuts = np.stack([first, last], axis=1).ravel()
        padding = np.zeros(1, np.float32)  # `reduceat` does not accept an index after the last sample
        columns[:, 0] = np.minimum.reduceat(np.concatenate([self.low[:, lane], padding]), cuts)[::2]
        columns[:, 1] = np.maximum.reduceat(np.concatenate([self.high[:, lane], padding]), cuts)[::2]
        previous = columns[:-1].copy()
        columns[1:, 0] = np.minimum(columns[1:, 0], previous[:, 1])
        columns[1:, 1] = np.maximum(columns[1:, 1], previous[:, 0])
        return columns


def read_columns(peaks: PeakSource, start: float, end: float, width: int) -> NDArray[np.float32]:
    """Return min and max, float32 [width, 2] in -1..1, of `width` columns from frame `start` to frame `end`.

    Columns outside the track are zero.
    """
    columns = np.zeros((width, 2), np.float32)
    frames_per_column = (end - start) / width
    first = max(0, int(np.ceil(-start / frames_per_column)))
    last = min(width, int(np.floor((peaks.frames - start) / frames_per_column)))
    if last <= first:
        return columns
    inner_start, inner_end = start + first * frames_per_column, start + last * frames_per_column
    if frames_per_column >= FRAMES_PER_PEAK:
        columns[first:last] = peaks.columns(inner_start, inner_end, last - first) / FULL_SCALE
    else:
        columns[first:last] = _interpolate_columns(peaks, inner_start, inner_end, last - first)
    return columns


def find_peak_level(peaks: PeakSource) -> float:
    """Return the largest absolute sample of the whole track, 0..1."""
    return float(np.abs(read_columns(peaks, 0, max(1, peaks.frames), 512)).max())


def paint_columns(
    columns: NDArray[np.float32], height: int, colour: QColor, gain: float, ratio: float, outline: bool = False
) -> QImage:
    """Paint min and max columns, float32 [width, 2], as an image of `height` device pixels with soft edges.

    `gain` scales the samples; `ratio` is device pixels per logical pixel; `outline` makes the inside nearly
    transparent.
    """
    return paint_coverage(cover_columns(columns, height, gain, ratio, outline), colour)


def cover_columns(
    columns: NDArray[np.float32], height: int, gain: float, ratio: float, outline: bool = False
) -> NDArray[np.uint8]:
    """Return how much of each pixel the columns cover, uint8 [height, width] in `ALPHA_STEPS`.

    The parameters are those of `paint_columns`.
    """
    middle = height // 2 + 0.5  # the middle of a pixel, so that silence is a crisp line
    scale, silence_half_height = gain * height / 2 * FULL_SCALE_FRACTION, SILENCE_HALF_HEIGHT * ratio
    above = np.clip(columns[:, 1] * scale, silence_half_height, middle)
    below = np.clip(columns[:, 0] * -scale, silence_half_height, middle)
    top, bottom = (np.rint((middle + side) * ALPHA_STEPS).astype(np.int32) for side in (-above, below))
    # The rows that hold the edges are never the same, as even silence ends in the row after its first one.
    top_row, bottom_row = top // ALPHA_STEPS, bottom // ALPHA_STEPS
    dtype = np.uint8 if height < 255 else np.int16  # the smallest one is twice as fast
    rows = np.arange(height, dtype=dtype)[:, None]
    inside = rows > top_row.astype(dtype)
    inside &= rows < np.minimum(bottom_row, height).astype(dtype)
    coverage = inside.view(np.uint8)
    coverage *= np.uint8(ALPHA_STEPS)
    each_column = np.arange(len(columns))
    coverage[top_row, each_column] = ALPHA_STEPS - top % ALPHA_STEPS
    is_cut = bottom_row >= height
    coverage[np.where(is_cut, height - 1, bottom_row), each_column] = np.where(
        is_cut, ALPHA_STEPS, bottom % ALPHA_STEPS
    )
    if outline:
        coverage -= np.minimum(_erode(coverage, max(1, round(ratio))), ALPHA_STEPS - OUTLINE_FILL_STEPS)
    return coverage


def paint_coverage(coverage: NDArray[np.uint8], colour: QColor) -> QImage:
    """Paint a shape, uint8 [height, width] in `ALPHA_STEPS`."""
    height, width = coverage.shape
    coverage = np.ascontiguousarray(coverage)
    image = QImage(coverage.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(_alpha_ramp(colour.rgb()))
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy: `coverage` belongs to numpy


def _interpolate_columns(peaks: PeakSource, start: float, end: float, width: int) -> NDArray[np.float32]:
    """Return columns finer than the pyramid, float32 [width, 2]: its entries, joined by straight lines."""
    low = max(0, int(start // FRAMES_PER_PEAK) - 1)
    high = min(int(np.ceil(peaks.frames / FRAMES_PER_PEAK)), int(np.ceil(end / FRAMES_PER_PEAK)) + 1)
    entries = peaks.columns(low * FRAMES_PER_PEAK, high * FRAMES_PER_PEAK, high - low) / FULL_SCALE
    centres = (np.arange(low, high) + 0.5) * FRAMES_PER_PEAK
    positions = start + (np.arange(width) + 0.5) * (end - start) / width
    sides = [np.interp(positions, centres, entries[:, side]) for side in (0, 1)]
    return np.stack(sides, axis=1).astype(np.float32)


def _erode(alpha: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """Return the part of a shape, uint8 [height, width], that is further than `radius` pixels from its edge."""
    inside = alpha.copy()
    inside[:radius] = inside[-radius:] = 0
    for other, shifted in ((inside[radius:], alpha[:-radius]), (inside[:-radius], alpha[radius:])):
        np.minimum(other, shifted, out=other)
    for other, shifted in ((inside[:, radius:], alpha[:, :-radius]), (inside[:, :-radius], alpha[:, radius:])):
        np.minimum(other, shifted, out=other)
    return inside


@cache
def _alpha_ramp(rgb: int) -> list[int]:
    """Return ARGB values of a colour in `ALPHA_STEPS + 1` steps of opacity."""
    return [(255 * step // ALPHA_STEPS) << 24 | rgb & 0xFFFFFF for step in range(ALPHA_STEPS + 1)]
