"""The main use of the app: drop a song on the window, separate it and play it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from desktop.backend import Backend
from desktop.jobs.model import Job, JobState
from desktop.paths import Home
from desktop.settings import Settings
from desktop.ui.theme.palette import DARK, STEM_COLOURS
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import assert_all_ended, wait_until
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.settings import save_settings
from tests.helpers.shared import TOOLS
from tests.helpers.sound_card import PlaybackResult, match_sound, parse_dropouts, split_at_silence

RATE = 44100
# The middle of the window, and the corner with the window that stands in for a file manager.
MIDDLE, SOURCE = (720, 500), (60, 60)
# Left edge of the waveforms, right of the lane headers (pixels).
LANES_LEFT = 300
# At this latency the player never opens the device again after underflows, which would fade the sound.
LONGEST_LATENCY_MS = 160
# Area of the transport's time display.
TIME_DISPLAY = "200x50+60+840"
# The song's length beside the time: blank until the song can be played.
DURATION_DISPLAY = "44x40+132+840"


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    """Write three 16-bit songs of three seconds of noise, with silence at both ends."""
    paths = [tmp_path / f"{name} song.wav" for name in ("First", "Second", "Third")]
    for number, path in enumerate(paths):
        sound = np.zeros((4 * RATE, 2))
        sound[RATE // 2 : -RATE // 2] = np.random.default_rng(number).normal(0, 0.1, (3 * RATE, 2))
        soundfile.write(path, sound, RATE, subtype="PCM_16")
    return paths


@contextmanager
def window(
    library: Path, screen: Screen, *arguments: str | Path, card: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the real app on the screen, with a sound card that records to `card` if that is given."""
    Home(library).create_folders()
    command = unbraid_command(*arguments)
    if card:
        command = [str(TOOLS / "virtual-sound-card"), str(card), *command]
    process = subprocess.Popen(
        command, cwd=ROOT, env=command_environment(library) | screen.environment, stderr=subprocess.PIPE
    )
    try:
        screen.activate_window(screen.wait_for_window("Unbraid"))
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def list_jobs(library: Path) -> list[Job]:
    return Backend(Home(library)).service.jobs()


def all_completed(library: Path, count: int) -> bool:
    jobs = list_jobs(library)
    return len(jobs) == count and all(job.state is JobState.COMPLETED for job in jobs)


