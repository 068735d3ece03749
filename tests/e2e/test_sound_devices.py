"""Sound devices that appear, change and disappear during playback, on a separate sound server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.helpers.command import ROOT
from tests.helpers.library import wait_until
from tests.helpers.sound_card import find_offset
from tests.helpers.sound_server import SAMPLE_RATE, SoundServer

pytestmark = pytest.mark.skipif(which("pulseaudio") is None, reason="PulseAudio is not installed")
SONG_SECONDS = 60
# A process whose sound server is frozen exits within this time on a busy machine.
EXIT_TIMEOUT_S = 30
# Calls the session method that each input line names, or chooses the output device and channel that it names, and prints
# the state, every error message and every notice.
SCRIPT = """
import sys, threading
from pathlib import Path
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.playback.source import StemFileSource

session = Session()
session.on_error = session.on_notice = lambda sentence: print(sentence, flush=True)
session.open(StemFileSource([Path(sys.argv[1])]), ["vocals"])
for line in sys.stdin:
    match line.split():
        case [method]:
            getattr(session, method)()
        case [device, channel]:
            session.set_output(OutputSettings(device, routing={"vocals": int(channel)}))
    print("playing" if session.is_playing else "paused", session.position, flush=True)
session.close()
"""


class PlayerProcess:
    """A process that plays a song as the test commands."""

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

    def call(self, method: str) -> str:
        """Call a method of the session, or choose a device and channel, and return the next line of output."""
        assert self.process.stdin
        self.process.stdin.write(f"{method}\n")
        self.process.stdin.flush()
        return self.read_line()

    def read_line(self) -> str:
        """Return the next line of output."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    sound_server = SoundServer(tmp_path / "sound")
    yield sound_server
    sound_server.stop()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "vocals.wav"
    soundfile.write(
        path, np.random.default_rng(3).normal(0, 0.1, (SONG_SECONDS * SAMPLE_RATE, 2)), SAMPLE_RATE, subtype="PCM_16"
    )
    return path


@pytest.fixture
def program(song: Path, server: SoundServer) -> Iterator[PlayerProcess]:
    player = PlayerProcess(song, server)
    with player.process:
        yield player
        player.process.kill()


def contains_exact_second(recorded: NDArray[np.float32], sound: NDArray[np.float32]) -> bool:
    """Return True if a second of the recording equals a part of `sound`; a card without CPU time plays silence between."""
    audible_frames = np.flatnonzero(np.abs(recorded).max(axis=1, initial=0.0))
    first = int(audible_frames[0]) + SAMPLE_RATE // 2 if len(audible_frames) else len(recorded)
    for start in range(first, len(recorded) - SAMPLE_RATE, SAMPLE_RATE // 2):
        excerpt = recorded[start : start + SAMPLE_RATE]
        offset = find_offset(excerpt, sound)
        if np.array_equal(excerpt, sound[offset : offset + SAMPLE_RATE]):
            return True
    return False


def test_play_finds_a_sound_device_connected_after_the_last_attempt(
    program: PlayerProcess, server: SoundServer, song: Path
) -> None:
    sound = soundfile.read(song, dtype="float32")[0]
    assert program.call("play") == "playing 0"
    assert program.read_line() == "There is no sound device. Connect one, then press play again."
    position = 0
    for card in ("first", "second"):  # connected, lost, connected
        server.start(card)
        with server.recording(card) as recording:
            assert program.call("play") == f"playing {position}"
            wait_until(lambda: contains_exact_second(recording.sound(), sound), interval_s=0.5)
            server.stop()
        assert program.read_line() == "The sound device was lost. Connect one, then press play again."
        position = int(program.call("pause").split()[1])


def test_playback_follows_the_default_sound_device(program: PlayerProcess, server: SoundServer) -> None:
    server.start("speakers", "phones")
    with server.recording("speakers") as speakers, server.recording("phones") as phones:
        assert program.call("play") == "playing 0"
        wait_until(speakers.is_audible)
        server.set_default_card("phones")
        wait_until(phones.is_audible)
        server.remove_card("phones")
        heard_before = len(speakers.sound())
        wait_until(lambda: speakers.sound()[heard_before + SAMPLE_RATE :].any())
        assert program.call("pause").startswith("paused")


def test_chosen_device_plays_and_is_used_again_after_it_was_disconnected(
    program: PlayerProcess, server: SoundServer
) -> None:
    server.start("speakers", "interface")
    assert program.call("interface 1") == "paused 0"

    def playing_position() -> int:
        state, position = program.call("interface 1").split()
        assert state == "playing"
        return int(position)

    def wait_for_progress(last: int) -> int:
        """Wait until a later position is heard: the first blocks of a new device are in its buffer, not yet heard."""
        wait_until(lambda: playing_position() > last)
        return playing_position()

    with server.recording("speakers") as speakers:
        with server.recording("interface") as interface:
            assert program.call("play") == "playing 0"
            wait_until(interface.is_audible)
            assert not speakers.sound().any()
        position = wait_for_progress(0)
        server.remove_card("interface")
        assert program.read_line() == "Interface was disconnected. Playing on Speakers."
        wait_until(speakers.is_audible)
        position = wait_for_progress(position)
        server.add_card("interface", sample_rate=48000)
        with server.recording("interface") as interface:
            wait_until(interface.is_audible)
            wait_until(lambda: not speakers.is_audible())
        assert wait_for_progress(position) < SONG_SECONDS // 2 * SAMPLE_RATE


def test_song_moves_to_another_device_and_channels_while_it_plays(
    program: PlayerProcess, server: SoundServer, song: Path
) -> None:
    sound = soundfile.read(song, dtype="float32")[0]
    server.start("speakers")
    server.add_card("interface", channels=4)
    with server.recording("speakers") as speakers, server.recording("interface", channels=4) as interface:
        program.call("play")
        wait_until(speakers.is_audible)
        assert program.call("interface 3").startswith("playing")
        wait_until(lambda: contains_exact_second(interface.sound()[:, 2:], sound), interval_s=0.5)
        assert not interface.sound()[:, :2].any()
        wait_until(lambda: not speakers.is_audible())


def test_sound_device_lost_while_paused_is_replaced_at_the_next_play(
    program: PlayerProcess, server: SoundServer
) -> None:
    server.start("speakers")
    with server.recording("speakers") as speakers:
        assert program.call("play") == "playing 0"
        wait_until(speakers.is_audible)
        position = program.call("pause").split()[1]
        server.stop()
    server.start("phones")
    with server.recording("phones") as phones:
        assert program.call("play") == f"playing {position}"
        wait_until(phones.is_audible)


def test_frozen_sound_server_blocks_neither_transport_commands_nor_exit(
    program: PlayerProcess, server: SoundServer
) -> None:
    server.start("speakers")
    with server.recording("speakers") as speakers:
        assert program.call("play") == "playing 0"
        wait_until(speakers.is_audible)
        server.freeze()
        for method, state in (("pause", "paused"), ("play", "playing"), ("pause", "paused")):
            assert program.call(method).startswith(state)
        assert program.process.stdin
        program.process.stdin.close()
        assert program.process.wait(EXIT_TIMEOUT_S) == 0
