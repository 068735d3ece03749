"""Peaks into pixels, by numpy alone: no path, no loop over columns."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

FULL_SCALE = 32767.0
BASE_FRAMES = 256
"""Frames behind one entry of the pyramid's finest level: below that, columns are interpolated, not repeated."""
FILL = 0.92
"""Part of the lane's height that full scale takes."""
SHADES = 16
"""Steps of a pixel that is covered in part."""
VEIL = 2
"""Steps of what an outline leaves of its inside."""
TALL = 2000
"""Device pixels up to which heights in steps fit into 16 bits."""
HAIR = 0.5
"""Half the height, in logical pixels, of the line that digital silence leaves."""


class PeakSource(Protocol):
    """What a waveform is read from; `desktop.audio.peaks.Peaks` is one."""

    @property
    def frames(self) -> int:
        """Length of the sound."""
        ...

    def columns(self, start: float, end: float, width: int) -> NDArray[np.int16]:
        """Smallest and largest sample of `width` columns between two frames: int16 [width, 2]."""
        ...


def read_columns(peaks: PeakSource, start: float, end: float, width: int) -> NDArray[np.float32]:
    """Return min and max, float32 [width, 2] in -1..1, of `width` columns from frame `start` to frame `end`.

    Columns outside the sound are zero.
    """
    found = np.zeros((width, 2), np.float32)
    per_column = (end - start) / width
    first = max(0, int(np.ceil(-start / per_column)))
    last = min(width, int(np.floor((peaks.frames - start) / per_column)))
    if last <= first:
        return found
    inner_start, inner_end = start + first * per_column, start + last * per_column
    if per_column >= BASE_FRAMES:
        found[first:last] = peaks.columns(inner_start, inner_end, last - first) / FULL_SCALE
    else:
        found[first:last] = _between(peaks, inner_start, inner_end, last - first)
    return found


def _between(peaks: PeakSource, start: float, end: float, width: int) -> NDArray[np.float32]:
    """Columns finer than the pyramid, float32 [width, 2]: its entries, joined by straight lines."""
    low = int(start // BASE_FRAMES) * BASE_FRAMES
    count = int(np.ceil((end - low) / BASE_FRAMES))
    entries = peaks.columns(low, low + count * BASE_FRAMES, count) / FULL_SCALE
    centres = low + (np.arange(count) + 0.5) * BASE_FRAMES
    wanted = start + (np.arange(width) + 0.5) * (end - start) / width
    joined = [np.interp(wanted, centres, entries[:, side]) for side in (0, 1)]
    return np.stack(joined, axis=1).astype(np.float32)


def loudest(peaks: PeakSource) -> float:
    """Return the largest absolute sample of the whole sound, 0..1."""
    return float(np.abs(read_columns(peaks, 0, max(1, peaks.frames), 512)).max())


def paint_columns(
    columns: NDArray[np.float32], height: int, colour: QColor, gain: float, ratio: float, outline: bool = False
) -> QImage:
    """Paint min and max columns, float32 [width, 2], as a picture of `height` device pixels with soft edges.

    `gain` scales the samples; `ratio` is the screen's device pixels for one logical pixel; `outline` leaves the inside
    empty but for a veil.
    """
    whole = np.int16 if height < TALL else np.int32
    middle = height // 2 + 0.5  # the middle of a pixel, so that silence is a crisp line
    scale, hair = gain * height / 2 * FILL, HAIR * ratio
    top = np.rint((middle - np.clip(columns[:, 1] * scale, hair, middle)) * SHADES).astype(whole)
    bottom = np.rint((middle + np.clip(columns[:, 0] * -scale, hair, middle)) * SHADES).astype(whole)
    rows = (np.arange(height, dtype=whole) * SHADES)[:, None]
    cover = np.minimum(rows + whole(SHADES), bottom)
    cover -= np.maximum(rows, top)
    np.clip(cover, 0, SHADES, out=cover)
    shades = cover.astype(np.uint8)
    if outline:
        shades -= np.minimum(_inside(shades, max(1, round(ratio))), SHADES - VEIL)
    width = len(columns)
    picture = QImage(shades.data, width, height, width, QImage.Format.Format_Indexed8)
    picture.setColorTable(_shades(colour))
    picture = picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy: the shades are numpy's
    picture.setDevicePixelRatio(ratio)
    return picture


def _inside(shades: NDArray[np.uint8], line: int) -> NDArray[np.uint8]:
    """Return what of a shape, uint8 [height, width], is further than `line` pixels from its edge."""
    inside = shades.copy()
    inside[:line] = inside[-line:] = 0
    for other, shifted in ((inside[line:], shades[:-line]), (inside[:-line], shades[line:])):
        np.minimum(other, shifted, out=other)
    for other, shifted in ((inside[:, line:], shades[:, :-line]), (inside[:, :-line], shades[:, line:])):
        np.minimum(other, shifted, out=other)
    return inside


def _shades(colour: QColor) -> list[int]:
    """Return the colour in `SHADES + 1` steps of opacity."""
    red, green, blue = colour.red(), colour.green(), colour.blue()
    return [QColor(red, green, blue, 255 * step // SHADES).rgba() for step in range(SHADES + 1)]