@pytest.mark.alone
def test_dragged_songs_are_separated_and_their_stems_play_back_as_the_original(
    tmp_path: Path, songs: list[Path]
) -> None:
    library, card = tmp_path / "library", tmp_path / "heard.wav"
    save_settings(Home(library).create_folders(), Settings(latency_ms=LONGEST_LATENCY_MS))
    with virtual_screen() as screen, window(library, screen, card=card) as app:
        drag_into_window(songs, screen, tmp_path)
        wait_until(lambda: all_completed(library, 3))
        first = list_jobs(library)[0]
        screen.activate_window(screen.wait_for_window(first.title))
        play_to_the_end(screen, tmp_path)
        assert_waveforms(screen.save_screenshot(tmp_path / "window.png"))
        screen.press_keys("2")
        play_to_the_end(screen, tmp_path)
        screen.press_keys("ctrl+q")
        assert app.wait(timeout=60) == 0
    assert_all_ended(library)
    for job in list_jobs(library):  # pending, processing and completed exactly once
        assert job.started is not None
        assert job.ended is not None
        assert (job.added < job.started < job.ended, job.token) == (True, 1)
    dropouts = parse_dropouts((Home(library).logs / "window.log").read_text(encoding="utf-8"))
    full_mix, partial_mix = split_at_silence(soundfile.read(card, dtype="float32", always_2d=True)[0])
    PlaybackResult(full_mix, dropouts).assert_matches(read_audio(first.source)[RATE // 2 : -RATE // 2])
    remaining_stems = [read_audio(stem.path) for stem in first.stems if stem != first.stems[1]]
    # The remaining stems are not quite silent where the song is, so the fade-in is audible here.
    after_fade = partial_mix[RATE // 2 :]
    match = match_sound(np.sum(remaining_stems, axis=0, dtype=np.float32), after_fade)
    assert dropouts.can_explain(match.cut_count), (match, dropouts)
    assert not after_fade[match.end :].any()
    assert match.last > 3 * RATE


def read_audio(path: Path) -> NDArray[np.float32]:
    """Return the samples of a file."""
    return soundfile.read(path, dtype="float32")[0]


def assert_waveforms(picture: Path) -> None:
    """Check that the waveform area shows the colour of every stem at the brightness of the played part."""
    image = QImage(str(picture)).convertToFormat(QImage.Format.Format_RGB32)
    colours = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, LANES_LEFT:] & 0xFFFFFF
    for name in ("vocals", "drums", "bass", "other"):
        assert (colours == int(DARK[STEM_COLOURS[name]][1:], 16)).sum() > 5000, name


def count_colours(picture: Path) -> int:
    """Return the number of different colours in a picture."""
    image = QImage(str(picture)).convertToFormat(QImage.Format.Format_RGB32)
    return len(np.unique(np.frombuffer(image.constBits(), np.uint32)))


def play_to_the_end(screen: Screen, folder: Path) -> None:
    movement = Movement(screen, folder)
    screen.press_keys("space")
    wait_until(movement.is_over, interval_s=0.5)  # poll rarely: the sound card needs CPU time, too


@pytest.mark.alone
def test_playback_continues_without_a_gap_from_the_draft_to_the_finished_stems(tmp_path: Path) -> None:
    # The draft stems sum to the song, and so do the finished ones: the output must always equal the song.
    library, card, song = tmp_path / "library", tmp_path / "heard.wav", tmp_path / "Long song.wav"
    sound = np.random.default_rng(5).normal(0, 0.1, (100 * RATE, 2)).astype(np.float32)
    soundfile.write(song, sound, RATE, subtype="PCM_16")
    Home(library).create_folders()
    save_settings(Home(library), Settings(model="sketch", latency_ms=LONGEST_LATENCY_MS))
    with virtual_screen() as screen, window(library, screen, song, card=card):
        wait_until(lambda: len(list_jobs(library)) == 1)
        screen.activate_window(screen.wait_for_window("Long song"))
        wait_until(lambda: count_colours(screen.save_screenshot(tmp_path / "now.ppm", DURATION_DISPLAY)) > 1)
        screen.press_keys("space")
        assert not list_jobs(library)[0].state.has_ended
        # Poll rarely: the sound card needs CPU time, too.
        wait_until(lambda: all_completed(library, 1), interval_s=0.5)
        times: set[bytes] = set()
        wait_until(
            lambda: (
                times.add(screen.save_screenshot(tmp_path / "now.ppm", TIME_DISPLAY).read_bytes()) or len(times) > 20
            ),
            interval_s=0.3,
        )
    recording = soundfile.read(card, dtype="float32", always_2d=True)[0]
    audible_frames = np.flatnonzero(np.abs(recording).max(axis=1))
    start = audible_frames[0] + RATE // 10  # after the fade-in
    length = audible_frames[-1] - RATE - start  # the last second before the window closes may break off
    assert length > 3 * RATE
    match = match_sound(sound, recording[start : start + length], tolerance=2e-3)
    assert match.end == length, f"after {match.last / RATE:.3f} s of the song, something else is heard"
    dropouts = parse_dropouts((Home(library).logs / "window.log").read_text(encoding="utf-8"))
    assert dropouts.can_explain(match.cut_count), (match, dropouts)


def test_second_start_passes_its_files_to_the_first_window(tmp_path: Path, songs: list[Path]) -> None:
    library = tmp_path / "library"
    with virtual_screen() as screen, window(library, screen) as app:
        second = subprocess.run(
            unbraid_command(songs[0], songs[1]),
            cwd=ROOT,
            env=command_environment(library) | screen.environment,
            timeout=60,
            check=False,
        )
        assert second.returncode == 0
        wait_until(lambda: all_completed(library, 2))
        assert app.poll() is None


def test_idle_window_loads_no_torch_and_exits_on_sigterm(tmp_path: Path) -> None:
    with virtual_screen() as screen, window(tmp_path / "library", screen) as app:
        maps = Path(f"/proc/{app.pid}/maps").read_text()
        assert "libtorch" not in maps
        app.send_signal(signal.SIGTERM)
        assert app.wait(timeout=30) == 0
    assert_all_ended(tmp_path / "library")


def drag_into_window(songs: Sequence[Path], screen: Screen, folder: Path) -> None:
    """Drag songs from another program's window to the middle of the app's window."""
    output = folder / "output.txt"
    with output.open("w") as out:
        manager = subprocess.Popen(
            [sys.executable, TOOLS / "drag-and-drop", "source", *songs],
            env=dict(os.environ) | screen.environment,
            stdout=out,
        )
    try:
        for _ in range(20):  # until its window is ready to be dragged from
            screen.drag(SOURCE, MIDDLE)
            if "dropped with" in output.read_text():
                return
        raise AssertionError("nothing could be dragged")
    finally:
        manager.terminate()
        manager.wait()


class Movement:
    """Detect that the time display has moved and then come to rest."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self._screen = screen
        self._picture = folder / "time.ppm"
        self._before = self._capture()
        self._moved = False

    def is_over(self) -> bool:
        """Compare the display with the previous call; return True if it has moved and is unchanged now."""
        now = self._capture()
        same, self._before = now == self._before, now
        self._moved = self._moved or not same
        return self._moved and same

    def _capture(self) -> bytes:
        return self._screen.save_screenshot(self._picture, TIME_DISPLAY).read_bytes()
