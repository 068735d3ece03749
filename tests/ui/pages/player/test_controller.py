"""The player controller on a transport without a sound device, whose playhead the tests move."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from desktop.playback.transport import Transport
from desktop.ui.pages.player.controller import PlayerController
from tests.helpers.stems import SAMPLE_RATE, write_completed_job


class SilentTransport(Transport):
    """The real transport without audio output: the test moves the playhead."""

    def __init__(self) -> None:
        super().__init__()
        self.running = False
        self.frame = 0
        self.error = ""

    @property
    def is_playing(self) -> bool:
        return self.running

    @property
    def position(self) -> int:
        return self.frame

    def play(self) -> None:
        self.running = not self.error
        if self.error and self.on_error:
            self.on_error(self.error)

    def pause(self) -> None:
        self.running = False

    def stop(self) -> None:
        self.running, self.frame = False, 0

    def seek(self, frame: int) -> None:
        self.frame = frame


@pytest.fixture
def transport() -> Iterator[SilentTransport]:
    created = SilentTransport()
    yield created
    created.close()


@pytest.fixture
def controller(qtbot: QtBot, transport: SilentTransport) -> Iterator[PlayerController]:
    created = PlayerController(transport)
    yield created
    created.close()


def load_stems(controller: PlayerController, folder: Path, key: str = "song") -> None:
    job = write_completed_job(folder)
    controller.load(key, [stem.path for stem in job.stems], [stem.name for stem in job.stems])


@pytest.fixture
def song(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> str:
    load_stems(controller, tmp_path)
    qtbot.waitUntil(lambda: controller.is_ready)
    return "song"


def has_active_timer(controller: PlayerController) -> bool:
    return any(timer.isActive() for timer in controller.findChildren(QTimer))


@pytest.mark.usefixtures("song")
def test_position_changes_are_emitted_while_playing(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    controller.toggle_playback()
    transport.frame = 1000
    with qtbot.waitSignal(controller.position_changed) as signal:
        pass
    assert signal.args == [1000]
    assert controller.is_playing


@pytest.mark.usefixtures("song")
def test_paused_player_runs_no_timer(controller: PlayerController) -> None:
    controller.toggle_playback()
    assert has_active_timer(controller)
    controller.toggle_playback()
    assert not controller.is_playing
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_levels_are_emitted_while_playing_and_cleared_on_pause(qtbot: QtBot, controller: PlayerController) -> None:
    controller.toggle_playback()
    with qtbot.waitSignal(controller.levels_changed) as signal:
        pass
    assert len(signal.args[0]) == 4
    with qtbot.waitSignal(controller.levels_changed) as signal:
        controller.toggle_playback()
    assert signal.args[0] == ()


@pytest.mark.usefixtures("song")
def test_missing_sound_device_is_reported_as_a_notice(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    transport.error = "No sound device was found. Plug one in and press play again."
    with qtbot.waitSignal(controller.notice) as notice:
        controller.toggle_playback()
    assert notice.args == [transport.error]
    assert not controller.is_playing
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_lost_sound_device_is_reported_in_the_main_thread(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    notices: list[tuple[str, bool]] = []
    controller.notice.connect(lambda text: notices.append((text, QThread.isMainThread())))
    controller.toggle_playback()
    transport.running = False
    assert transport.on_error is not None
    audio_thread = threading.Thread(target=transport.on_error, args=("The sound device went away.",))
    audio_thread.start()
    audio_thread.join()
    qtbot.waitUntil(lambda: bool(notices))
    assert notices == [("The sound device went away.", True)]
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_end_of_the_track_stops_playback(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    controller.toggle_playback()
    transport.frame, transport.running = transport.frames, False
    assert transport.on_ended is not None
    with qtbot.waitSignal(controller.playing_changed) as signal:
        audio_thread = threading.Thread(target=transport.on_ended)
        audio_thread.start()
        audio_thread.join()
    assert signal.args == [False]
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_playback_at_the_end_restarts_from_the_beginning(
    controller: PlayerController, transport: SilentTransport
) -> None:
    controller.seek(transport.frames)
    controller.toggle_playback()
    assert transport.frame == 0
    assert controller.is_playing


@pytest.mark.usefixtures("song")
def test_seek_is_clamped_to_the_track(controller: PlayerController, transport: SilentTransport) -> None:
    controller.seek_by(1.0)
    assert transport.frame == SAMPLE_RATE
    controller.seek_by(60.0)
    assert transport.frame == transport.frames
    controller.seek_by(-600.0)
    assert transport.frame == 0


def test_play_pressed_while_stems_load_starts_playback_once_they_are_loaded(
    qtbot: QtBot, controller: PlayerController, tmp_path: Path
) -> None:
    load_stems(controller, tmp_path)
    controller.toggle_playback()
    qtbot.waitUntil(lambda: controller.is_playing)


def test_only_the_last_of_several_loads_is_completed(
    qtbot: QtBot, controller: PlayerController, tmp_path: Path
) -> None:
    for number in range(4):
        load_stems(controller, tmp_path / str(number), key=str(number))
    with qtbot.waitSignal(controller.loaded_changed):
        pass
    assert controller.is_ready


def test_unreadable_stems_are_reported_as_a_notice(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> None:
    (tmp_path / "vocals.wav").write_bytes(b"not audio")
    with qtbot.waitSignal(controller.notice) as notice:
        controller.load("bad", [tmp_path / "vocals.wav"], ["vocals"])
    assert "vocals.wav" in notice.args[0]
    assert not controller.is_ready


def test_commands_without_a_track_have_no_effect(controller: PlayerController) -> None:
    controller.toggle_playback()
    controller.stop()
    controller.seek_by(5)
    controller.toggle_mute(0)
    controller.set_gain_db(0, -3)
    assert not controller.is_playing
    assert controller.duration == 0
