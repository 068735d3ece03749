"""The main job as its user does it: a song dropped on the window is taken apart and heard."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.backend import Backend
from desktop.jobs.model import Job, JobState
from desktop.paths import Home
from tests.helpers.command import ROOT, variables, words_of
from tests.helpers.library import processes_of, until
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.shared import TOOLS
from tests.helpers.sound_card import place_of

RATE = 44100
# The middle of the window, and the corner where the window that stands for a file manager lies.
MIDDLE, SOURCE = (720, 500), (60, 60)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Three seconds of noise in 16 bit with silence round them."""
    sound = np.zeros((4 * RATE, 2))
    sound[RATE // 2 : -RATE // 2] = np.random.default_rng(4).normal(0, 0.1, (3 * RATE, 2))
    path = tmp_path / "Dropped song.wav"
    soundfile.write(path, sound, RATE, subtype="PCM_16")
    return path


@contextmanager
def window(library: Path, screen: Screen, *words: str | Path, card: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The real app on the screen, with a sound card that records to `card` if one is given."""
    Home(library).prepare()
    command = words_of(*words)
    if card:
        command = [str(TOOLS / "virtual-sound-card"), str(card), *command]
    process = subprocess.Popen(command, cwd=ROOT, env=variables(library) | screen.environment, stderr=subprocess.PIPE)
    try:
        screen.to_front(screen.wait_for_window("Unbraid"))
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def the_job(library: Path) -> Job | None:
    jobs = Backend(Home(library)).service.jobs()
    return jobs[0] if jobs else None


def completed(library: Path) -> bool:
    job = the_job(library)
    return job is not None and job.state is JobState.COMPLETED


def test_a_song_dragged_from_a_file_manager_comes_apart_and_plays_as_it_was(tmp_path: Path, song: Path) -> None:
    library, card = tmp_path / "library", tmp_path / "heard.wav"
    with virtual_screen() as screen, window(library, screen, card=card) as app:
        drag_in(song, screen, tmp_path)
        until(lambda: completed(library))
        screen.to_front(screen.wait_for_window("Dropped song"))
        playing = Movement(screen, tmp_path)
        screen.key("space")
        until(playing.is_over)
        screen.key("ctrl+q")
        assert app.wait(timeout=60) == 0
    assert not processes_of(library)
    recording = soundfile.read(card, dtype="float32", always_2d=True)[0]
    expected = soundfile.read(song, dtype="float32")[0][RATE // 2 : -RATE // 2]
    start = place_of(expected, recording)
    np.testing.assert_array_equal(recording[start : start + len(expected)], expected)


def test_the_window_alone_opens_without_torch_and_closes_on_sigterm(tmp_path: Path) -> None:
    with virtual_screen() as screen, window(tmp_path / "library", screen) as app:
        maps = Path(f"/proc/{app.pid}/maps").read_text()
        assert "libtorch" not in maps
        app.send_signal(signal.SIGTERM)
        assert app.wait(timeout=30) == 0
    assert not processes_of(tmp_path / "library")


def drag_in(song: Path, screen: Screen, folder: Path) -> None:
    """Drag the song from another program's window to the middle of the screen."""
    said = folder / "said.txt"
    with said.open("w") as out:
        manager = subprocess.Popen(
            [sys.executable, TOOLS / "drag-and-drop", "source", song],
            env=dict(os.environ) | screen.environment,
            stdout=out,
        )
    try:
        for _ in range(20):  # until its window is there to be dragged from
            screen.drag(SOURCE, MIDDLE)
            if "dropped with" in said.read_text():
                return
        raise AssertionError("nothing could be dragged")
    finally:
        manager.terminate()
        manager.wait()


class Movement:
    """Whether what is on the screen has moved, and then come to rest."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self._screen = screen
        self._picture = folder / "look.png"
        self._before = self._look()
        self._moved = False

    def is_over(self) -> bool:
        """Look once more."""
        now = self._look()
        same, self._before = now == self._before, now
        self._moved = self._moved or not same
        return self._moved and same

    def _look(self) -> bytes:
        return self._screen.shot(self._picture).read_bytes()
