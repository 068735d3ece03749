"""The practice groups of the transport bar show the state of the song and change it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.paths import Home
from desktop.playback.levels import LaneLevels, Levels
from desktop.playback.local_engine import LocalEngine
from desktop.playback.practice import SpeedTrainer
from desktop.playback.session import Session
from desktop.ui.pages.player.beat_groups import ClickGroup, CountInGroup
from desktop.ui.pages.player.chord_dialog import ChordDialog
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.key_menu import KeyMenu
from desktop.ui.pages.player.loop_group import LoopGroup
from desktop.ui.pages.player.master_group import MasterGroup
from desktop.ui.pages.player.pitch_groups import KeyGroup, SpeedGroup
from desktop.ui.pages.player.song_loader import SongStateStore
from desktop.ui.pages.player.tempo_popup import TempoPopup
from desktop.ui.pages.player.trainer_dialog import TrainerDialog
from desktop.ui.widgets.value_field import ValueField
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", "grabbing the keyboard")
GRID = BeatGrid(tuple(0.1 + 0.5 * number for number in range(39)))
ANALYSIS = SongAnalysis(GRID, 120.0, Key(6, is_minor=True), 12.0, (Chord(0.1, 2.1, "F#m"), Chord(2.1, 4.1, "D")))


@pytest.fixture
def player(qtbot: QtBot, tmp_path: Path) -> Iterator[PlayerController]:
    """A player with a loaded song of 20 seconds, without an analysis."""
    session = Session(LocalEngine())
    controller = PlayerController(session, SongStateStore(Home(tmp_path / "home")))
    job = write_completed_job(tmp_path, seconds=20.0)
    controller.tracks.load(job.id, [stem.path for stem in job.stems], [stem.name for stem in job.stems])
    qtbot.waitUntil(lambda: controller.is_ready)
    yield controller
    controller.close()
    session.close()


def type_into(qtbot: QtBot, field: ValueField, text: str) -> None:
    field.start_editing()
    field.lineEdit().selectAll()
    field.lineEdit().insert(text)  # QTest types no minus sign
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_speed_is_stepped_typed_limited_and_reset(qtbot: QtBot, player: PlayerController) -> None:
    group = SpeedGroup(player)
    qtbot.addWidget(group)
    field = group.stepper.field
    field.stepBy(-3)
    assert player.practice.state.speed_percent == 85
    assert field.text() == "85 %"
    type_into(qtbot, field, "72.5")
    assert player.practice.state.speed_percent == 72.5
    type_into(qtbot, field, "900 %")
    assert player.practice.state.speed_percent <= 200
    field.reset()
    assert player.practice.state.speed_percent == 100


@pytest.mark.parametrize(("typed", "cents"), [("-2", -200), ("−2.5", -250), ("-250 ct", -250), ("+3 st", 300)])
def test_key_is_typed_in_semitones_or_cents(qtbot: QtBot, player: PlayerController, typed: str, cents: int) -> None:
    group = KeyGroup(player)
    qtbot.addWidget(group)
    type_into(qtbot, group.stepper.field, typed)
    assert player.practice.state.cents == cents


def test_key_field_names_the_key_that_sounds(qtbot: QtBot, player: PlayerController) -> None:
    group = KeyGroup(player)
    qtbot.addWidget(group)
    assert group.stepper.field.text() == "0 st"
    player.analysis.set_found(ANALYSIS)
    player.practice.set_cents(-200)
    assert group.stepper.field.text() == "−2 st · E minor"
    group.set_narrow(True)
    assert group.stepper.field.text() == "−2 st"
    assert group.heading.text() == "E minor"


def test_key_field_names_no_key_of_a_song_that_is_gone(qtbot: QtBot, player: PlayerController) -> None:
    group = KeyGroup(player)
    qtbot.addWidget(group)
    player.analysis.set_found(ANALYSIS)
    assert group.stepper.field.text() == "0 st · F♯ minor"
    player.tracks.unload()
    assert group.stepper.field.text() == "0 st"


def test_click_and_count_in_say_why_there_are_none_without_beats(qtbot: QtBot, player: PlayerController) -> None:
    click, count_in = ClickGroup(player), CountInGroup(player)
    for group in (click, count_in):
        qtbot.addWidget(group)
    assert (click.switch.isEnabled(), count_in.button.isEnabled()) == (False, False)
    assert click.switch.accessibleDescription() == "Unbraid is still listening for the beat"
    player.analysis.set_found(SongAnalysis())
    assert "No steady beat" in count_in.button.toolTip()
    player.analysis.set_found(ANALYSIS)
    assert (click.switch.isEnabled(), count_in.button.isEnabled()) == (True, True)
    click.switch.click()
    click.fader.set_db(-12.0)
    click.accent.trigger()
    assert player.practice.state.click == replace(
        player.practice.state.click, is_on=True, gain_db=-12, has_accent=False
    )
    count_in.button.menu().actions()[2].trigger()
    assert player.practice.state.count_in_bars == 2
    assert count_in.button.accessibleName() == "Count-in: 2 bars"


def test_loop_menu_chooses_loops_sections_and_the_whole_song(qtbot: QtBot, player: PlayerController) -> None:
    group = LoopGroup(player)
    qtbot.addWidget(group)
    assert not group.switch.isEnabled()
    player.practice.set_passage(2, 5)
    player.practice.add_marker(8, "Solo")
    assert group.switch.isChecked()
    assert group.button.accessibleName() == "Chosen loop: 0:02.0–0:05.0"
    group.menu.aboutToShow.emit()
    actions = {action.text(): action for action in group.menu.actions()}
    actions["Solo"].trigger()
    assert player.practice.state.loop is not None
    assert (player.practice.state.loop.start_s, player.practice.state.loop.end_s) == (8, 20)
    group.menu.aboutToShow.emit()
    next(action for action in group.menu.actions() if action.text() == "Whole song").trigger()
    assert player.practice.state.repeated_loop is None


@pytest.mark.parametrize(("is_narrow", "text"), [(False, "0:02.0–0:05.0"), (True, "0:02–0:05")])
def test_times_of_the_chosen_loop_are_read_in_full(
    qtbot: QtBot, player: PlayerController, is_narrow: bool, text: str
) -> None:
    group = LoopGroup(player)
    qtbot.addWidget(group)
    group.set_narrow(is_narrow)
    assert group.button.sizeHint().width() <= group.button.width()  # "Whole song"
    player.practice.set_passage(2, 5)
    assert group.button.text() == text
    assert group.button.sizeHint().width() <= group.button.width()
    assert group.button.toolTip() == "0:02.0–0:05.0"


def test_trainer_needs_a_loop_and_starts_and_stops(qtbot: QtBot, player: PlayerController) -> None:
    dialog = TrainerDialog(player)
    qtbot.addWidget(dialog)
    assert not dialog.start_button.isEnabled()
    player.practice.set_passage(2, 5)
    player.practice.set_looping(False)
    dialog.start.field.setValue(50)
    dialog.start_button.click()
    assert player.practice.state.trainer == SpeedTrainer(50, 100, 5, 2)
    assert player.practice.state.repeated_loop is not None
    assert dialog.status.text() == "Round 1, at 50 %"
    dialog.start_button.click()
    assert player.practice.state.trainer is None


def test_limiter_is_in_the_output_menu_and_its_lamp_lights_while_it_works(
    qtbot: QtBot, player: PlayerController
) -> None:
    group = MasterGroup(player)
    qtbot.addWidget(group)
    group.show()
    group.limiter.trigger()
    assert player.practice.state.master.has_limiter
    player.levels_changed.emit(Levels((LaneLevels(),), LaneLevels(), reduction_db=0.0))
    assert group.lamp.isHidden()
    player.levels_changed.emit(Levels((LaneLevels(),), LaneLevels(), reduction_db=2.0))
    assert group.lamp.isVisible()
    player.undo()
    assert not group.limiter.isChecked()


def test_tempo_popup_halves_shifts_sets_the_metre_and_resets(qtbot: QtBot, player: PlayerController) -> None:
    player.analysis.set_found(ANALYSIS)
    popup = TempoPopup(player, QApplication.activeWindow())
    buttons = {button.text(): button for button in popup.findChildren(QAbstractButton)}
    buttons["Halve"].click()
    assert player.analysis.current.tempo_bpm == pytest.approx(60, rel=0.01)
    buttons["3"].click()
    assert player.analysis.edits.beats_per_bar == 3
    buttons["Beats +10 ms"].click()
    assert player.analysis.edits.shift_s == pytest.approx(0.01)
    buttons["Reset tempo and beats"].click()
    assert player.analysis.current == ANALYSIS
    popup.close()


def test_taps_set_a_tempo_where_no_steady_beat_was_found(qtbot: QtBot, player: PlayerController) -> None:
    player.analysis.set_found(SongAnalysis())
    popup = TempoPopup(player, QApplication.activeWindow())
    for _ in range(4):
        popup.tap_button.pressed.emit()
        sleep(0.2)  # taps are timed by the clock while the song does not play
    assert player.analysis.current.grid is not None
    assert player.tempo_taps.count == 4
    popup.close()


def test_key_menu_offers_the_found_key_its_relative_and_all_others(qtbot: QtBot, player: PlayerController) -> None:
    player.analysis.set_found(ANALYSIS)
    group = KeyGroup(player)
    qtbot.addWidget(group)
    menu = KeyMenu(player, group)
    menu.refresh()
    texts = [action.text() for action in menu.actions()]
    assert texts[:2] == ["F♯ minor (found)", "A major (relative)"]
    assert "Tuned 12 cents sharp" in texts
    assert len(menu.actions()[2].menu().actions()) == 24
    menu.actions()[1].trigger()
    assert player.analysis.current.key == Key(9)


def test_chord_at_the_playhead_is_named_by_hand(qtbot: QtBot, player: PlayerController) -> None:
    player.analysis.set_found(ANALYSIS)
    player.seek_to_seconds(3.0)
    dialog = ChordDialog(player)
    qtbot.addWidget(dialog)
    assert dialog.field.text() == "D"
    dialog.field.setText("hello")
    dialog.accept()
    assert not player.analysis.edits.chords
    dialog.field.setText("b♭m7")
    dialog.accept()
    assert player.analysis.edits.chords == (Chord(2.1, 4.1, "Bbm7"),)
