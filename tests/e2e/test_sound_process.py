"""The sound process is killed while a song plays on a recording sound card."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers.sound_card import match_sound, record_playback, split_at_silence

pytestmark = pytest.mark.alone

RATE = 44100
FADE = RATE // 50
SETUP = """
import os, signal, sys, threading
from pathlib import Path
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.playback.sound_process import SoundProcess
from desktop.playback.source import StemFileSource
engine = SoundProcess()
session = Session(engine)
session.set_output(OutputSettings(max_latency_ms=0))
ended, errors, moment = threading.Event(), [], threading.Event()
session.on_ended, session.on_error = ended.set, errors.append
session.open(StemFileSource([Path(sys.argv[1])]), ["vocals"])

def until(condition):
    for _ in range(3000):
        if condition():
            return
        moment.wait(0.01)
    raise AssertionError

def kill():
    position, pid = session.position, engine.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: engine.pid != pid)
    return position

session.play()
until(lambda: session.position > 66150)
killed_at = kill()
"""
GO_ON = """
until(lambda: session.position > killed_at)
assert session.is_playing and session.position < killed_at + 44100
assert ended.wait(60) and not errors
moment.wait(0.4)
session.close()
"""
GIVE_UP = """
until(lambda: engine.pid)
os.kill(engine.pid, signal.SIGKILL)
until(lambda: errors)
assert errors == ["The sound stopped unexpectedly. Press play again."]
assert not session.is_playing
session.play()
assert ended.wait(60)
assert len(errors) == 1
moment.wait(0.4)
session.close()
"""
TRAIN = """
from dataclasses import replace
from desktop.playback.practice import Loop, SpeedTrainer
loops, trainer = (Loop(2.0, 2.5),), SpeedTrainer(50.0, 200.0, 30.0, 1)
session.apply(replace(session.state, loops=loops, loop_index=0, is_looping=True, trainer=trainer))
until(lambda: session.loop_round == 2)
assert session.speed_percent == 110
moment.wait(5)  # a process that ends within seconds of another one is not replaced
rounds = session.loop_round
kill()
heard = []
until(lambda: session.is_playing and (heard.append(session.loop_round) or session.loop_round == rounds + 3))
assert heard == sorted(heard) and heard[0] >= rounds, heard
assert session.speed_percent == 200
session.close()
"""


@pytest.fixture
def song(tmp_path: Path) -> Path:
    sound = np.zeros((5 * RATE, 2))
    sound[RATE // 2 : -RATE // 2] = np.random.default_rng(1).normal(0, 0.05, (4 * RATE, 2))
    soundfile.write(tmp_path / "vocals.wav", sound, RATE, subtype="PCM_16")
    return tmp_path / "vocals.wav"


@pytest.mark.parametrize("script", [GO_ON, GIVE_UP])
def test_song_goes_on_where_it_was_heard_after_its_process_was_killed(song: Path, tmp_path: Path, script: str) -> None:
    played = record_playback(SETUP + script, tmp_path, song)
    sound = soundfile.read(song, dtype="float32")[0]
    before, *_, after = split_at_silence(played.recording, RATE // 10)  # another process plays within a quarter second
    stopped, resumed = match_sound(sound, before), match_sound(sound, after[FADE:])
    assert stopped.first == RATE // 2
    assert stopped.last > 1.3 * RATE
    # What was mixed but not heard yet is repeated, up to the latency of the card.
    assert -0.5 * RATE < resumed.first - stopped.last <= FADE + 0.1 * RATE, (stopped, resumed)
    assert resumed.last == len(sound) - RATE // 2


def test_speed_trainer_goes_on_in_its_round_after_its_process_was_killed(song: Path, tmp_path: Path) -> None:
    record_playback(SETUP.replace("\nkilled_at = kill()\n", TRAIN), tmp_path, song)
