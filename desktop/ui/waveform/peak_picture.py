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


def paint_columns(columns: NDArray[np.float32], height: int, colour: QColor, gain: float, ratio: float) -> QImage:
    """Paint min and max columns, float32 [width, 2], as a picture of `height` device pixels with soft edges.

    `gain` scales the samples; `ratio` is the screen's device pixels for one logical pixel.
    """
    middle = height // 2 + 0.5  # the middle of a pixel, so that silence is a crisp line
    reach = height / 2 * FILL
    hair = HAIR * ratio
    top = middle - np.minimum(np.maximum(columns[:, 1] * (gain * reach), hair), height)
    bottom = middle - np.maximum(np.minimum(columns[:, 0] * (gain * reach), -hair), -height)
    rows = np.arange(height, dtype=np.float32)[:, None]
    cover = np.minimum(rows + 1.0, bottom.astype(np.float32)[None, :])
    cover -= np.maximum(rows, top.astype(np.float32)[None, :])
    np.clip(cover, 0.0, 1.0, out=cover)
    cover *= 255.0
    pixels = _shades(colour)[cover.astype(np.uint8)]
    picture = QImage(pixels.data, len(columns), height, 4 * len(columns), QImage.Format.Format_ARGB32_Premultiplied)
    picture = picture.copy()  # the pixels belong to numpy, which frees them when this returns
    picture.setDevicePixelRatio(ratio)
    return picture


def _shades(colour: QColor) -> NDArray[np.uint32]:
    """Return the colour premultiplied by each of 256 alphas, as 0xAARRGGBB: uint32 [256]."""
    alpha = np.arange(256, dtype=np.uint32)
    red, green, blue = (
        np.uint32(part) * alpha // np.uint32(255) for part in (colour.red(), colour.green(), colour.blue())
    )
    return (alpha << np.uint32(24)) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue
