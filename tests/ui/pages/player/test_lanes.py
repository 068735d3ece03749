"""Lane headers of a real song: pan, exclusive solo, typed level, name, colour, height, transposition, the original."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.levels import LaneLevels, Levels
from desktop.playback.mix import ORIGINAL_LANE
from desktop.playback.session import Session
from desktop.playback.song_state import LaneLook
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.lane_header_parts import HeightHandle
from desktop.ui.pages.player.lane_looks import MAX_LANE_HEIGHT, MIN_LANE_HEIGHT
from desktop.ui.pages.player.lane_menu import TransposeDialog
from desktop.ui.pages.player.lane_stack import SCROLLED_LANE_HEIGHT, share_heights
from desktop.ui.pages.player.original_lane_header import ORIGINAL_HEIGHT, OriginalLaneHeader
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.sample_reader import read_samples
from desktop.ui.pages.player.song_loader import open_stem_files
from desktop.ui.theme.palette import Colour
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.button import LetterButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.knob import Knob
from desktop.ui.widgets.label import EditableLabel, ElidedLabel
from desktop.ui.widgets.stereo_meter import StereoMeter
from desktop.ui.widgets.value_field import LevelField
from tests.helpers.player_panel import show_job
from tests.helpers.sound import write_peaks
from tests.helpers.stems import SAMPLE_RATE, write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support")
Kind = TypeVar("Kind", bound=QWidget)
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A separated song that has the peaks of its original."""
    created = write_completed_job(tmp_path / "stems")
    folder = Home(tmp_path / "home").job_folder(created.id)
    folder.root.mkdir(parents=True)
    write_peaks([np.full((1, 2 * SAMPLE_RATE), 0.5)], folder.mixture_peaks)
    return created


def lanes(panel: PlayerPanel) -> list[LaneHeader]:
    return [header for header in panel.findChildren(LaneHeader) if header.isVisible()]


def original(panel: PlayerPanel) -> OriginalLaneHeader:
    (header,) = [header for header in panel.findChildren(OriginalLaneHeader) if header.isVisible()]
    return header


def child(header: QWidget, kind: type[Kind]) -> Kind:
    found = header.findChild(kind)
    assert found is not None
    return found


def button(header: QWidget, letter: str) -> LetterButton:
    return next(each for each in header.findChildren(LetterButton) if each.text() == letter)


def trigger(menu: QMenu, *texts: str) -> None:
    """Trigger the item with the last text, in the submenus with the others."""
    for text in texts:
        action = next(action for action in menu.actions() if action.text() == text)
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            menu = submenu
        else:
            action.trigger()


def checked_texts(actions: Sequence[QAction]) -> list[str]:
    return [action.text() for action in actions if action.isChecked()]


