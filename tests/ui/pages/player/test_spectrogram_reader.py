"""Spectrograms of real stems: computed in the background, drawn in the lanes, and of stems that are not finished."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.playback.ring import LaneSamples
from desktop.playback.source import SampleStream, SourceStream, StemFileSource
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.original_lane_header import ORIGINAL_HEIGHT
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.spectrogram_reader import SpectrogramReader, compute_tile
from desktop.ui.waveform.spectrogram import BANDS, MAX_HZ, MIN_HZ, TILE_COLUMNS, TileKey
from desktop.ui.waveform.view import WaveformView
from tests.helpers.stems import SAMPLE_RATE, write_completed_job, write_stems

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


class UnfinishedSource(StemFileSource):
    """Stems of which only the first second exists yet, as those of a song that is being separated."""

    def open_stream(self, start: int) -> SampleStream:
        return UnfinishedStream(super().open_stream(start), max(0, SAMPLE_RATE - start))


class UnfinishedStream:
    """Stream that returns no more than `left` frames."""

    has_ended = False

    def __init__(self, stream: SampleStream, left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, frames: int) -> LaneSamples:
        block = self._stream.read(min(frames, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._stream.close()


def test_tile_has_each_tone_in_its_lane_and_all_in_the_original(tmp_path: Path) -> None:
    source = StemFileSource([stem.path for stem in write_stems(tmp_path, 3, seconds=4.0)])
    tile = compute_tile(source, TileKey(4, 0))
    assert tile.shape == (4, BANDS, TILE_COLUMNS)
    for lane in range(3):
        expected = BANDS * np.log(110.0 * (lane + 1) / MIN_HZ) / np.log(MAX_HZ / MIN_HZ)
        assert abs(int(tile[lane, :, 40].argmax()) - expected) <= 4
        assert tile[3, int(tile[lane, :, 40].argmax()), 40] > 200
    assert not tile[:, :, 4 * SAMPLE_RATE // TileKey(4, 0).hop + 1 :].any()


def test_columns_of_stems_that_do_not_exist_yet_are_empty(tmp_path: Path) -> None:
    paths = [stem.path for stem in write_stems(tmp_path, 2, seconds=4.0)]
    tile = compute_tile(UnfinishedSource(paths), TileKey(4, 0))
    existing = SAMPLE_RATE // TileKey(4, 0).hop
    assert tile[0, :, existing - 2].any()
    assert not tile[:, :, existing + 2 :].any()


class CountingSource(StemFileSource):
    """Stems, and the number of their frames that were read."""

    frames_read = 0

    def open_stream(self, start: int) -> SourceStream:
        stream = super().open_stream(start)
        read = stream.read

        def count(frames: int) -> LaneSamples:
            block = read(frames)
            self.frames_read += len(block)
            return block

        stream.read = count  # type: ignore[method-assign]
        return stream


def test_spectrogram_of_hours_reads_only_what_it_shows(tmp_path: Path) -> None:
    source = CountingSource([stem.path for stem in write_stems(tmp_path, 1, seconds=60.0)])
    key = TileKey(12, 0)  # a column every six seconds
    tile = compute_tile(source, key)
    columns = 60 * SAMPLE_RATE // key.hop
    assert tile[0, :, : columns - 1].any(axis=0).all()
    assert source.frames_read <= (columns + 1) * key.window


class SlowSource(StemFileSource):
    """Stems that are read only once `may_read` is set, and the number of times that they were."""

    may_read: threading.Event
    reads = 0

    def open_stream(self, start: int) -> SampleStream:
        assert self.may_read.wait(10)
        self.reads += 1
        return super().open_stream(start)


@pytest.fixture
def slow_source(tmp_path: Path) -> SlowSource:
    source = SlowSource([stem.path for stem in write_stems(tmp_path / "slow", 2, seconds=1.0)])
    source.may_read = threading.Event()
    return source


def test_tile_that_is_being_computed_is_not_computed_again(qtbot: QtBot, slow_source: SlowSource) -> None:
    reader, delivered = SpectrogramReader(), list[TileKey]()
    reader.tile_ready.connect(lambda key, tile: delivered.append(key))
    reader.set_song(lambda: slow_source)
    keys = [TileKey(6, 0), TileKey(5, 0)]
    reader.request(keys)
    reader.request(keys)
    slow_source.may_read.set()
    qtbot.waitUntil(lambda: len(delivered) == 2)
    reader.close()
    assert delivered == keys
    assert slow_source.reads == 2


def test_tile_of_sound_that_changed_meanwhile_is_computed_again(qtbot: QtBot, slow_source: SlowSource) -> None:
    reader, delivered = SpectrogramReader(), list[TileKey]()
    reader.tile_ready.connect(lambda key, tile: delivered.append(key))
    reader.set_song(lambda: slow_source)
    reader.request([TileKey(6, 0)])
    reader.discard_current()
    reader.request([TileKey(6, 0)])
    slow_source.may_read.set()
    qtbot.waitUntil(lambda: bool(delivered))
    reader.close()
    assert delivered == [TileKey(6, 0)]
    assert slow_source.reads == 2


@pytest.fixture
def view(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> Iterator[WaveformView]:
    panel = PlayerPanel(controller, Home(tmp_path / "home").create_folders())
    qtbot.addWidget(panel)
    panel.resize(1000, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_job(write_completed_job(tmp_path / "stems", stem_count=2, seconds=6.0))
    qtbot.waitUntil(lambda: controller.is_ready)
    QApplication.processEvents()
    assert panel.waveforms is not None
    yield panel.waveforms
    panel.stop_reading()


def set_spectrogram(controller: PlayerController, is_on: bool) -> None:
    state = controller.practice.state
    controller.practice.apply(replace(state, view=replace(state.view, is_spectrogram=is_on)))


def bright_rows(view: WaveformView) -> int:
    """Return how many rows of the upper lane are bright in the middle of the view."""
    image = view.grab().toImage()
    height = (view.lanes_height() - ORIGINAL_HEIGHT) // 2 - 2
    return sum(image.pixelColor(image.width() // 2, y).lightness() > 90 for y in range(height))


def test_spectrogram_takes_the_place_of_the_waveform(
    qtbot: QtBot, controller: PlayerController, view: WaveformView
) -> None:
    controller.seek_to_seconds(5.9)
    filled = bright_rows(view)
    set_spectrogram(controller, True)
    qtbot.waitUntil(lambda: not view._tiles.missing(0.0, 6.0, view.width()))
    assert 3 <= bright_rows(view) < filled / 2  # one line for the tone, not a filled shape
    set_spectrogram(controller, False)
    assert bright_rows(view) == filled


def test_spectrogram_is_no_step_to_undo(controller: PlayerController, view: WaveformView) -> None:
    set_spectrogram(controller, True)
    controller.undo()
    assert controller.practice.state.view.is_spectrogram


def test_zoom_requests_finer_tiles(qtbot: QtBot, controller: PlayerController, view: WaveformView) -> None:
    set_spectrogram(controller, True)
    with qtbot.waitSignal(view.tiles_requested) as request:
        view.view_box.show_range(2.0, 3.0)
    (keys,) = request.args
    assert all(key.hop < 128 for key in keys)
    qtbot.waitUntil(lambda: not view._tiles.missing(2.0, 3.0, view.width()))
