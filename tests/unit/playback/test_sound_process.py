"""The sound process without a sound device: when it starts and ends, and what the window does while it does not respond."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import soundfile

from desktop.playback import sound_process
from desktop.playback.session import Session
from desktop.playback.sound_process import SoundProcess
from desktop.playback.source import StemFileSource
from tests.helpers.command import ROOT
from tests.helpers.library import wait_until

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="signals"), pytest.mark.timeout(60)]
NAMES = ("vocals", "drums")
RATE = 44100
ORPHAN_SCRIPT = """
import os, signal, sys
from pathlib import Path
from desktop.playback.session import Session
from desktop.playback.sound_process import SoundProcess
from desktop.playback.source import StemFileSource
from tests.helpers.library import wait_until
engine = SoundProcess()
Session(engine).open(StemFileSource([Path(sys.argv[1])]), ["vocals"])
wait_until(lambda: engine.pid is not None, 10, 0.01)
print(engine.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def source(tmp_path: Path) -> StemFileSource:
    paths = [tmp_path / f"{name}.wav" for name in NAMES]
    for path in paths:
        soundfile.write(path, np.zeros((RATE, 2)), RATE)
    return StemFileSource(paths)


@pytest.fixture
def engine() -> Iterator[SoundProcess]:
    created = SoundProcess()
    yield created
    created.close()


def started_pid(engine: SoundProcess) -> int:
    wait_until(lambda: engine.pid is not None, 10, 0.01)
    assert engine.pid is not None
    return engine.pid


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_process_starts_with_the_first_song_and_ends_with_the_session(
    engine: SoundProcess, source: StemFileSource
) -> None:
    session = Session(engine)
    assert engine.pid is None
    session.open(source, NAMES)
    pid = started_pid(engine)
    session.open(source, NAMES)
    session.close_song()
    assert engine.pid == pid
    session.close()
    assert not is_running(pid)


def test_process_ends_with_a_parent_that_is_killed(source: StemFileSource) -> None:
    run = subprocess.run(
        [sys.executable, "-c", ORPHAN_SCRIPT, source.paths[0]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == -signal.SIGKILL
    pid = int(run.stdout)
    wait_until(lambda: not is_running(pid), 10, 0.05)


def test_process_that_does_not_respond_delays_no_command_and_is_killed_at_the_end(
    engine: SoundProcess, source: StemFileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_process, "_CLOSE_TIMEOUT_S", 0.2)
    session = Session(engine)
    session.open(source, NAMES)
    pid = started_pid(engine)
    os.kill(pid, signal.SIGSTOP)
    began = monotonic()
    for number in range(1000):
        session.play()
        session.seek(number)
        assert session.position == number
        session.take_levels()
        session.pause()
    assert monotonic() - began < 2.0
    session.close()
    assert not is_running(pid)


def test_process_that_hangs_while_a_song_plays_is_reported_once_and_replaced_at_the_next_play(
    engine: SoundProcess, source: StemFileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_process, "_MAX_SILENCE_S", 0.5)
    session, errors = Session(engine), list[str]()
    session.on_error = errors.append
    session.open(source, NAMES)
    hanging = started_pid(engine)
    os.kill(hanging, signal.SIGSTOP)
    session.play()
    wait_until(lambda: session.position == 0 and bool(errors), 10, 0.01)
    assert errors == ["The sound stopped unexpectedly. Press play again."]
    assert not session.is_playing
    assert not is_running(hanging)
    session.play()
    assert started_pid(engine) != hanging


def test_process_that_ended_during_a_pause_is_started_again_by_the_next_command(
    engine: SoundProcess, source: StemFileSource, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(engine)
    session.open(source, NAMES)
    first = started_pid(engine)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: engine.pid is None, 10, 0.01)
    session.seek(500)
    assert started_pid(engine) != first
    assert session.position == 500
    assert "The sound process ended unexpectedly with status -9" in caplog.text


def test_process_that_cannot_be_started_is_reported_once(
    engine: SoundProcess, source: StemFileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_process, "own_command", lambda *_: ["/nowhere/unbraid"])
    session, errors = Session(engine), list[str]()
    session.on_error = errors.append
    session.open(source, NAMES)
    session.play()
    wait_until(lambda: bool(errors), 10, 0.01)
    assert errors == ["The sound stopped unexpectedly. Press play again."]
    assert not session.is_playing


def test_unexpected_error_in_a_thread_of_the_process_ends_it_and_leaves_its_traceback(tmp_path: Path) -> None:
    script = """
import threading
from desktop.playback import sound_main
threading.excepthook = sound_main._exit_after_exception
threading.Thread(target=lambda: 1 / 0).start()
threading.Event().wait()
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stderr


def test_child_imports_neither_qt_nor_what_only_other_processes_need() -> None:
    script = """
import sys
import desktop.__main__
import desktop.playback.sound_main
unwanted = {"PySide6", "sqlalchemy", "celery", "redis", "torch", "scipy", "av"}
print(unwanted & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
