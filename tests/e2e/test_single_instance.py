"""“Open with Unbraid”: starts beside an open window, each in its own process, with file names of every kind."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.settings import Settings
from tests.helpers.command import ROOT, command_environment
from tests.helpers.library import assert_all_ended, wait_until, write_song
from tests.helpers.settings import save_settings

# Expressions for a window that prints the paths that it is asked to add, and for one that only prints “open”.
PRINT_ADDED_PATHS = """setattr(window, 'add_tracks', lambda paths: print(
    *(ascii(str(path)) + '\\n' for path in paths), sep='', end='all\\n', flush=True
)) or 'open' if window.isVisible() else None"""
PRINT_OPEN = "'open' if window.isVisible() else None"


@contextmanager
def driven_window(library: Path, expression: str, *files: str, cwd: Path = ROOT) -> Iterator["subprocess.Popen[str]"]:
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "tests.helpers.driven_window", expression, *files]
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def run_second_start(library: Path, files: Sequence[str | bytes], cwd: Path = ROOT, **extra: str) -> None:
    """Start the app a second time, and check that it exits at once with status 0."""
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(ROOT), **extra)
    command: list[str | bytes] = [sys.executable, "-m", "desktop", *files]
    assert subprocess.run(command, cwd=cwd, env=environment, timeout=60, check=False).returncode == 0


def read_added_paths(window: "subprocess.Popen[str]") -> list[str]:
    """Return the paths of one start as the window received them."""
    assert window.stdout
    lines = iter(window.stdout.readline, "all\n")
    return [eval(line) for line in lines]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch", draft=False))
    return home.root


def test_second_start_passes_every_file_name_unchanged_to_the_open_window(library: Path, tmp_path: Path) -> None:
    music = tmp_path / "my music"
    music.mkdir()
    names = ["two words.wav", " edges .wav", "ünïcödé 音.wav", "new\nline.wav", "-dash.wav", 'it\'s "quoted".wav']
    many = [f"{number:03} A song with a name as long as they are.wav" for number in range(500)]
    with driven_window(library, PRINT_ADDED_PATHS) as window:
        assert window.stdout
        assert window.stdout.readline() == "open\n"
        run_second_start(library, ["--", *names], cwd=music)
        assert read_added_paths(window) == [str(music / name) for name in names]
        run_second_start(library, [b"\xff\xfe raw.wav", os.fsencode(music / "there.wav")], cwd=music)
        assert read_added_paths(window) == [
            os.fsdecode(os.fsencode(music) + b"/\xff\xfe raw.wav"),
            str(music / "there.wav"),
        ]
        run_second_start(library, many, cwd=music)
        assert read_added_paths(window) == [str(music / name) for name in many]
        # From another session with a different temporary folder.
        run_second_start(library, [], TMPDIR=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
        assert read_added_paths(window) == []
        assert window.poll() is None


def test_simultaneous_starts_open_one_window_that_adds_all_files(library: Path, tmp_path: Path) -> None:
    songs = [write_song(tmp_path / f"{number}.wav", 1.0) for number in range(4)]
    starts = [driven_window(library, "None", str(song)) for song in songs]
    processes = [start.__enter__() for start in starts]
    try:
        wait_until(lambda: sum(process.poll() is None for process in processes) == 1)
        assert sorted(process.poll() or 0 for process in processes) == [0] * 4
        wait_until(lambda: len(JobStore(Home(library)).jobs()) == 4)
    finally:
        for start in starts:
            start.__exit__(None, None, None)
    assert_all_ended(library)


def test_start_waits_for_another_start_and_opens_the_window_if_that_one_fails(library: Path) -> None:
    window_lock = FileLock(Home(library).window_lock)
    assert window_lock.acquire()
    with driven_window(library, PRINT_OPEN) as window:
        wait_until(lambda: Home(library).logs.joinpath("crashes").is_dir())
        assert window.poll() is None
        window_lock.release()  # the other start failed, so this one goes ahead
        assert window.stdout
        assert window.stdout.readline() == "open\n"


def test_start_opens_a_new_window_after_the_previous_one_is_closed(library: Path) -> None:
    for _ in range(2):
        with driven_window(library, PRINT_OPEN) as window:
            assert window.stdout
            assert window.stdout.readline() == "open\n"
