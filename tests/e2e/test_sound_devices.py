"""Sound cards that come, change and go while the program runs, on a sound server of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import soundfile

from tests.helpers.command import ROOT
from tests.helpers.library import wait_until
from tests.helpers.sound_card import find_offset
from tests.helpers.sound_server import SAMPLE_RATE, SoundServer

pytestmark = pytest.mark.skipif(which("pulseaudio") is None, reason="no PulseAudio here")
SECONDS = 60
# A program whose sound server is frozen ends within this time (seconds), on a busy machine.
LIMIT = 30
# Presses play for each line that it reads, and says what it is told.
SCRIPT = """
import sys, threading
from pathlib import Path
from desktop.playback.transport import Transport

transport = Transport()
transport.on_error = lambda sentence: print(sentence, flush=True)
transport.load_files([Path(sys.argv[1])], ["vocals"])
for line in sys.stdin:
    getattr(transport, line.strip())()
    print("playing" if transport.is_playing else "paused", transport.position, flush=True)
transport.close()
"""


class Program:
    """A process that plays a song, hand in hand with the test."""

    def __init__(self, song: Path, server: SoundServer) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, song],
            cwd=ROOT,
            env=dict(os.environ) | server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def press(self, key: str) -> str:
        """Call a method of the transport; what is said to it."""
        assert self.process.stdin
        self.process.stdin.write(f"{key}\n")
        self.process.stdin.flush()
        return self.told()

    def told(self) -> str:
        """The next line."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    made = SoundServer(tmp_path / "sound")
    yield made
    made.stop()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "vocals.wav"
    soundfile.write(
        path, np.random.default_rng(3).normal(0, 0.1, (SECONDS * SAMPLE_RATE, 2)), SAMPLE_RATE, subtype="PCM_16"
    )
    return path


@pytest.fixture
def program(song: Path, server: SoundServer) -> Iterator[Program]:
    made = Program(song, server)
    with made.process:
        yield made
        made.process.kill()


def test_play_finds_a_card_that_was_connected_after_the_last_try(
    program: Program, server: SoundServer, song: Path
) -> None:
    sound = soundfile.read(song, dtype="float32")[0]
    assert program.press("play") == "playing 0"
    assert program.told() == "There is no sound device. Connect one, then press play again."
    place = 0
    for card in ("first", "second"):  # connected, lost, connected
        server.start(card)
        with server.recording(card) as recording:
            assert program.press("play") == f"playing {place}"
            wait_until(lambda: len(recording.sound()) > 3 * SAMPLE_RATE and recording.is_audible())
            server.stop()
        assert program.told() == "The sound device was lost. Connect one, then press play again."
        place = int(program.press("pause").split()[1])
        heard = recording.sound()
        begins = int(np.argmax(np.abs(heard).max(axis=1) > 0)) + SAMPLE_RATE // 2
        piece = heard[begins : begins + SAMPLE_RATE]
        at = find_offset(piece, sound)
        np.testing.assert_array_equal(piece, sound[at : at + SAMPLE_RATE])


def test_sound_goes_where_the_default_goes_while_the_song_plays(program: Program, server: SoundServer) -> None:
    server.start("speakers", "phones")
    with server.recording("speakers") as speakers, server.recording("phones") as phones:
        assert program.press("play") == "playing 0"
        wait_until(speakers.is_audible)
        server.set_default_card("phones")
        wait_until(phones.is_audible)
        server.remove_card("phones")
        heard_before = len(speakers.sound())
        wait_until(lambda: speakers.sound()[heard_before + SAMPLE_RATE :].any())
        assert program.press("pause").startswith("paused")


def test_a_card_that_goes_while_the_song_stands_is_no_trouble_and_play_takes_the_one_that_is_left(
    program: Program, server: SoundServer
) -> None:
    server.start("speakers")
    with server.recording("speakers") as speakers:
        assert program.press("play") == "playing 0"
        wait_until(speakers.is_audible)
        place = program.press("pause").split()[1]
        server.stop()
    server.start("phones")
    with server.recording("phones") as phones:
        assert program.press("play") == f"playing {place}"
        wait_until(phones.is_audible)


def test_a_sound_server_that_answers_nothing_holds_up_neither_a_key_nor_the_end(
    program: Program, server: SoundServer
) -> None:
    server.start("speakers")
    with server.recording("speakers") as speakers:
        assert program.press("play") == "playing 0"
        wait_until(speakers.is_audible)
        server.freeze()
        for key, state in (("pause", "paused"), ("play", "playing"), ("pause", "paused")):
            assert program.press(key).startswith(state)
        assert program.process.stdin
        program.process.stdin.close()
        assert program.process.wait(LIMIT) == 0
