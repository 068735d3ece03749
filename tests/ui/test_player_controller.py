"""The way from window to transport and back, on a transport that moves without a sound device."""

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
    """The real transport with its sound going nowhere: the test moves the playhead."""

    def __init__(self) -> None:
        super().__init__()
        self.running = False
        self.at = 0
        self.refusal = ""

    @property
    def playing(self) -> bool:
        return self.running

    @property
    def position(self) -> int:
        return self.at

    def play(self) -> None:
        self.running = not self.refusal
        if self.refusal and self.on_error:
            self.on_error(self.refusal)

    def pause(self) -> None:
        self.running = False

    def stop(self) -> None:
        self.running, self.at = False, 0

    def seek(self, frame: int) -> None:
        self.at = frame


@pytest.fixture
def transport() -> Iterator[SilentTransport]:
    made = SilentTransport()
    yield made
    made.close()


@pytest.fixture
def controller(qtbot: QtBot, transport: SilentTransport) -> Iterator[PlayerController]:
    made = PlayerController(transport)
    yield made
    made.close()


def load(controller: PlayerController, folder: Path, key: str = "song") -> None:
    job = write_completed_job(folder)
    controller.load(key, [stem.path for stem in job.stems], [stem.name for stem in job.stems])


@pytest.fixture
def song(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> str:
    load(controller, tmp_path)
    qtbot.waitUntil(lambda: controller.is_ready)
    return "song"


def ticking(controller: PlayerController) -> bool:
    return any(timer.isActive() for timer in controller.findChildren(QTimer))


@pytest.mark.usefixtures("song")
def test_the_playhead_is_followed_while_playing(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    controller.toggle_playback()
    transport.at = 1000
    with qtbot.waitSignal(controller.position_changed) as moved:
        pass
    assert moved.args == [1000]
    assert controller.is_playing


@pytest.mark.usefixtures("song")
def test_a_paused_player_follows_nothing(controller: PlayerController) -> None:
    controller.toggle_playback()
    assert ticking(controller)
    controller.toggle_playback()
    assert not controller.is_playing
    assert not ticking(controller)


@pytest.mark.usefixtures("song")
def test_levels_are_told_while_playing_and_fall_on_pause(qtbot: QtBot, controller: PlayerController) -> None:
    controller.toggle_playback()
    with qtbot.waitSignal(controller.levels_changed) as levels:
        pass
    assert len(levels.args[0]) == 4
    with qtbot.waitSignal(controller.levels_changed) as levels:
        controller.toggle_playback()
    assert levels.args[0] == ()


@pytest.mark.usefixtures("song")
def test_a_missing_device_is_a_notice(qtbot: QtBot, controller: PlayerController, transport: SilentTransport) -> None:
    transport.refusal = "No sound device was found. Plug one in and press play again."
    with qtbot.waitSignal(controller.notice) as told:
        controller.toggle_playback()
    assert told.args == [transport.refusal]
    assert not controller.is_playing
    assert not ticking(controller)


@pytest.mark.usefixtures("song")
def test_a_device_lost_while_playing_is_told_in_the_windows_thread(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    heard: list[tuple[str, bool]] = []
    controller.notice.connect(lambda sentence: heard.append((sentence, QThread.isMainThread())))
    controller.toggle_playback()
    transport.running = False
    assert transport.on_error is not None
    sound = threading.Thread(target=transport.on_error, args=("The sound device went away.",))
    sound.start()
    sound.join()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [("The sound device went away.", True)]
    assert not ticking(controller)


@pytest.mark.usefixtures("song")
def test_the_end_of_the_song_stops_the_player(
    qtbot: QtBot, controller: PlayerController, transport: SilentTransport
) -> None:
    controller.toggle_playback()
    transport.at, transport.running = transport.frames, False
    assert transport.on_ended is not None
    with qtbot.waitSignal(controller.playing_changed) as playing:
        sound = threading.Thread(target=transport.on_ended)
        sound.start()
        sound.join()
    assert playing.args == [False]
    assert not ticking(controller)


@pytest.mark.usefixtures("song")
def test_playing_at_the_end_begins_at_the_start(controller: PlayerController, transport: SilentTransport) -> None:
    controller.seek(transport.frames)
    controller.toggle_playback()
    assert transport.at == 0
    assert controller.is_playing


@pytest.mark.usefixtures("song")
def test_seeking_stays_within_the_song(controller: PlayerController, transport: SilentTransport) -> None:
    controller.seek_by(1.0)
    assert transport.at == SAMPLE_RATE
    controller.seek_by(60.0)
    assert transport.at == transport.frames
    controller.seek_by(-600.0)
    assert transport.at == 0


def test_play_while_the_song_is_being_opened_plays_it(
    qtbot: QtBot, controller: PlayerController, tmp_path: Path
) -> None:
    load(controller, tmp_path)
    controller.toggle_playback()
    qtbot.waitUntil(lambda: controller.is_playing)


def test_only_the_last_of_many_songs_is_opened(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> None:
    for number in range(4):
        load(controller, tmp_path / str(number), key=str(number))
    with qtbot.waitSignal(controller.loaded_changed):
        pass
    assert controller.is_ready


def test_stems_that_cannot_be_opened_are_a_notice(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> None:
    (tmp_path / "vocals.wav").write_bytes(b"not audio")
    with qtbot.waitSignal(controller.notice) as told:
        controller.load("bad", [tmp_path / "vocals.wav"], ["vocals"])
    assert "vocals.wav" in told.args[0]
    assert not controller.is_ready


def test_without_a_song_nothing_happens(controller: PlayerController) -> None:
    controller.toggle_playback()
    controller.stop()
    controller.seek_by(5)
    controller.toggle_mute(0)
    controller.set_gain_db(0, -3)
    assert not controller.is_playing
    assert controller.duration == 0
