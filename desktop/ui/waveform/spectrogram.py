"""Spectrograms of the lanes: tiles of levels by time and frequency, and their image."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from desktop.ui.theme.palette import Colour, theme

BANDS = 160
"""Number of frequency bands, from the lowest up."""
MIN_HZ, MAX_HZ = 40.0, 16000.0
MIN_LEVEL_DB = -90.0
"""Level that is drawn as nothing; full scale is 0 dB."""
TILE_COLUMNS = 256
MIN_HOP = 64
"""Frames from column to column at the finest zoom."""
MIN_WINDOW, MAX_WINDOW = 2048, 8192
"""Frames of a Fourier transform: short ones are sharper in time, long ones in frequency."""
MIN_FRAMES_PER_COLUMN = 12.0
"""Frames per column below which a window is wider than the view, and the waveform is drawn instead."""
MAX_TILES = 160
"""Tiles that are kept: with seven lanes 46 MB."""
_PALETTE_STOPS = (0.0, 0.35, 0.75, 1.0)

Tile = NDArray[np.uint8]
"""Levels of a passage, uint8 [lanes, BANDS, TILE_COLUMNS] from `MIN_LEVEL_DB` to 0 dB."""


@dataclass(frozen=True, order=True)
class TileKey:
    """Zoom and number of a tile."""

    zoom: int
    """Columns are `MIN_HOP << zoom` frames apart."""
    index: int

    @property
    def hop(self) -> int:
        """Frames from column to column."""
        return MIN_HOP << self.zoom

    @property
    def start(self) -> int:
        """First frame."""
        return self.index * TILE_COLUMNS * self.hop

    @property
    def window(self) -> int:
        """Frames of a Fourier transform."""
        return min(MAX_WINDOW, max(MIN_WINDOW, 2 * self.hop))

    def uses(self, start: float, end: float) -> bool:
        """Return whether the tile is computed from any of the frames between `start` and `end`."""
        last = self.start + TILE_COLUMNS * self.hop
        return start < last + self.window and end > self.start - self.window


class SpectrogramTiles:
    """The tiles of one track that were used last."""

    def __init__(self, sample_rate: float) -> None:
        self._sample_rate = sample_rate
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._outdated: set[TileKey] = set()
        self.version = 0
        """Counter of changes."""

    def add(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile, in place of the one that was not used for the longest time."""
        self._tiles[key] = tile
        self._tiles.move_to_end(key)
        self._outdated.discard(key)
        while len(self._tiles) > MAX_TILES:
            self._outdated.discard(self._tiles.popitem(last=False)[0])
        self.version += 1

    def outdate(self, start: float, end: float) -> None:
        """Have the tiles computed again that show any sound between two seconds; until then they are shown as they are."""
        first, last = start * self._sample_rate, end * self._sample_rate
        self._outdated.update(key for key in self._tiles if key.uses(first, last))

    def can_show(self, start: float, end: float, width: int) -> bool:
        """Return whether a spectrogram of `width` columns between two seconds is sharp enough to make sense."""
        return (end - start) * self._sample_rate >= MIN_FRAMES_PER_COLUMN * width

    def keys_in(self, start: float, end: float, width: int) -> list[TileKey]:
        """Return the tiles of the zoom at which two seconds take `width` columns."""
        frames_per_column = max(MIN_HOP, (end - start) * self._sample_rate / max(1, width))
        zoom = math.floor(math.log2(frames_per_column / MIN_HOP) + 1e-9)  # the same for each part of a view
        frames = TILE_COLUMNS * (MIN_HOP << zoom)
        first, last = int(start * self._sample_rate / frames), int(end * self._sample_rate / frames)
        return [TileKey(zoom, index) for index in range(max(0, first), last + 1)]

    def missing(self, start: float, end: float, width: int) -> list[TileKey]:
        """Return the tiles between two seconds that are still to be computed, or to be computed again."""
        keys = self.keys_in(start, end, width)
        return [key for key in keys if key not in self._tiles or key in self._outdated]

    def columns(self, lane: int, start: float, end: float, width: int) -> Tile:
        """Return the levels of a lane, uint8 [BANDS, width], between two seconds.

        Where a tile is missing, a coarser one takes its place; without one, nothing is drawn.
        """
        levels = np.zeros((BANDS, width), np.uint8)
        frames = (start + (np.arange(width) + 0.5) * (end - start) / width) * self._sample_rate
        for key in self._usable_tiles(self.keys_in(start, end, width)):
            numbers = np.floor((frames - key.start) / key.hop).astype(np.int64)
            inside = (numbers >= 0) & (numbers < TILE_COLUMNS)
            if lane < len(self._tiles[key]):
                levels[:, inside] = self._tiles[key][lane][:, numbers[inside]]
            self._tiles.move_to_end(key)
        return levels

    def _usable_tiles(self, keys: list[TileKey]) -> list[TileKey]:
        """Return the tiles to draw, coarser ones first, so that finer ones cover them."""
        usable: set[TileKey] = set()
        for key in keys:
            candidates = (TileKey(key.zoom + up, key.index >> up) for up in range(8))
            usable.update(next(([each] for each in candidates if each in self._tiles), []))
        return sorted(usable, reverse=True)


