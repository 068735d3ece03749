"""Levels, tiles and the image of a spectrogram."""

import math

import numpy as np
import pytest
from PySide6.QtGui import QColor

from desktop.ui.waveform.lane_content import Detail, LaneContent
from desktop.ui.waveform.scrolled_image import ColumnRange
from desktop.ui.waveform.spectrogram import (
    BANDS,
    MAX_HZ,
    MAX_TILES,
    MIN_HZ,
    TILE_COLUMNS,
    SpectrogramTiles,
    TileKey,
    compute_levels,
    paint_spectrogram,
)

RATE = 44100


class EmptyPeaks:
    """Peaks of nothing."""

    frames = 0

    def columns(self, start: float, end: float, width: int) -> np.ndarray:
        return np.zeros((width, 2), np.int16)


def band_of(hertz: float) -> int:
    return int(BANDS * np.log(hertz / MIN_HZ) / np.log(MAX_HZ / MIN_HZ))


@pytest.mark.parametrize("window", [2048, 8192])
@pytest.mark.parametrize("hertz", [500.0, 1000.0, 8000.0])
@pytest.mark.parametrize("level_db", [0.0, -30.0, -60.0])
def test_tone_has_its_level_in_its_band(hertz: float, level_db: float, window: int) -> None:
    tone = 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * np.arange(window) / RATE)
    levels = compute_levels(tone[None].astype(np.float32), RATE)[0].astype(int)
    assert abs(int(levels.argmax()) - band_of(hertz)) <= BANDS * 25 // window + 1
    assert levels.max() / 255 * 90 - 90 == pytest.approx(level_db, abs=1.6)


def test_silence_and_what_is_out_of_range_are_empty() -> None:
    silence = np.zeros((1, 2048), np.float32)
    assert not compute_levels(silence, RATE).any()


def test_zoom_chooses_tiles_with_a_column_for_each_pixel_or_more() -> None:
    tiles = SpectrogramTiles(RATE)
    for span in (0.5, 3.0, 60.0, 3600.0):
        keys = tiles.keys_in(10.0, 10.0 + span, 1200)
        assert keys[0].hop <= max(64, span * RATE / 1200) < 2 * max(64, keys[0].hop)
        assert keys[0].start <= 10.0 * RATE
        assert keys[-1].start + TILE_COLUMNS * keys[-1].hop >= (10.0 + span) * RATE


def test_lowest_bands_of_a_tone_have_no_steps() -> None:
    tone = np.sin(2 * np.pi * 110.0 * np.arange(2048) / RATE)
    levels = compute_levels(tone[None].astype(np.float32), RATE)[0].astype(int)
    slope = levels[band_of(60.0) : band_of(100.0)]
    assert len(set(slope)) == len(
        slope
    )  # although two of three bands are narrower than the distance of two frequencies


def test_backdrop_shows_through_silence() -> None:
    levels = np.zeros((BANDS, 10), np.uint8)
    levels[:, 5:] = 255
    image = paint_spectrogram(levels, 40, QColor("#ff7a8a"))
    assert image.pixelColor(2, 20).alpha() == 0
    assert image.pixelColor(7, 20).alpha() == 255


def test_missing_tile_is_replaced_by_a_coarser_one() -> None:
    tiles = SpectrogramTiles(RATE)
    start, end = 2.0, 3.0
    fine = tiles.keys_in(start, end, 400)
    coarse = TileKey(fine[0].zoom + 2, fine[0].index >> 2)
    tiles.add(coarse, np.full((1, BANDS, TILE_COLUMNS), 100, np.uint8))
    assert tiles.columns(0, start, end, 400)[0, 0] == 100
    tiles.add(fine[0], np.full((1, BANDS, TILE_COLUMNS), 200, np.uint8))
    assert tiles.columns(0, start, end, 400)[0, 0] == 200
    assert fine[0] not in tiles.missing(start, end, 400)


def test_changed_sound_outdates_its_tiles_at_every_zoom_and_no_others() -> None:
    tiles, tile = SpectrogramTiles(RATE), np.full((1, BANDS, TILE_COLUMNS), 100, np.uint8)
    views = ((0.0, 30.0, 400), (0.0, 30.0, 4000), (5.0, 15.0, 4000))
    for view in views:
        for key in tiles.keys_in(*view):
            tiles.add(key, tile)
    tiles.outdate(10.0, 11.0)
    for start, end, width in views:
        missing = tiles.missing(start, end, width)
        tile_s = TILE_COLUMNS * missing[0].hop / RATE
        assert {key.index for key in missing} >= {int(10.0 / tile_s), int(11.0 / tile_s)}
        assert len(missing) <= math.ceil(1.0 / tile_s) + 3
    assert tiles.columns(0, 10.0, 11.0, 100)[0, 50] == 100  # shown until the new ones are computed
    for key in missing:
        tiles.add(key, tile)
    assert not tiles.missing(*views[-1])


def test_part_of_an_image_looks_as_in_the_whole_one() -> None:
    tiles = SpectrogramTiles(RATE)
    noise = np.random.default_rng(2)
    for key in tiles.keys_in(0.0, 10.0, 1000):
        tiles.add(key, noise.integers(0, 255, (1, BANDS, TILE_COLUMNS)).astype(np.uint8))
    content = LaneContent(0, EmptyPeaks(), RATE)
    content.spectrogram = tiles
    whole = ColumnRange(0.01, 0, 1000)
    for height in (30, 100, 400):
        look = content.choose_look(whole, height, 1.0, "#ff7a8a", 1.0)
        assert look.detail is Detail.SPECTROGRAM
        image, part = content.paint(whole, look), content.paint(whole.part(300, 420), look)
        assert (image.width(), image.height()) == (1000, height)
        assert image.copy(300, 0, 120, height) == part


def test_number_of_tiles_is_bounded() -> None:
    tiles, tile = SpectrogramTiles(RATE), np.zeros((1, BANDS, TILE_COLUMNS), np.uint8)
    for index in range(MAX_TILES + 20):
        tiles.add(TileKey(0, index), tile)
    assert len(tiles._tiles) == MAX_TILES


def test_close_zoom_is_left_to_the_waveform() -> None:
    tiles = SpectrogramTiles(RATE)
    assert tiles.can_show(0.0, 1.0, 1000)
    assert not tiles.can_show(0.0, 0.1, 1000)


def test_high_frequencies_are_at_the_top() -> None:
    levels = np.zeros((BANDS, 10), np.uint8)
    levels[-BANDS // 4 :] = 255
    image = paint_spectrogram(levels, 80, QColor("#ff7a8a"))
    assert image.pixelColor(5, 5).lightness() > image.pixelColor(5, 70).lightness() + 100