def rename(qtbot: QtBot, header: LaneHeader, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    """Type a name after F2 on the lane's mute button."""
    qtbot.keyClick(button(header, "M"), Qt.Key.Key_F2)
    field = next(each for each in header.findChildren(QLineEdit) if each.isVisible() and each.hasFocus())
    field.setText(text)
    qtbot.keyClick(field, end)


def test_knob_pans_its_lane_and_speaks(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session
) -> None:
    knob = child(lanes(panel)[1], Knob)
    interface = QAccessible.queryAccessibleInterface(knob)
    assert interface is not None
    assert interface.text(QAccessible.Text.Name) == "Pan of Drums"
    for _ in range(7):
        qtbot.keyClick(knob, Qt.Key.Key_Left)
    assert session.mix.lane("drums").pan == -0.35
    assert interface.text(QAccessible.Text.Description) == "left 35 percent"
    controller.mix.set_pan(1, 1.0)
    assert (knob.value(), interface.text(QAccessible.Text.Description)) == (100, "right 100 percent")


@pytest.mark.parametrize("modifier", [ALT, CTRL])
def test_click_with_alt_or_ctrl_leaves_only_this_lane_soloed(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, modifier: Qt.KeyboardModifier
) -> None:
    headers = lanes(panel)
    controller.mix.hear_original()
    for header in headers[:2]:
        qtbot.mouseClick(button(header, "S"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(headers[1], "S"), Qt.MouseButton.LeftButton, modifier)
    assert [button(header, "S").isChecked() for header in [*headers, original(panel)]] == [False, True, *[False] * 3]
    qtbot.mouseClick(button(headers[1], "S"), Qt.MouseButton.LeftButton, modifier)
    assert not button(headers[1], "S").isChecked()
    qtbot.mouseClick(button(headers[2], "M"), Qt.MouseButton.LeftButton, modifier)
    assert [button(header, "M").isChecked() for header in headers] == [False, False, True, False]


def test_level_is_typed(qtbot: QtBot, panel: PlayerPanel, session: Session) -> None:
    field = child(lanes(panel)[0], LevelField)
    qtbot.keyClick(field, Qt.Key.Key_F2)
    qtbot.keyClicks(field, "-3,5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.mix.lane("vocals").gain_db == -3.5


def test_lane_is_renamed_and_its_controls_speak_the_name(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController
) -> None:
    header = lanes(panel)[0]
    rename(qtbot, header, "  Lead   Anna ")
    assert header.accessibleName() == "Lead Anna lane"
    assert button(header, "M").accessibleName() == "Mute Lead Anna"
    assert child(header, Knob).accessibleName() == "Pan of Lead Anna"
    rename(qtbot, header, "Not this", Qt.Key.Key_Escape)
    assert child(header, EditableLabel).text() == "Lead Anna"
    rename(qtbot, header, "")
    assert child(header, EditableLabel).text() == "Vocals"
    assert dict(controller.practice.state.looks) == {}
    controller.undo()
    assert header.accessibleName() == "Lead Anna lane"


def test_menu_sets_the_colour_of_header_and_waveform(panel: PlayerPanel, controller: PlayerController) -> None:
    header = lanes(panel)[2]
    item = child(panel, WaveformView).lane_items[2]
    assert item is not None
    menu = header.create_menu()
    trigger(menu, "Colour", "Pink")
    assert (header._colour, item._colour) == (Colour.GUITAR, Colour.GUITAR)
    colours = header.create_menu().actions()[1].menu()
    assert isinstance(colours, QMenu)
    assert checked_texts(colours.actions()) == ["Pink"]
    trigger(header.create_menu(), "Colour", "Automatic")
    assert (header._colour, item._colour) == (Colour.BASS, Colour.BASS)


@pytest.mark.parametrize("reason", QContextMenuEvent.Reason)
def test_context_menu_opens_on_the_header_and_from_each_of_its_controls(
    qtbot: QtBot, panel: PlayerPanel, reason: QContextMenuEvent.Reason
) -> None:
    header = lanes(panel)[0]
    for widget in (header, child(header, Knob), child(header, LevelField), button(header, "M")):
        middle = widget.rect().center()
        QApplication.sendEvent(widget, QContextMenuEvent(reason, middle, widget.mapToGlobal(middle)))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert menu.accessibleName() == "Actions for Vocals"
        menu.close()


def test_dragged_edge_changes_the_height_and_a_double_click_makes_it_automatic(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController
) -> None:
    headers = lanes(panel)
    automatic = [header.height() for header in headers]
    handle = child(headers[0], HeightHandle)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(100, 2))
    qtbot.mouseMove(handle, QPoint(100, 42))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(100, 2))
    assert headers[0].height() == automatic[0] + 40
    assert sum(header.height() for header in headers) == pytest.approx(sum(automatic), abs=1)
    item = child(panel, WaveformView).lane_items[0]
    assert item is not None
    assert item.boundingRect().height() == headers[0].height() - 1
    qtbot.mouseDClick(handle, Qt.MouseButton.LeftButton)
    assert [header.height() for header in headers] == automatic
    for height, expected in ((1, MIN_LANE_HEIGHT), (5000, MAX_LANE_HEIGHT)):
        handle.height_dragged.emit(height)
        assert headers[0].height() == expected


def test_looks_are_restored_with_the_song(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job, tmp_path: Path
) -> None:
    rename(qtbot, lanes(panel)[1], "Kit")
    trigger(lanes(panel)[1].create_menu(), "Height", "Medium")
    show_job(qtbot, panel, controller, write_completed_job(tmp_path / "other"))
    assert child(lanes(panel)[1], EditableLabel).text() == "Drums"
    show_job(qtbot, panel, controller, job)
    assert controller.practice.state.looks["drums"] == LaneLook("Kit", "", 96)
    assert (child(lanes(panel)[1], EditableLabel).text(), lanes(panel)[1].height()) == ("Kit", 96)


def test_transposed_lane_says_so(qtbot: QtBot, panel: PlayerPanel, session: Session) -> None:
    header = lanes(panel)[2]
    trigger(header.create_menu(), "Transpose this lane…")
    (dialog,) = header.findChildren(TransposeDialog)
    qtbot.keyClick(dialog.stepper.field, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.stepper.field, Qt.Key.Key_Return)
    dialog.stepper.field.lineEdit().setText("-250 ct")
    qtbot.keyClick(dialog.stepper.field, Qt.Key.Key_Return)
    assert session.mix.lane("bass").cents == -250
    dialog.close()
    label = next(label for label in header.findChildren(ElidedLabel) if label.text() == "−2.5 st")
    assert label.isVisible()
    assert label.accessibleDescription() == "down 2.5 semitones"
    trigger(header.create_menu(), "Reset level, pan and pitch")
    assert session.mix.lane("bass").cents == 0
    assert not label.isVisible()


def test_original_is_heard_in_place_of_the_stems(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session
) -> None:
    header = original(panel)
    solo = button(header, "S")
    assert solo.accessibleName() == "Hear the original"
    assert [controller.mix.is_audible(lane) for lane in range(5)] == [True] * 4 + [False]
    qtbot.mouseClick(solo, Qt.MouseButton.LeftButton)
    assert session.mix.lane(ORIGINAL_LANE).solo
    assert [controller.mix.is_audible(lane) for lane in range(5)] == [False] * 4 + [True]
    controller.mix.hear_original()
    assert not solo.isChecked()
    controller.mix.toggle_mute(4)
    controller.mix.mute_only(4)
    assert not session.mix.lane(ORIGINAL_LANE).mute


def test_original_shows_the_peaks_of_the_mixture_and_at_high_zoom_its_samples(
    panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    assert original(panel).height() == ORIGINAL_HEIGHT
    item = child(panel, WaveformView).lane_items[4]
    assert item is not None
    assert item._colour is Colour.DIM
    window = read_samples(open_stem_files([stem.path for stem in job.stems]), 1.0, 1.1)
    assert window.low.shape[1] == 5
    np.testing.assert_allclose(window.high[:, 4], window.high[:, :4].sum(axis=1), atol=1e-6)


def test_meters_follow_the_levels_of_their_lanes(panel: PlayerPanel, controller: PlayerController) -> None:
    meters = [child(header, StereoMeter) for header in (*lanes(panel), original(panel))]
    controller.mix.toggle_solo(4)
    controller.levels_changed.emit(Levels(tuple(LaneLevels(10 ** (-lane / 20), 0.0, 0.1, 0.0) for lane in range(6))))
    assert [meter.level_text for meter in meters] == ["0.0 dB", "−1.0 dB", "−2.0 dB", "−3.0 dB", "−4.0 dB"]
    controller.levels_changed.emit(Levels())
    assert {meter.level_text for meter in meters} == {"−∞ dB"}


@pytest.mark.parametrize(
    ("heights", "available", "shared"),
    [
        ([0, 0, 40], 240, [100, 100, 40]),
        ([0, 120, 40], 240, [80, 120, 40]),
        ([0, 0, 40], 100, [50, 50, 40]),  # the original is out of view
        ([0, 0, 40], 60, [SCROLLED_LANE_HEIGHT, SCROLLED_LANE_HEIGHT, 40]),
        ([200, 200, 40], 100, [200, 200, 40]),
        ([0], 1000, [420]),
        ([], 100, []),
    ],
)
def test_lanes_share_the_height_that_the_others_leave(heights: list[int], available: int, shared: list[float]) -> None:
    assert share_heights(heights, available) == shared


def test_low_lane_keeps_pan_fader_mute_solo_and_its_menu_in_one_row(qtbot: QtBot, panel: PlayerPanel) -> None:
    panel.resize(1168, 330)
    QApplication.processEvents()
    header = lanes(panel)[0]
    kept = [child(header, Knob), child(header, Fader), button(header, "M"), button(header, "S")]
    assert all(widget.isVisible() for widget in kept)
    assert len({widget.geometry().center().y() for widget in kept}) == 1
    assert abs(kept[0].geometry().center().y() - header.rect().center().y()) <= 1
    assert all(left.geometry().right() < right.geometry().left() for left, right in itertools.pairwise(kept))
    assert not child(header, LevelField).isVisible()
    qtbot.keyClick(button(header, "M"), Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()


def test_all_lanes_have_one_row_of_controls_or_all_have_two(panel: PlayerPanel) -> None:
    seen: set[frozenset[bool]] = set()
    for height in range(330, 420):
        panel.resize(1168, height)
        QApplication.processEvents()
        seen.add(frozenset(child(header, LevelField).isVisible() for header in lanes(panel)))
    assert seen == {frozenset({True}), frozenset({False})}
