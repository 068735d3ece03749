"""The player controller on a session without a sound device, whose playhead the tests move."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.playback.levels import Levels
from desktop.playback.local_engine import LocalEngine
from desktop.playback.mix import LaneMix
from desktop.playback.session import Session
from desktop.playback.song_state import SongState
from desktop.ui.pages.player import song_loader, state_saver
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.stems import SAMPLE_RATE, write_completed_job

SONG_ID = str(UUID(int=1000))


class SilentSession(Session):
    """The real session without audio output: the test moves the playhead."""

    def __init__(self) -> None:
        super().__init__(LocalEngine())
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
def session() -> Iterator[SilentSession]:
    created = SilentSession()
    yield created
    created.close()


def load_stems(controller: PlayerController, folder: Path, key: str = SONG_ID) -> None:
    job = write_completed_job(folder)
    controller.tracks.load(key, [stem.path for stem in job.stems], [stem.name for stem in job.stems])


@pytest.fixture
def song(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> str:
    load_stems(controller, tmp_path)
    qtbot.waitUntil(lambda: controller.is_ready)
    return SONG_ID


def has_active_timer(controller: PlayerController) -> bool:
    return any(timer.isActive() for timer in controller.findChildren(QTimer))


@pytest.mark.usefixtures("song")
def test_position_changes_are_emitted_while_playing(
    qtbot: QtBot, controller: PlayerController, session: SilentSession
) -> None:
    controller.toggle_playback()
    session.frame = 1000
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
    assert len(signal.args[0].lanes) == 4
    with qtbot.waitSignal(controller.levels_changed) as signal:
        controller.toggle_playback()
    assert signal.args[0] == Levels()


@pytest.mark.usefixtures("song")
def test_missing_sound_device_is_reported_as_a_notice(
    qtbot: QtBot, controller: PlayerController, session: SilentSession
) -> None:
    session.error = "No sound device was found. Plug one in and press play again."
    with qtbot.waitSignal(controller.notice) as notice:
        controller.toggle_playback()
    assert notice.args == [session.error]
    assert not controller.is_playing
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_lost_sound_device_is_reported_in_the_main_thread(
    qtbot: QtBot, controller: PlayerController, session: SilentSession
) -> None:
    notices: list[tuple[str, bool]] = []
    controller.notice.connect(lambda text: notices.append((text, QThread.isMainThread())))
    controller.toggle_playback()
    session.running = False
    assert session.on_error is not None
    audio_thread = threading.Thread(target=session.on_error, args=("The sound device went away.",))
    audio_thread.start()
    audio_thread.join()
    qtbot.waitUntil(lambda: bool(notices))
    assert notices == [("The sound device went away.", True)]
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_end_of_the_track_stops_playback(qtbot: QtBot, controller: PlayerController, session: SilentSession) -> None:
    controller.toggle_playback()
    session.frame, session.running = session.frames, False
    assert session.on_ended is not None
    with qtbot.waitSignal(controller.playing_changed) as signal:
        audio_thread = threading.Thread(target=session.on_ended)
        audio_thread.start()
        audio_thread.join()
    assert signal.args == [False]
    assert not has_active_timer(controller)


@pytest.mark.usefixtures("song")
def test_playback_at_the_end_restarts_from_the_beginning(controller: PlayerController, session: SilentSession) -> None:
    controller.seek(session.frames)
    controller.toggle_playback()
    assert session.frame == 0
    assert controller.is_playing


@pytest.mark.usefixtures("song")
def test_seek_is_clamped_to_the_track(controller: PlayerController, session: SilentSession) -> None:
    controller.seek_by(1.0)
    assert session.frame == SAMPLE_RATE
    controller.seek_by(60.0)
    assert session.frame == session.frames
    controller.seek_by(-600.0)
    assert session.frame == 0


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
        load_stems(controller, tmp_path / str(number), key=str(UUID(int=number)))
    with qtbot.waitSignal(controller.loaded_changed):
        pass
    assert controller.is_ready


def test_unreadable_stems_are_reported_as_a_notice(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> None:
    (tmp_path / "vocals.wav").write_bytes(b"not audio")
    with qtbot.waitSignal(controller.notice) as notice:
        controller.tracks.load("bad", [tmp_path / "vocals.wav"], ["vocals"])
    assert "vocals.wav" in notice.args[0]
    assert not controller.is_ready


def test_commands_without_a_track_have_no_effect(controller: PlayerController) -> None:
    controller.toggle_playback()
    controller.stop()
    controller.seek_by(5)
    controller.mix.toggle_mute(0)
    controller.mix.set_gain_db(0, -3)
    assert not controller.is_playing
    assert controller.duration == 0


def open_with_state_saved_by(controller: PlayerController, home: Home, qtbot: QtBot, folder: Path) -> PlayerController:
    """Close `controller`, as its window does, and open the same song in another one on the same library."""
    controller.close()
    later = PlayerController(SilentSession(), SongStateStore(home))
    load_stems(later, folder)
    qtbot.waitUntil(lambda: later.is_ready)
    return later


@pytest.fixture
def home(tmp_path: Path) -> Home:
    created = Home(tmp_path / "home").create_folders()
    created.job_folder(SONG_ID).root.mkdir()
    return created


@pytest.mark.usefixtures("song")
def test_mix_and_playhead_are_kept_in_the_library_when_the_window_closes(
    qtbot: QtBot, controller: PlayerController, home: Home, tmp_path: Path
) -> None:
    controller.mix.toggle_mute(1)
    controller.mix.set_gain_db(2, -9.0)
    controller.mix.set_master_db(-4.0)
    controller.seek(SAMPLE_RATE)
    later = open_with_state_saved_by(controller, home, qtbot, tmp_path)
    assert [later.mix.lane_mix(lane) for lane in range(4)] == [LaneMix(), LaneMix(mute=True), LaneMix(-9.0), LaneMix()]
    assert later.position == SAMPLE_RATE
    assert later.mix.master.gain_db == 0.0
    later.close()


@pytest.mark.usefixtures("song")
def test_change_is_saved_shortly_after_it_was_made(
    qtbot: QtBot, controller: PlayerController, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[str] = []
    monkeypatch.setattr(song_loader, "write_atomically", lambda *_: writers.append(threading.current_thread().name))
    controller.mix.toggle_solo(0)
    qtbot.waitUntil(lambda: bool(writers))
    assert writers[0] != threading.main_thread().name


@pytest.mark.usefixtures("song")
def test_playhead_is_saved_while_playing_and_is_no_step_to_undo(
    qtbot: QtBot, controller: PlayerController, session: SilentSession, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_saver, "SAVE_INTERVAL_MS", 20)
    saved = home.job_folder(SONG_ID).song_state
    controller.toggle_playback()
    session.frame = SAMPLE_RATE
    qtbot.waitUntil(lambda: saved.exists() and SongState.from_json(saved.read_bytes()).playhead_s == 1.0)
    assert controller.is_playing
    assert not session.undo()


@pytest.mark.usefixtures("song")
def test_song_that_nobody_touched_leaves_no_file(controller: PlayerController, home: Home) -> None:
    controller.close()
    assert list(home.job_folder(SONG_ID).root.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"null and void", b"\xff\xfe", b"[" * 100_000, b'{"lanes": 3}'])
def test_damaged_state_is_set_aside_with_a_notice_and_a_log_line(
    qtbot: QtBot,
    controller: PlayerController,
    home: Home,
    tmp_path: Path,
    damage: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    home.job_folder(SONG_ID).song_state.write_bytes(damage)
    with qtbot.waitSignal(controller.notice) as notice:
        load_stems(controller, tmp_path)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert controller.mix.lane_mix(0) == LaneMix()
    assert "player.unreadable" in notice.args[0]
    assert "is set aside" in caplog.text
    assert SONG_ID in caplog.text


@pytest.mark.usefixtures("song")
def test_state_of_a_deleted_song_does_not_bring_its_folder_back(controller: PlayerController, home: Home) -> None:
    home.job_folder(SONG_ID).root.rmdir()
    controller.mix.toggle_mute(0)
    controller.close()
    assert not home.job_folder(SONG_ID).root.exists()


@pytest.mark.usefixtures("song")
def test_undo_and_redo_are_shown(qtbot: QtBot, controller: PlayerController) -> None:
    controller.mix.toggle_mute(0)
    controller.mix.set_master_db(-3.0)
    with qtbot.waitSignals([controller.mix.lanes_changed, controller.mix.master_changed]):
        controller.undo()
    assert controller.mix.master.gain_db == 0.0
    with qtbot.waitSignal(controller.mix.lanes_changed):
        controller.undo()
    assert not controller.mix.lane_mix(0).mute
    controller.redo()
    assert controller.mix.lane_mix(0).mute
