"""What keeps the window from opening: whoever clicked sees a sentence and what to do, and nobody sees a traceback."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.jobs.schema import MIGRATIONS
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.ui.dialogs.startup_error import library_path_in
from tests.helpers.command import ROOT, command_environment, run_unbraid, unbraid_command
from tests.helpers.rows import make_new_job
from tests.helpers.screen import Screen, virtual_screen

TITLE = "Unbraid cannot start"
NEWER = "made by a newer Unbraid"


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_screen() as made:
        yield made


@pytest.fixture
def newer(tmp_path: Path) -> Home:
    """A library of a version to come."""
    home = Home(tmp_path / "library").create_folders()
    JobStore(home).insert(make_new_job())
    with sqlite3.connect(home.database) as connection:
        connection.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    return home


def bytes_of(home: Home) -> dict[Path, bytes]:
    files = (path for path in home.root.rglob("*") if path.is_file() and home.logs not in path.parents)
    return {path: path.read_bytes() for path in files}


def clicked(library: Path | str, screen: Screen, *keys: str) -> tuple[int, str]:
    """Start the window without a terminal, answer with keys: the exit status, and what went to standard error."""
    environment = command_environment(Path(library)) | screen.environment
    process = subprocess.Popen(unbraid_command(), cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        screen.activate_window(screen.wait_for_window(TITLE))
        for key in keys:
            screen.press_keys(key)
        _, said = process.communicate(timeout=60)
        return process.returncode, said
    finally:
        process.kill()


def in_terminal(library: Path | str, **more: str) -> tuple[int, str]:
    """Start the window from a terminal: the exit status, and what is to be read there."""
    ours, theirs = os.openpty()
    environment = command_environment(Path(library), QT_QPA_PLATFORM="offscreen", **more)
    process = subprocess.Popen(unbraid_command(), cwd=ROOT, env=environment, stderr=theirs, stdout=theirs)
    os.close(theirs)
    status = process.wait(timeout=60)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        said = b""
        try:
            while more_said := terminal.read(4096):
                said += more_said
        except OSError:  # that is how a terminal ends on Linux
            pass
    return status, said.decode()


def test_a_library_of_a_newer_version_is_refused_in_a_window_and_not_touched(newer: Home, screen: Screen) -> None:
    before = bytes_of(newer)
    status, said = clicked(newer.root, screen, "Escape")
    assert status == 1
    assert NEWER in said
    assert "Traceback" not in said
    assert {path: data for path, data in bytes_of(newer).items() if path != newer.window_lock} == before


def test_a_library_that_an_older_version_works_on_is_refused_in_a_window(tmp_path: Path, screen: Screen) -> None:
    home = Home(tmp_path / "library").create_folders()
    with sqlite3.connect(home.database) as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    older = FileLock(home.supervisor_lock)
    assert older.acquire()
    status, said = clicked(home.root, screen, "Escape")
    older.release()
    assert status == 1
    assert "An older Unbraid works on this library" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("words", [["jobs"], ["separate", "song.wav"], ["clear"], ["pause"], ["doctor"]])
def test_a_library_of_a_newer_version_is_refused_by_every_command_and_not_touched(
    newer: Home, words: list[str]
) -> None:
    before = bytes_of(newer)
    answer = run_unbraid(newer.root, *words)
    assert answer.exit_status == 1
    assert NEWER in answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    assert bytes_of(newer) == before


def test_in_a_terminal_the_sentence_is_written_and_no_window_waits(newer: Home) -> None:
    status, said = in_terminal(newer.root)
    assert status == 1
    assert NEWER in said
    assert said.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root may write into")
@pytest.mark.parametrize(
    ("folder", "why"), [("/proc", "cannot be written"), ("/proc/stick/Unbraid", "cannot be reached")]
)
def test_a_folder_that_cannot_be_used_is_named(folder: str, why: str, screen: Screen) -> None:
    for status, said in (clicked(folder, screen, "Escape"), in_terminal(folder)):
        assert status == 1
        assert f"The library's folder {folder} {why}" in said
        assert "Traceback" not in said
    answer = run_unbraid(Path(folder), "jobs")
    assert answer.exit_status == 1
    assert why in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_where_the_library_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "library").write_text("not a folder")
    status, said = in_terminal(tmp_path / "library")
    assert status == 1
    assert "library is a file. Set UNBRAID_HOME to the path of a folder." in said


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"[" * 200_000, b'"text"',
        b'{"window": "AdnQywADAAAAAA", "splitter": "////", "model": "no such", "folder": "\\u0000", "quit": "maybe"}',
        b'{"shifts": 1e400, "overlap": NaN, "master_db": Infinity, "runtime": "steam", "draft": 3, "window": 7}',
    ],
    ids=range(8),
)  # fmt: skip
def test_damaged_settings_keep_no_window_from_opening(tmp_path: Path, damage: bytes) -> None:
    home = Home(tmp_path).create_folders()
    home.settings.write_bytes(damage)
    line = "quit() if window.isVisible() else None"
    command = [sys.executable, "-m", "tests.helpers.driven", line]
    environment = command_environment(tmp_path, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(home.crashes.glob("*.txt"))


def test_without_a_way_to_the_screen_that_is_said_by_what_the_system_has(tmp_path: Path) -> None:
    box, heard = tmp_path / "zenity", tmp_path / "heard"
    box.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {heard}\n')
    box.chmod(0o755)
    environment = command_environment(
        tmp_path / "library", QT_QPA_PLATFORM="nowhere", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )
    done = subprocess.run(
        unbraid_command(), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    sentence = "No window can be opened: QT_QPA_PLATFORM is 'nowhere'. It may be one of "
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert sentence in heard.read_text()


def test_a_missing_library_of_qt_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "PySide6"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    (tmp_path / "zenity").symlink_to("/bin/true")
    environment = command_environment(
        tmp_path / "library", QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(tmp_path), PATH=f"{tmp_path}:{os.environ['PATH']}"
    )  # fmt: skip
    words = [sys.executable, "-P", "-c", "import sys; sys.path.insert(1, sys.argv.pop()); from desktop.__main__ import main; sys.exit(main([]))", str(ROOT)]  # fmt: skip
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "libEGL.so.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_chosen_folder_with_other_things_in_it_gets_a_folder_for_the_library(tmp_path: Path) -> None:
    assert library_path_in(tmp_path) == tmp_path
    (tmp_path / "letter.txt").write_text("Dear Sir")
    assert library_path_in(tmp_path) == tmp_path / "Unbraid Library"
    (tmp_path / "library.db").touch()
    assert library_path_in(tmp_path) == tmp_path


def test_with_another_folder_the_window_opens(newer: Home, screen: Screen, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    process = subprocess.Popen(unbraid_command(), cwd=ROOT, env=command_environment(newer.root) | screen.environment)
    try:
        screen.activate_window(screen.wait_for_window(TITLE))
        screen.press_keys("Return")
        screen.activate_window(screen.wait_for_window("A folder for"))
        screen.type_text(str(other))
        screen.press_keys("Return")
        screen.activate_window(screen.wait_for_window("Unbraid$"))
        screen.press_keys("ctrl+q")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    assert [job.state for job in JobStore(Home(other)).jobs()] == []
    assert Home(other).settings.exists()