def compute_levels(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.uint8]:
    """Return the levels of one column, uint8 [lanes, BANDS], of `sound`, float32 [lanes, window].

    A sine of full scale has 0 dB: a Hann window halves it, and its energy is in two halves of the spectrum. A band has
    the level of its loudest frequency; those narrower than the distance of two frequencies are joined by straight lines.
    """
    window = sound.shape[1]
    spectrum = np.abs(np.fft.rfft(sound * _hann(window), axis=1)) * (4.0 / window)
    edges = np.geomspace(MIN_HZ, MAX_HZ, BANDS + 1) * window / sample_rate
    first = np.clip(np.floor(edges[:-1]).astype(np.int64), 0, spectrum.shape[1] - 1)
    last = np.clip(np.ceil(edges[1:]).astype(np.int64), first + 1, spectrum.shape[1])
    cuts = np.stack([first, last], axis=1).ravel()
    padded = np.concatenate([spectrum, np.zeros((len(spectrum), 1), spectrum.dtype)], axis=1)
    peaks = _to_decibels(np.maximum.reduceat(padded, cuts, axis=1)[:, ::2])
    centres = np.minimum((edges[:-1] + edges[1:]) / 2, spectrum.shape[1] - 1)
    below = np.floor(centres).astype(np.int64)
    lower, upper = _to_decibels(padded[:, below]), _to_decibels(padded[:, below + 1])
    decibels = np.where(np.diff(edges) < 1.0, lower + (upper - lower) * (centres - below), peaks)
    return np.rint(np.clip(1.0 - decibels / MIN_LEVEL_DB, 0.0, 1.0) * 255).astype(np.uint8)


def _to_decibels(amplitudes: NDArray[np.floating]) -> NDArray[np.floating]:
    return 20.0 * np.log10(np.maximum(amplitudes, 1e-9))


@cache
def _hann(frames: int) -> NDArray[np.float32]:
    """Return a Hann window."""
    return np.hanning(frames).astype(np.float32)


def paint_spectrogram(levels: Tile, height: int, colour: QColor) -> QImage:
    """Paint levels, uint8 [BANDS, width], as an image of `height` device pixels, high frequencies at the top."""
    rows = _resample_bands(levels, height)[::-1]
    pixels, width = np.ascontiguousarray(rows), levels.shape[1]
    image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(_colour_table(*(each.rgba() for each in _palette_colours(colour))))
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy: `pixels` belongs to numpy


def _resample_bands(levels: Tile, height: int) -> NDArray[np.uint8]:
    """Return levels, uint8 [height, width], joined by straight lines; of bands that share a row, the louder one.

    Each column is resampled by itself, so that a part of an image looks as in the whole one.
    """
    bands = max(1, BANDS // height)
    loudest = np.maximum.reduceat(levels, np.arange(0, BANDS, bands), axis=0) if bands > 1 else levels
    positions = np.clip((np.arange(height) + 0.5) * len(loudest) / height - 0.5, 0, len(loudest) - 1)
    below = positions.astype(np.int64)
    weight = np.rint((positions - below) * 256).astype(np.uint16)[:, None]
    rows = loudest[below] * (256 - weight)
    rows += loudest[np.minimum(below + 1, len(loudest) - 1)] * weight
    rows >>= 8
    return rows.astype(np.uint8)


def _palette_colours(colour: QColor) -> tuple[QColor, QColor, QColor, QColor]:
    """Return the colours of a spectrogram, from silence, which is transparent, to full scale."""
    dark = _mix(theme.colour(Colour.BACKGROUND), colour, 0.3)
    silence = QColor(dark.red(), dark.green(), dark.blue(), 0)
    return silence, dark, colour, theme.colour(Colour.TEXT)


@cache
def _colour_table(*stops: int) -> list[int]:
    """Return 256 colours that grow in contrast, with these ARGB values at `_PALETTE_STOPS`."""
    channels = np.array([[stop >> shift & 255 for stop in stops] for shift in (24, 16, 8, 0)], np.float64)
    positions = np.linspace(0.0, 1.0, 256)
    alpha, red, green, blue = (
        np.rint(np.interp(positions, _PALETTE_STOPS, channel)).astype(np.uint32) for channel in channels
    )
    return (alpha << 24 | red << 16 | green << 8 | blue).tolist()


def _mix(first: QColor, second: QColor, weight: float) -> QColor:
    """Return `first` with the fraction `weight` of `second`."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    red, green, blue = (round(one + (other - one) * weight) for one, other in pairs)
    return QColor(red, green, blue)


def _channels(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
