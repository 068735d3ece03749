"""The ruler of a real song: loops and markers by mouse and keys, what they are called, bars and chords."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.paths import Home
from desktop.playback.practice import Loop, Marker
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.loop_band import LoopBand
from desktop.ui.pages.player.marker_flag import MarkerFlag
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.ruler import LOOP_ROW_HEIGHT, RULER_HEIGHT, RULER_HEIGHT_WITH_BARS, Ruler
from desktop.ui.waveform.view import WaveformView
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

SECONDS = 20.0
NO_KEYS = Qt.KeyboardModifier.NoModifier
BEATS = SongAnalysis(
    BeatGrid(tuple(number * 0.5 for number in range(40))),
    120.0,
    Key(9, True),
    chords=(Chord(0.0, 2.0, "Am"), Chord(2.0, 4.0, "F")),
)


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> Iterator[PlayerPanel]:
    widget = PlayerPanel(controller, Home(tmp_path / "home").create_folders())
    qtbot.addWidget(widget)
    widget.resize(1272, 500)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.show_job(write_completed_job(tmp_path / "stems", seconds=SECONDS))
    qtbot.waitUntil(lambda: controller.is_ready)
    controller.analysis.set_found(BEATS)
    QApplication.processEvents()
    yield widget
    widget.stop_reading()


@pytest.fixture
def ruler(panel: PlayerPanel) -> Ruler:
    widget = panel.findChild(Ruler)
    assert widget is not None
    return widget


@pytest.fixture
def view(panel: PlayerPanel) -> WaveformView:
    widget = panel.findChild(WaveformView)
    assert widget is not None
    return widget


def drag(qtbot: QtBot, widget: QWidget, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Drag from `start` to `end`, in coordinates of the widget before the drag, which may move it."""
    origin = widget.mapToGlobal(QPoint())
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, keys, start)
    for step in (0.3, 0.7, 1.0):
        move(widget, origin + start + (end - start) * step, keys)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, keys, end)


