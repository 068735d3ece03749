"""The transport bar: play, stop, time and master level."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.song_analysis import SongAnalysis
from desktop.paths import Home
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.app.player_bindings import bind_player_actions
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.master_group import MasterGroup
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.playback_controls import PlayButton, TimeReadout
from desktop.ui.pages.player.transport_bar import TransportBar
from tests.helpers.manual_device import ManualDevices
from tests.helpers.stems import SAMPLE_RATE, write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def bar(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> TransportBar:
    widget, panel = TransportBar(controller), PlayerPanel(controller, Home(tmp_path / "home"))
    for part in (widget, panel):
        qtbot.addWidget(part)
    registry = ActionRegistry(widget, lambda: ())
    bind_player_actions(registry, controller, panel)
    widget.action_requested.connect(registry.run)
    widget.resize(1168, 64)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def load_stems(qtbot: QtBot, controller: PlayerController, folder: Path, seconds: float = 2.0) -> None:
    job = write_completed_job(folder, seconds=seconds)
    controller.tracks.load(job.id, [stem.path for stem in job.stems], [stem.name for stem in job.stems])
    qtbot.waitUntil(lambda: controller.is_ready)


def time_text(bar: TransportBar) -> str:
    readout = bar.findChild(TimeReadout)
    assert readout is not None
    return readout.text


def find_button(bar: TransportBar, name: str) -> QAbstractButton:
    return next(button for button in bar.findChildren(QAbstractButton) if button.accessibleName() == name)


def test_buttons_are_disabled_without_a_track(bar: TransportBar) -> None:
    master = bar.findChild(MasterGroup)
    assert master is not None
    assert not any(each.isEnabled() for each in bar.findChildren(QAbstractButton) if not master.isAncestorOf(each))
    assert time_text(bar) == "0:00.0"


def test_readout_shows_playhead_and_duration(
    qtbot: QtBot, bar: TransportBar, controller: PlayerController, tmp_path: Path
) -> None:
    load_stems(qtbot, controller, tmp_path, seconds=62.0)
    assert time_text(bar) == "0:00.0 / 1:02"
    controller.seek_to_seconds(61.25)
    assert time_text(bar) == "1:01.2 / 1:02"
    controller.seek_by(-100)
    assert time_text(bar) == "0:00.0 / 1:02"
    controller.seek_by(1000)
    assert time_text(bar) == "1:02.0 / 1:02"


def test_stop_and_return_to_start_seek_to_zero(
    qtbot: QtBot, bar: TransportBar, controller: PlayerController, tmp_path: Path
) -> None:
    load_stems(qtbot, controller, tmp_path)
    for name in ("Stop", "Return to start"):
        controller.seek_to_seconds(1.0)
        qtbot.mouseClick(find_button(bar, name), Qt.MouseButton.LeftButton)
        assert time_text(bar) == "0:00.0 / 0:02"


def test_master_fader_sets_and_shows_the_master_level(
    qtbot: QtBot, bar: TransportBar, controller: PlayerController
) -> None:
    master = bar.findChild(MasterGroup)
    assert master is not None
    fader = master.fader
    qtbot.mouseClick(fader, Qt.MouseButton.LeftButton, pos=QPoint(60, fader.height() // 2))
    assert controller.mix.master.gain_db < -4
    qtbot.mouseDClick(fader, Qt.MouseButton.LeftButton, pos=QPoint(60, fader.height() // 2))
    assert controller.mix.master.gain_db == 0
    controller.mix.set_master_db(-3.5)
    assert fader.db == -3.5


def test_tooltip_of_the_play_button_names_its_next_action(bar: TransportBar) -> None:
    play = bar.findChild(PlayButton)
    assert play is not None
    play.show_playing(True)
    assert play.toolTip() == "Pause (Space)"
    play.show_playing(False)
    assert play.toolTip() == "Play (Space)"


def test_first_bar_is_shown_at_the_start_of_a_song_whose_first_beat_was_found_a_little_later(bar: TransportBar) -> None:
    readout = bar.findChild(TimeReadout)
    assert readout is not None
    readout.show_beat(BeatGrid((0.003, 0.503, 1.003, 1.503, 2.003)), 0.0)
    assert readout.beat_text == "bar 1, beat 1"
    readout.show_beat(BeatGrid((0.2, 0.7, 1.2, 1.7, 2.2)), 0.0)
    assert readout.beat_text == "bar 0, beat 4", "a pick-up"


def test_beats_of_the_count_in_are_shown_in_place_of_the_bar_and_announced_once(
    qtbot: QtBot, bar: TransportBar, controller: PlayerController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices, announced, readout = ManualDevices(), list[str](), bar.findChild(TimeReadout)
    assert readout is not None
    monkeypatch.setattr("desktop.playback.player_output.Device", devices)
    monkeypatch.setattr("desktop.ui.pages.player.transport_bar.announce", lambda widget, text: announced.append(text))
    load_stems(qtbot, controller, tmp_path / "stems", seconds=8.0)
    controller.analysis.set_found(SongAnalysis(BeatGrid(tuple(0.5 * number for number in range(16)))))
    controller.practice.set_count_in_bars(1)
    controller.toggle_playback()
    qtbot.waitUntil(lambda: devices.is_playing)
    shown: list[str] = []

    def render_until_the_song_is_heard() -> bool:
        devices.render(SAMPLE_RATE // 10)
        QApplication.processEvents()
        if readout.beat_text not in shown:
            shown.append(readout.beat_text)
        return controller.position_seconds > 0

    qtbot.waitUntil(render_until_the_song_is_heard)
    controller.stop()
    assert [text for text in shown if text] == [f"count-in {beat} of 4" for beat in (1, 2, 3, 4)]
    assert announced == ["Counting in"]
    assert not readout.beat_text
