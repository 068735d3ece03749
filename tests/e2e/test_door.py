"""“Open with Unbraid”: starts beside an open window, in processes of their own, with whatever files may be called."""

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
from desktop.settings import Settings, save_settings
from tests.helpers.command import ROOT, command_environment
from tests.helpers.library import assert_all_ended, wait_until, write_song

# A window that tells what it is asked to add, and one that does not.
TELLING = """setattr(window, 'add_tracks', lambda paths: print(
    *(ascii(str(path)) + '\\n' for path in paths), sep='', end='all\\n', flush=True
)) or 'open' if window.isVisible() else None"""
QUIET = "'open' if window.isVisible() else None"


@contextmanager
def started(library: Path, line: str, *files: str, cwd: Path = ROOT) -> Iterator["subprocess.Popen[str]"]:
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(ROOT))
    words = [sys.executable, "-m", "tests.helpers.driven", line, *files]
    process = subprocess.Popen(words, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def second_start(library: Path, files: Sequence[str | bytes], cwd: Path = ROOT, **more: str) -> None:
    """It is done at once, and well."""
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(ROOT), **more)
    words: list[str | bytes] = [sys.executable, "-m", "desktop", *files]
    assert subprocess.run(words, cwd=cwd, env=environment, timeout=60, check=False).returncode == 0


def heard(window: "subprocess.Popen[str]") -> list[str]:
    """The paths of one start, as they arrived at the window."""
    assert window.stdout
    lines = iter(window.stdout.readline, "all\n")
    return [eval(line) for line in lines]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch", draft=False))
    return home.root


def test_every_name_of_a_second_start_arrives_as_it_is(library: Path, tmp_path: Path) -> None:
    music = tmp_path / "my music"
    music.mkdir()
    names = ["two words.wav", " edges .wav", "ünïcödé 音.wav", "new\nline.wav", "-dash.wav", 'it\'s "quoted".wav']
    many = [f"{number:03} A song with a name as long as they are.wav" for number in range(500)]
    with started(library, TELLING) as window:
        assert window.stdout
        assert window.stdout.readline() == "open\n"
        second_start(library, ["--", *names], cwd=music)
        assert heard(window) == [str(music / name) for name in names]
        second_start(library, [b"\xff\xfe raw.wav", os.fsencode(music / "there.wav")], cwd=music)
        assert heard(window) == [os.fsdecode(os.fsencode(music) + b"/\xff\xfe raw.wav"), str(music / "there.wav")]
        second_start(library, many, cwd=music)
        assert heard(window) == [str(music / name) for name in many]
        # From another session, which keeps its temporary files elsewhere.
        second_start(library, [], TMPDIR=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
        assert heard(window) == []
        assert window.poll() is None


def test_starts_at_the_same_moment_are_one_window_with_all_their_songs(library: Path, tmp_path: Path) -> None:
    songs = [write_song(tmp_path / f"{number}.wav", 1.0) for number in range(4)]
    starts = [started(library, "None", str(song)) for song in songs]
    processes = [start.__enter__() for start in starts]
    try:
        wait_until(lambda: sum(process.poll() is None for process in processes) == 1)
        assert sorted(process.poll() or 0 for process in processes) == [0] * 4
        wait_until(lambda: len(JobStore(Home(library)).jobs()) == 4)
    finally:
        for start in starts:
            start.__exit__(None, None, None)
    assert_all_ended(library)


def test_a_start_while_the_first_window_is_being_opened_waits_for_it(library: Path) -> None:
    starting = FileLock(Home(library).window_lock)
    assert starting.acquire()
    with started(library, QUIET) as window:
        wait_until(lambda: Home(library).logs.joinpath("crashes").is_dir())
        assert window.poll() is None
        starting.release()  # it failed: now it is the other's turn
        assert window.stdout
        assert window.stdout.readline() == "open\n"


def test_when_the_window_is_closed_the_next_start_opens_one(library: Path) -> None:
    for _ in range(2):
        with started(library, QUIET) as window:
            assert window.stdout
            assert window.stdout.readline() == "open\n"