def move(widget: QWidget, position: QPoint, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Move the mouse to a position on the screen while its left button is down."""
    local = QPointF(widget.mapFromGlobal(position))
    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(QEvent.Type.MouseMove, local, QPointF(position), Qt.MouseButton.NoButton, left, keys)
    QApplication.sendEvent(widget, event)


def x_of(ruler: Ruler, second: float) -> int:
    return round(ruler.width() * second / SECONDS)


def bands(ruler: Ruler) -> list[LoopBand]:
    return [item for item in ruler.items if isinstance(item, LoopBand)]


def flags(ruler: Ruler) -> list[MarkerFlag]:
    return [item for item in ruler.items if isinstance(item, MarkerFlag)]


def spoken(item: object) -> tuple[str, QAccessible.Role]:
    interface = QAccessible.queryAccessibleInterface(item)  # pyright: ignore[reportArgumentType]
    assert interface is not None
    return interface.text(QAccessible.Text.Name), interface.role()


@pytest.mark.parametrize("width", [1100, 1400])
def test_loop_keeps_its_time_when_the_window_is_resized(
    panel: PlayerPanel, ruler: Ruler, controller: PlayerController, width: int
) -> None:
    controller.practice.set_passage(5.0, 10.0)
    panel.resize(width, 520)
    QApplication.processEvents()
    (band,) = bands(ruler)
    assert (band.x(), band.x() + band.width()) == pytest.approx((x_of(ruler, 5.0), x_of(ruler, 10.0)), abs=1)


def test_drag_in_the_ruler_repeats_a_passage_from_beat_to_beat(
    qtbot: QtBot, controller: PlayerController, ruler: Ruler
) -> None:
    drag(qtbot, ruler, QPoint(x_of(ruler, 2.1), 50), QPoint(x_of(ruler, 5.9), 50))
    assert controller.practice.state.loops == (Loop(2.0, 6.0),)
    assert controller.practice.state.is_looping


def test_drag_with_shift_does_not_snap(qtbot: QtBot, controller: PlayerController, ruler: Ruler) -> None:
    shift = Qt.KeyboardModifier.ShiftModifier
    drag(qtbot, ruler, QPoint(x_of(ruler, 2.2), 50), QPoint(x_of(ruler, 5.8), 50), shift)
    loop = controller.practice.state.loops[0]
    assert (loop.start_s, loop.end_s) == (pytest.approx(2.2, abs=0.02), pytest.approx(5.8, abs=0.02))


def test_click_on_the_ruler_seeks(qtbot: QtBot, controller: PlayerController, ruler: Ruler) -> None:
    qtbot.mouseClick(ruler, Qt.MouseButton.LeftButton, pos=QPoint(x_of(ruler, 7.3), 50))
    assert controller.position_seconds == pytest.approx(7.3, abs=0.02)
    assert not controller.practice.state.loops


def test_ends_and_middle_of_a_loop_can_be_dragged(qtbot: QtBot, controller: PlayerController, ruler: Ruler) -> None:
    controller.practice.set_passage(4.0, 8.0)
    band = bands(ruler)[0]
    drag(qtbot, band, QPoint(band.width() - 3, 9), QPoint(band.width() - 3 + x_of(ruler, 2.1), 9))
    assert controller.practice.state.loops[0] == Loop(4.0, 10.0)
    drag(qtbot, band, QPoint(3, 9), QPoint(3 - x_of(ruler, 1.1), 9))
    assert controller.practice.state.loops[0] == Loop(3.0, 10.0)
    drag(qtbot, band, QPoint(100, 9), QPoint(100 + x_of(ruler, 4.1), 9))
    assert controller.practice.state.loops[0] == Loop(7.0, 14.0)


def test_escape_leaves_a_dragged_loop_where_it_was(qtbot: QtBot, controller: PlayerController, ruler: Ruler) -> None:
    controller.practice.set_passage(4.0, 8.0)
    band = bands(ruler)[0]
    qtbot.mousePress(band, Qt.MouseButton.LeftButton, pos=QPoint(100, 9))
    move(band, band.mapToGlobal(QPoint(300, 9)))
    qtbot.keyClick(band, Qt.Key.Key_Escape)
    qtbot.mouseRelease(band, Qt.MouseButton.LeftButton, pos=QPoint(300, 9))
    assert controller.practice.state.loops == (Loop(4.0, 8.0),)
    assert controller.practice.state.is_looping


def test_click_on_a_loop_chooses_it_and_a_second_click_chooses_none(
    qtbot: QtBot, controller: PlayerController, ruler: Ruler
) -> None:
    controller.practice.set_passage(4.0, 8.0)
    qtbot.mouseClick(bands(ruler)[0], Qt.MouseButton.LeftButton, pos=QPoint(60, 9))
    assert controller.practice.state.loop_index is None
    qtbot.mouseClick(bands(ruler)[0], Qt.MouseButton.LeftButton, pos=QPoint(60, 9))
    assert controller.practice.state.repeated_loop == Loop(4.0, 8.0)


def test_undo_takes_back_a_drag(qtbot: QtBot, controller: PlayerController, ruler: Ruler) -> None:
    drag(qtbot, ruler, QPoint(x_of(ruler, 2.0), 50), QPoint(x_of(ruler, 6.0), 50))
    controller.undo()
    assert not controller.practice.state.loops
    assert not bands(ruler)


def test_items_speak_and_show_whether_they_are_on(controller: PlayerController, ruler: Ruler) -> None:
    controller.practice.set_passage(16.0, 18.5)
    controller.practice.change_loop(0, Loop(16.0, 18.5, "Chorus"))
    controller.practice.add_marker(8.0, "Verse")
    assert spoken(bands(ruler)[0]) == (
        "Loop Chorus, from bar 9 to bar 10, beat 2, on",
        QAccessible.Role.CheckBox,
    )
    controller.practice.set_looping(False)
    assert spoken(bands(ruler)[0])[0].endswith("off")
    assert spoken(flags(ruler)[0]) == ("Section Verse, from bar 5", QAccessible.Role.Button)


def test_keys_go_from_item_to_item_choose_move_rename_and_delete(
    qtbot: QtBot, controller: PlayerController, ruler: Ruler, panel: PlayerPanel
) -> None:
    panel.activateWindow()
    controller.practice.set_passage(4.0, 8.0)
    controller.practice.add_marker(6.0, "Verse")
    band, flag = bands(ruler)[0], flags(ruler)[0]
    band.setFocus()
    qtbot.keyClick(band, Qt.Key.Key_Right)
    qtbot.waitUntil(flag.hasFocus)
    qtbot.keyClick(flag, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert controller.practice.state.markers == (Marker(6.5, "Verse"),)
    qtbot.keyClick(flag, Qt.Key.Key_F2)
    field = ruler.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClicks(field, "Bridge")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert controller.practice.state.markers[0].name == "Bridge"
    qtbot.keyClick(flag, Qt.Key.Key_Delete)
    assert not controller.practice.state.markers
    qtbot.keyClick(band, Qt.Key.Key_Return)
    assert controller.practice.state.loop_index is None


def test_loops_are_set_and_moved_at_the_playhead(controller: PlayerController, panel: PlayerPanel) -> None:
    loops, practice = controller.loops, controller.practice
    controller.seek_to_seconds(4.1)
    loops.set_start()
    controller.seek_to_seconds(7.9)
    loops.set_end()
    assert practice.state.repeated_loop == Loop(4.0, 8.0)
    loops.move_by_length(1)
    assert practice.state.loop == Loop(8.0, 12.0)
    loops.nudge(-1)
    assert practice.state.loop == Loop(7.5, 11.5)
    loops.nudge_end(1)
    assert practice.state.loop == Loop(7.5, 12.0)
    loops.save_chosen()
    assert practice.state.loop == Loop(7.5, 12.0, "Loop 1")
    loops.toggle_snapping()
    controller.seek_to_seconds(3.3)
    loops.set_start()
    assert practice.state.loop == Loop(pytest.approx(3.3), 12.0, "Loop 1")
    loops.delete_chosen()
    assert not practice.state.loops


def test_song_that_plays_is_in_the_loop_whose_end_is_set_at_the_beat_before_it(
    controller: PlayerController, panel: PlayerPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = controller.loops
    controller.seek_to_seconds(4.0)
    loops.set_start()
    controller.seek_to_seconds(8.2)
    loops.set_end()
    assert controller.practice.state.repeated_loop == Loop(4.0, 8.0)
    assert controller.position_seconds == pytest.approx(8.2), "a song that is paused stays where it is"
    monkeypatch.setattr(type(controller), "is_playing", property(lambda _: True))
    loops.set_end()
    assert controller.position_seconds == pytest.approx(4.2)


def test_sections_are_marked_jumped_to_and_looped(controller: PlayerController, panel: PlayerPanel) -> None:
    for second in (2.0, 10.0):
        controller.seek_to_seconds(second)
        controller.loops.add_marker()
    assert controller.practice.state.markers == (Marker(2.0, "Section 1"), Marker(10.0, "Section 2"))
    controller.loops.go_to_marker(-1)
    assert controller.position_seconds == pytest.approx(2.0)
    controller.loops.loop_section()
    assert controller.practice.state.repeated_loop == Loop(2.0, 10.0)
    controller.loops.go_to_marker(1)
    assert controller.position_seconds == pytest.approx(10.0)


def test_ruler_has_a_row_of_bars_only_if_the_song_has_beats(
    qtbot: QtBot, controller: PlayerController, ruler: Ruler
) -> None:
    assert ruler.height() == RULER_HEIGHT_WITH_BARS
    controller.analysis.set_found(SongAnalysis())
    qtbot.waitUntil(lambda: ruler.height() == RULER_HEIGHT)


def test_loops_have_a_row_below_the_sections_so_that_no_name_lies_on_another(
    qtbot: QtBot, controller: PlayerController, ruler: Ruler
) -> None:
    controller.practice.set_passage(2.0, 10.0)
    assert (ruler.height(), bands(ruler)[0].y()) == (RULER_HEIGHT_WITH_BARS, 0)
    controller.practice.add_marker(4.0, "Verse")
    assert ruler.height() == RULER_HEIGHT_WITH_BARS + LOOP_ROW_HEIGHT
    assert (flags(ruler)[0].y(), bands(ruler)[0].y()) == (0, LOOP_ROW_HEIGHT)
    drag(qtbot, bands(ruler)[0], QPoint(80, 10), QPoint(80 + x_of(ruler, 2.0), 10))
    assert (bands(ruler)[0].x(), bands(ruler)[0].y()) == (pytest.approx(x_of(ruler, 4.0), abs=1), LOOP_ROW_HEIGHT)
    controller.practice.delete_marker(0)
    assert (ruler.height(), bands(ruler)[0].y()) == (RULER_HEIGHT_WITH_BARS, 0)


def test_bars_and_the_loop_are_drawn_in_the_lanes(controller: PlayerController, view: WaveformView) -> None:
    def row() -> list[int]:
        image = view.grab().toImage()
        return [image.pixelColor(x, 2).blue() for x in range(image.width())]

    plain = row()
    controller.analysis.set_found(SongAnalysis())
    assert sum(first != second for first, second in zip(plain, row(), strict=True)) >= 30
    before = row()
    controller.practice.set_passage(5.0, 10.0)
    assert sum(second > first for first, second in zip(before, row(), strict=True)) == pytest.approx(250, abs=4)


def test_view_is_restored_with_the_song_and_is_no_step_to_undo(
    qtbot: QtBot, controller: PlayerController, panel: PlayerPanel, view: WaveformView, tmp_path: Path
) -> None:
    first = panel.job
    view.view_box.show_range(3.0, 5.0)
    assert controller.practice.state.view.end_s == pytest.approx(5.0)
    controller.undo()
    other = replace(write_completed_job(tmp_path / "other", seconds=SECONDS), title="Other")
    panel.show_job(other)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert view.view_box.shows_whole_song()
    panel.show_job(first)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert view.view_box.visible_range() == (pytest.approx(3.0), pytest.approx(5.0))


def test_a_loop_that_ends_hours_after_the_view_is_drawn_at_the_closest_zoom(
    controller: PlayerController, ruler: Ruler, view: WaveformView
) -> None:
    controller.practice.apply(replace(controller.practice.state, loops=(Loop(0.0, 1e9, "Whole night"),), loop_index=0))
    view.view_box.show_range(10.0, 10.0005)
    QApplication.processEvents()
    (item,) = ruler.items
    assert item.width() >= ruler.width()
    ruler.grab()
    view.grab()
