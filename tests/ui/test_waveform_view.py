"""Zoom, pan, seek and the playhead over real peaks."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.audio.peaks import Peaks, write_peaks
from desktop.ui.waveform.time_view import MIN_VISIBLE_S
from desktop.ui.waveform.view import LaneWaveform, WaveformView

RATE = 44100
SECONDS = 20
WIDTH, LANE = 800, 100


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> WaveformView:
    """Two lanes of 20 seconds: a steady tone, and one that fills its height."""
    waves = []
    for number, level in enumerate((0.4, 0.9)):
        path = tmp_path / f"{number}.peaks"
        tone = level * np.sin(np.arange(RATE * SECONDS) * 0.3)
        write_peaks([tone[None, :]], path)
        waves.append(LaneWaveform(Peaks.open(path), ("#ff0000", "#00ff00")[number]))
    shown = WaveformView()
    qtbot.addWidget(shown)
    shown.resize(WIDTH, 24 + 2 * LANE)
    shown.set_lanes(SECONDS, RATE * SECONDS, waves)
    shown.lay_out_lanes([LANE, 2 * LANE], 0)
    shown.set_playhead(0.0)
    with qtbot.waitExposed(shown):
        shown.show()
    QApplication.processEvents()
    return shown


def turn(view: WaveformView, x: float, notches: float, modifiers: Qt.KeyboardModifier | None = None) -> None:
    place = QPointF(x, 60)
    event = QWheelEvent(
        place,
        QPointF(view.viewport().mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)
    QApplication.processEvents()


def pictures(view: WaveformView) -> int:
    return sum(item.image_paint_count for item in view.lane_items if item is not None)


def test_the_whole_song_is_in_view_at_first(view: WaveformView) -> None:
    assert view.view_box.visible_range() == (0, SECONDS)
    assert view.x_of(SECONDS / 2) == pytest.approx(WIDTH / 2)


def test_a_click_seeks_to_its_time(view: WaveformView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.seek_requested) as clicked:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(WIDTH // 4, 150))
    assert clicked.args == [pytest.approx(SECONDS / 4, abs=SECONDS / WIDTH)]


def test_a_click_on_the_ruler_seeks_as_well(view: WaveformView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.seek_requested) as clicked:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(WIDTH // 2, 10))
    assert clicked.args == [pytest.approx(SECONDS / 2, abs=SECONDS / WIDTH)]


def test_the_wheel_zooms_at_the_pointer(view: WaveformView) -> None:
    turn(view, 600, 3)
    start, end = view.view_box.visible_range()
    assert end - start == pytest.approx(SECONDS / 1.25**3)
    assert view.x_of(15.0) == pytest.approx(600, abs=0.5)


def test_zooming_out_ends_at_the_whole_song(view: WaveformView) -> None:
    turn(view, 600, 3)
    turn(view, 10, -9)
    assert view.view_box.visible_range() == (0, SECONDS)


def test_zooming_in_ends_at_single_samples(view: WaveformView) -> None:
    turn(view, 400, 60)
    start, end = view.view_box.visible_range()
    assert end - start == pytest.approx(MIN_VISIBLE_S)
    assert 10 < MIN_VISIBLE_S * RATE < 40


def test_shift_and_wheel_pan_within_the_song(view: WaveformView) -> None:
    turn(view, 400, 4)
    start, end = view.view_box.visible_range()
    turn(view, 400, -1, Qt.KeyboardModifier.ShiftModifier)
    moved, _ = view.view_box.visible_range()
    assert moved == pytest.approx(start + 0.1 * (end - start))
    for _ in range(40):
        turn(view, 400, -1, Qt.KeyboardModifier.ShiftModifier)
    assert view.view_box.visible_range()[1] == pytest.approx(SECONDS)


def test_dragging_takes_the_song_along(view: WaveformView, qtbot: QtBot) -> None:
    turn(view, 400, 4)
    start, end = view.view_box.visible_range()
    pane = view.viewport()
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=QPoint(400, 80))
    for x in (380, 340, 300):
        qtbot.mouseMove(pane, QPoint(x, 80))
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    assert view.view_box.visible_range()[0] == pytest.approx(start + (end - start) * 100 / WIDTH, rel=0.3)


def test_f_shows_the_whole_song_and_says_so(view: WaveformView, qtbot: QtBot) -> None:
    turn(view, 400, 4)
    with qtbot.waitSignal(view.zoom_changed) as whole:
        qtbot.keyClick(view, Qt.Key.Key_F)
    assert whole.args == [True]
    assert view.view_box.visible_range() == (0, SECONDS)


def test_a_double_click_shows_the_whole_song(view: WaveformView, qtbot: QtBot) -> None:
    turn(view, 400, 4)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    qtbot.waitUntil(view.view_box.shows_whole_song)


def test_plus_and_minus_zoom_about_the_playhead(view: WaveformView, qtbot: QtBot) -> None:
    view.set_playhead(5.0)
    before = view.x_of(5.0)
    qtbot.keyClicks(view, "++")
    assert view.x_of(5.0) == pytest.approx(before)
    qtbot.keyClicks(view, "--")
    assert view.view_box.shows_whole_song()


def test_the_playheads_way_paints_no_waveform(view: WaveformView) -> None:
    before = pictures(view)
    for tick in range(60):
        view.set_playhead(tick / 60)
        QApplication.processEvents()
    assert pictures(view) == before


def test_a_new_view_paints_each_waveform_once(view: WaveformView) -> None:
    before = pictures(view)
    turn(view, 400, 1)
    view.grab()
    assert pictures(view) == before + 2


def test_sound_is_bright_before_the_playhead_and_dimmer_after(view: WaveformView) -> None:
    view.set_playhead(10.0)
    picture = view.grab().toImage()
    assert picture.pixelColor(200, 24 + LANE // 2).red() > 240
    assert 140 < picture.pixelColor(600, 24 + LANE // 2).red() < 180


def test_a_lane_that_is_not_heard_is_dimmed(view: WaveformView) -> None:
    view.set_playhead(10.0)
    view.set_audible(0, False)
    picture = view.grab().toImage()
    assert picture.pixelColor(200, 24 + LANE // 2).red() < 90
    assert picture.pixelColor(200, 24 + LANE + LANE // 2).green() > 240


def test_a_zoomed_view_turns_the_page_with_the_playhead(view: WaveformView) -> None:
    turn(view, 0, 6)
    _, end = view.view_box.visible_range()
    view.follow_playhead(end - 0.01)
    view.follow_playhead(end + 0.01)
    assert view.view_box.visible_range()[0] == pytest.approx(end + 0.01)


def test_a_view_that_was_moved_away_stays_while_playing(view: WaveformView) -> None:
    turn(view, 799, 8)
    there = view.view_box.visible_range()
    view.follow_playhead(0.1)
    view.follow_playhead(0.2)
    assert view.view_box.visible_range() == there


def test_keys_of_the_window_pass_through(view: WaveformView, qtbot: QtBot) -> None:
    before = view.view_box.visible_range()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_1):
        qtbot.keyClick(view, key)
    assert view.view_box.visible_range() == before


def test_the_unfinished_part_is_hatched(view: WaveformView) -> None:
    view.show_unfinished([(10.0, 20.0)], "coming")
    picture = view.grab().toImage()
    top = [picture.pixelColor(x, 28).lightness() for x in range(500, 560)]
    left = [picture.pixelColor(x, 28).lightness() for x in range(100, 160)]
    assert len(set(top)) > 1
    assert len(set(left)) == 1
