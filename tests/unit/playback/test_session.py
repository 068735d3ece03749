"""Session without playback: position, mix, undo, and the one thread that may use it."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.errors import StorageError
from desktop.playback.local_engine import LocalEngine
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.session import Session
from desktop.playback.song_state import SongState
from desktop.playback.source import StemFileSource

NAMES = ("vocals", "drums", "bass")
FRAMES, RATE = 1000, 44100


@pytest.fixture
def source(tmp_path: Path) -> StemFileSource:
    paths = [tmp_path / f"{name}.wav" for name in NAMES]
    for path in paths:
        soundfile.write(path, np.zeros((FRAMES, 2)), RATE)
    return StemFileSource(paths)


@pytest.fixture
def session(source: StemFileSource) -> Session:
    session = Session(LocalEngine())
    session.open(source, NAMES)
    return session


def change_lane(session: Session, name: str, lane: LaneMix) -> None:
    session.apply(session.state.with_mix(session.mix.with_lane(name, lane)))


def test_opened_song_is_at_its_start(session: Session) -> None:
    assert (session.position, session.frames, session.sample_rate) == (0, FRAMES, RATE)
    assert session.lane_names == NAMES
    assert session.state == SongState()


def test_song_opens_in_its_state(session: Session, source: StemFileSource) -> None:
    state = SongState({"A": Mix({"drums": LaneMix(-6.0, solo=True)})}, master=Master(-3.0), playhead_s=500 / RATE)
    session.open(source, NAMES, state)
    assert session.position == 500
    assert session.state == state
    assert [session.is_audible(lane) for lane in range(3)] == [False, True, False]


def test_seek_is_clamped_to_the_track(session: Session) -> None:
    session.seek(5000)
    assert session.position == FRAMES
    session.seek(-3)
    assert session.position == 0


def test_playhead_of_a_longer_song_is_clamped_to_the_track(session: Session, source: StemFileSource) -> None:
    session.open(source, NAMES, SongState(playhead_s=60.0))
    assert session.position == FRAMES


def test_solo_silences_the_other_lanes_and_mute_overrides_solo(session: Session) -> None:
    change_lane(session, "drums", LaneMix(solo=True))
    assert [session.is_audible(lane) for lane in range(3)] == [False, True, False]
    change_lane(session, "drums", LaneMix(mute=True, solo=True))
    assert [session.is_audible(lane) for lane in range(3)] == [False, False, False]


def test_error_names_the_missing_stem_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"bass\.wav"):
        StemFileSource([tmp_path / "bass.wav"])


def test_applied_playhead_moves_the_song_and_an_unchanged_one_does_not(session: Session) -> None:
    session.seek(300)
    change_lane(session, "bass", LaneMix(mute=True))
    assert session.position == 300
    session.apply(replace(session.state, playhead_s=700 / RATE))
    assert session.position == 700
    assert session.snapshot() == session.state


def test_undo_and_redo_change_the_mix_and_leave_the_playhead(session: Session) -> None:
    change_lane(session, "drums", LaneMix(mute=True))
    change_lane(session, "vocals", LaneMix(solo=True))
    session.seek(400)
    assert session.undo()
    assert session.mix.lanes == {"drums": LaneMix(mute=True)}
    assert session.undo()
    assert session.mix == Mix()
    assert not session.undo()
    assert session.redo()
    assert session.redo()
    assert not session.redo()
    assert session.mix.lanes == {"drums": LaneMix(mute=True), "vocals": LaneMix(solo=True)}
    assert session.position == 400


def test_undo_does_not_reach_back_into_another_song(session: Session, source: StemFileSource) -> None:
    change_lane(session, "drums", LaneMix(mute=True))
    session.open(source, NAMES, session.state)
    assert not session.undo()
    assert session.mix.lane("drums").mute


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.apply(SongState()),
        lambda session: session.seek(5),
        lambda session: session.play(),
        lambda session: session.position,
        lambda session: session.close(),
    ],
)
def test_another_thread_may_not_use_the_session(session: Session, use: object) -> None:
    errors: list[str] = []

    def run() -> None:
        try:
            use(session)  # type: ignore[operator]
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run, name="intruder")
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert "intruder" in errors[0]
