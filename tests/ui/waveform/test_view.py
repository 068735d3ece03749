"""Zoom, pan, seek and playhead of the waveform view, with real peaks."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.audio.peaks import Peaks
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.lane_content import LaneWaveform
from desktop.ui.waveform.pixel_columns import SampleWindow
from desktop.ui.waveform.time_view import MIN_VISIBLE_S
from desktop.ui.waveform.view import WaveformView
from tests.helpers.sound import write_peaks

SAMPLE_RATE = 44100
DURATION_S = 20
WIDTH, LANE_HEIGHT = 800, 100


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> WaveformView:
    """A view of two lanes of 20 seconds, with tones at levels 0.4 and 0.9."""
    lanes = []
    for number, level in enumerate((0.4, 0.9)):
        path = tmp_path / f"{number}.peaks"
        tone = level * np.sin(np.arange(SAMPLE_RATE * DURATION_S) * 0.3)
        write_peaks([tone[None, :]], path)
        lanes.append(LaneWaveform(Peaks.open(path), (Colour.VOCALS, Colour.BASS)[number]))
    widget = WaveformView()
    qtbot.addWidget(widget)
    widget.resize(WIDTH, 2 * LANE_HEIGHT)
    widget.set_lanes(DURATION_S, SAMPLE_RATE * DURATION_S, lanes)
    widget.lay_out_lanes([LANE_HEIGHT, 2 * LANE_HEIGHT], 0)
    widget.set_playhead(0.0)
    with qtbot.waitExposed(widget):
        widget.show()
    QApplication.processEvents()
    return widget


def send_wheel(view: WaveformView, x: float, notches: float, modifiers: Qt.KeyboardModifier | None = None) -> None:
    position = QPointF(x, 60)
    event = QWheelEvent(
        position,
        QPointF(view.viewport().mapToGlobal(position.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)
    QApplication.processEvents()


def count_paints(view: WaveformView) -> int:
    return sum(item.image_paint_count for item in view.lane_items if item is not None)


def test_whole_track_is_visible_initially(view: WaveformView) -> None:
    assert view.view_box.visible_range() == (0, DURATION_S)
    assert view.x_of(DURATION_S / 2) == pytest.approx(WIDTH / 2)


def test_click_seeks_to_the_time_at_the_pointer(view: WaveformView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.seek_requested) as signal:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(WIDTH // 4, 150))
    assert signal.args == [pytest.approx(DURATION_S / 4, abs=DURATION_S / WIDTH)]


def test_wheel_zooms_around_the_pointer(view: WaveformView) -> None:
    send_wheel(view, 600, 3)
    start, end = view.view_box.visible_range()
    assert end - start == pytest.approx(DURATION_S / 1.25**3)
    assert view.x_of(15.0) == pytest.approx(600, abs=0.5)


def test_zoom_out_stops_at_the_whole_track(view: WaveformView) -> None:
    send_wheel(view, 600, 3)
    send_wheel(view, 10, -9)
    assert view.view_box.visible_range() == (0, DURATION_S)


def test_zoom_in_stops_at_single_samples(view: WaveformView) -> None:
    send_wheel(view, 400, 60)
    start, end = view.view_box.visible_range()
    assert end - start == pytest.approx(MIN_VISIBLE_S)
    assert 10 < MIN_VISIBLE_S * SAMPLE_RATE < 40


def test_shift_and_wheel_pan_within_the_track(view: WaveformView) -> None:
    send_wheel(view, 400, 4)
    start, end = view.view_box.visible_range()
    send_wheel(view, 400, -1, Qt.KeyboardModifier.ShiftModifier)
    moved_start, _ = view.view_box.visible_range()
    assert moved_start == pytest.approx(start + 0.1 * (end - start))
    for _ in range(40):
        send_wheel(view, 400, -1, Qt.KeyboardModifier.ShiftModifier)
    assert view.view_box.visible_range()[1] == pytest.approx(DURATION_S)


def test_dragging_pans_the_view(view: WaveformView, qtbot: QtBot) -> None:
    send_wheel(view, 400, 4)
    start, end = view.view_box.visible_range()
    viewport = view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(400, 80))
    for x in (380, 340, 300):
        qtbot.mouseMove(viewport, QPoint(x, 80))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    assert view.view_box.visible_range()[0] == pytest.approx(start + (end - start) * 100 / WIDTH, rel=0.3)


def test_f_shows_the_whole_track_and_emits_zoom_changed(view: WaveformView, qtbot: QtBot) -> None:
    send_wheel(view, 400, 4)
    with qtbot.waitSignal(view.zoom_changed) as signal:
        qtbot.keyClick(view, Qt.Key.Key_F)
    assert signal.args == [True]
    assert view.view_box.visible_range() == (0, DURATION_S)


def test_double_click_shows_the_whole_track(view: WaveformView, qtbot: QtBot) -> None:
    send_wheel(view, 400, 4)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    qtbot.waitUntil(view.view_box.shows_whole_song)


def test_plus_and_minus_zoom_around_the_playhead(view: WaveformView, qtbot: QtBot) -> None:
    view.set_playhead(5.0)
    playhead_x = view.x_of(5.0)
    qtbot.keyClicks(view, "++")
    assert view.x_of(5.0) == pytest.approx(playhead_x)
    qtbot.keyClicks(view, "--")
    assert view.view_box.shows_whole_song()


def test_moving_the_playhead_repaints_no_waveform(view: WaveformView) -> None:
    paints_before = count_paints(view)
    for tick in range(60):
        view.set_playhead(tick / 60)
        QApplication.processEvents()
    assert count_paints(view) == paints_before


def test_zoom_paints_each_waveform_once(view: WaveformView) -> None:
    paints_before = count_paints(view)
    send_wheel(view, 400, 1)
    view.grab()
    assert count_paints(view) == paints_before + 2


def test_waveform_is_bright_before_the_playhead_and_dimmer_after_it(view: WaveformView) -> None:
    view.set_playhead(10.0)
    image = view.grab().toImage()
    assert image.pixelColor(200, LANE_HEIGHT // 2).red() > 240
    assert 140 < image.pixelColor(600, LANE_HEIGHT // 2).red() < 180


def test_inaudible_lane_is_dimmed(view: WaveformView) -> None:
    view.set_playhead(10.0)
    view.set_audible(0, False)
    image = view.grab().toImage()
    assert image.pixelColor(200, LANE_HEIGHT // 2).red() < 90
    assert image.pixelColor(200, LANE_HEIGHT + LANE_HEIGHT // 2).green() > 200


def test_zoomed_view_scrolls_by_a_page_when_the_playhead_leaves_it(view: WaveformView) -> None:
    send_wheel(view, 0, 6)
    _, end = view.view_box.visible_range()
    view.follow_playhead(end - 0.01)
    view.follow_playhead(end + 0.01)
    assert view.view_box.visible_range()[0] == pytest.approx(end + 0.01)


def test_view_panned_away_from_the_playhead_stays_during_playback(view: WaveformView) -> None:
    send_wheel(view, 799, 8)
    range_before = view.view_box.visible_range()
    view.follow_playhead(0.1)
    view.follow_playhead(0.2)
    assert view.view_box.visible_range() == range_before


def test_window_shortcut_keys_do_not_change_the_view(view: WaveformView, qtbot: QtBot) -> None:
    range_before = view.view_box.visible_range()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_1):
        qtbot.keyClick(view, key)
    assert view.view_box.visible_range() == range_before


def test_unfinished_range_is_hatched(view: WaveformView) -> None:
    view.show_unfinished([(10.0, 20.0)], "coming")
    image = view.grab().toImage()
    unfinished_pixels = [image.pixelColor(x, 4).lightness() for x in range(500, 560)]
    finished_pixels = [image.pixelColor(x, 4).lightness() for x in range(100, 160)]
    assert len(set(unfinished_pixels)) > 1
    assert len(set(finished_pixels)) == 1


def test_only_lanes_of_a_draft_are_outlined_where_they_are_unfinished(view: WaveformView) -> None:
    view.set_playhead(20.0)
    view.show_unfinished([(10.0, 20.0)], "", draft_lanes=1)
    image = view.grab().toImage()
    y = LANE_HEIGHT // 2 + 5
    draft, finished, other_lane = (image.pixelColor(x, row) for x, row in ((601, y), (200, y), (601, LANE_HEIGHT + y)))
    assert draft.lightness() < 60
    assert finished == QColor(theme.palette[Colour.VOCALS])
    assert other_lane.green() > 200


def test_backdrop_is_the_same_from_top_to_bottom_of_the_lanes_and_ends_there(view: WaveformView) -> None:
    view.lay_out_lanes([80, 160], 0)
    view.set_grid(BeatGrid(tuple(number * 0.5 for number in range(40))))
    view.show_loop((4.0, 8.0), True)
    view.set_playhead(None)
    image = view.grab().toImage()
    line, tinted, plain = WIDTH * 6 // DURATION_S, WIDTH * 6 // DURATION_S + 4, WIDTH * 9 // DURATION_S + 4
    assert image.pixelColor(line, 4) == theme.colour(Colour.LINE)
    assert image.pixelColor(line, 157) == theme.colour(Colour.LINE)
    background = theme.colour(Colour.BACKGROUND)
    assert image.pixelColor(tinted, 157) == image.pixelColor(tinted, 4) != background
    assert image.pixelColor(plain, 4) == background
    assert {image.pixelColor(x, 180).name() for x in (line, tinted, plain)} == {background.name()}
    view.show_loop(None, False)
    assert view.grab().toImage().pixelColor(tinted, 4) == background


def test_samples_are_points_at_the_closest_zoom(view: WaveformView) -> None:
    view.set_playhead(5.0)
    low = high = np.zeros((SAMPLE_RATE, 2), np.float32)
    low[::2] = 0.5
    view.view_box.show_range(0.5, 0.5 + MIN_VISIBLE_S)
    view.show_samples(SampleWindow(0, SAMPLE_RATE, low, high))
    image = view.grab().toImage()
    middle = LANE_HEIGHT // 2
    runs = [image.pixelColor(x, middle).red() > 200 for x in range(WIDTH)]
    points = sum(not before and now for before, now in pairwise(runs))
    assert 10 <= points <= 24  # one for each sample at zero and the lines between them, not a filled shape
