"""Startup errors: the user sees a message that says what to do, in a dialog or the terminal, and no traceback."""

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
from tests.helpers.jobs import make_job
from tests.helpers.release import release_except
from tests.helpers.screen import Screen, virtual_screen

TITLE = "Unbraid cannot start"
NEWER = "made by a newer version of Unbraid"


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_screen() as virtual:
        yield virtual


@pytest.fixture
def newer_library(tmp_path: Path) -> Home:
    """A library whose database was written by a newer version."""
    home = Home(tmp_path / "library").create_folders()
    JobStore(home).insert(make_job())
    with sqlite3.connect(home.database) as connection:
        connection.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    return home


def read_files(home: Home) -> dict[Path, bytes]:
    files = (path for path in home.root.rglob("*") if path.is_file() and home.logs not in path.parents)
    return {path: path.read_bytes() for path in files}


def start_from_desktop(library: Path | str, screen: Screen, *keys: str) -> tuple[int, str]:
    """Start the app without a terminal, press keys in the error dialog, and return exit status and standard error."""
    environment = command_environment(Path(library)) | screen.environment
    process = subprocess.Popen(unbraid_command(), cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        screen.activate_window(screen.wait_for_window(TITLE))
        for key in keys:
            screen.press_keys(key)
        _, stderr = process.communicate(timeout=60)
        return process.returncode, stderr
    finally:
        process.kill()


def start_from_terminal(library: Path | str, **extra: str) -> tuple[int, str]:
    """Start the app in a terminal, and return the exit status and the terminal's output."""
    controller_fd, terminal_fd = os.openpty()
    environment = command_environment(Path(library), QT_QPA_PLATFORM="offscreen", **extra)
    process = subprocess.Popen(unbraid_command(), cwd=ROOT, env=environment, stderr=terminal_fd, stdout=terminal_fd)
    os.close(terminal_fd)
    status = process.wait(timeout=60)
    with os.fdopen(controller_fd, "rb", buffering=0) as terminal:
        output = b""
        try:
            while chunk := terminal.read(4096):
                output += chunk
        except OSError:  # Linux reports the end of a terminal as an error
            pass
    return status, output.decode()


def test_library_of_a_newer_version_is_rejected_in_a_dialog_and_left_unchanged(
    newer_library: Home, screen: Screen
) -> None:
    before = read_files(newer_library)
    status, stderr = start_from_desktop(newer_library.root, screen, "Escape")
    assert status == 1
    assert NEWER in stderr
    assert "Traceback" not in stderr
    assert {
        path: data for path, data in read_files(newer_library).items() if path != newer_library.window_lock
    } == before


def test_library_in_use_by_an_older_version_is_rejected_in_a_dialog(tmp_path: Path, screen: Screen) -> None:
    home = Home(tmp_path / "library").create_folders()
    with sqlite3.connect(home.database) as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    older_supervisor = FileLock(home.supervisor_lock)
    assert older_supervisor.acquire()
    status, stderr = start_from_desktop(home.root, screen, "Escape")
    older_supervisor.release()
    assert status == 1
    assert "An older version of Unbraid is using this library" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("arguments", [["jobs"], ["separate", "song.wav"], ["clear"], ["pause"], ["doctor"]])
def test_every_command_rejects_a_library_of_a_newer_version_and_leaves_it_unchanged(
    newer_library: Home, arguments: list[str]
) -> None:
    before = read_files(newer_library)
    result = run_unbraid(newer_library.root, *arguments)
    assert result.exit_status == 1
    assert NEWER in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    assert read_files(newer_library) == before


def test_startup_error_in_a_terminal_is_printed_without_opening_a_dialog(newer_library: Home) -> None:
    status, output = start_from_terminal(newer_library.root)
    assert status == 1
    assert NEWER in output
    assert output.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder into which not even root may write")
@pytest.mark.parametrize(
    ("folder", "reason"), [("/proc", "cannot be written"), ("/proc/stick/Unbraid", "cannot be reached")]
)
def test_startup_error_names_the_unusable_library_folder_and_the_reason(
    folder: str, reason: str, screen: Screen
) -> None:
    for status, output in (start_from_desktop(folder, screen, "Escape"), start_from_terminal(folder)):
        assert status == 1
        assert f"The library's folder {folder} {reason}" in output
        assert "Traceback" not in output
    result = run_unbraid(Path(folder), "jobs")
    assert result.exit_status == 1
    assert reason in result.stderr
    assert "Traceback" not in result.stderr


def test_startup_error_says_that_the_library_path_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "library").write_text("not a folder")
    status, output = start_from_terminal(tmp_path / "library")
    assert status == 1
    assert "library is a file. Set UNBRAID_HOME to the path of a folder." in output


DAMAGED_SETTINGS = [
    b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'"text"', b"[" * 200_000,
    b'{"window": "AdnQywADAAAAAA", "splitter": "////", "model": "no such", "folder": "\\u0000", "quit": "maybe"}',
    b'{"shifts": 1e400, "overlap": NaN, "master_db": Infinity, "runtime": "steam", "draft": 3, "window": 7}',
]  # fmt: skip


@pytest.mark.parametrize("damage", release_except(DAMAGED_SETTINGS[5:7], DAMAGED_SETTINGS), ids=range(8))
def test_window_opens_despite_damaged_settings(tmp_path: Path, damage: bytes) -> None:
    home = Home(tmp_path).create_folders()
    home.settings.write_bytes(damage)
    expression = "quit() if window.isVisible() else None"
    command = [sys.executable, "-m", "tests.helpers.driven_window", expression]
    environment = command_environment(tmp_path, QT_QPA_PLATFORM="offscreen")
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert not list(home.crashes.glob("*.txt"))


def test_startup_error_without_a_display_is_shown_by_a_system_dialog_program(tmp_path: Path) -> None:
    zenity, shown = tmp_path / "zenity", tmp_path / "shown"
    zenity.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shown}\n')
    zenity.chmod(0o755)
    environment = command_environment(
        tmp_path / "library", QT_QPA_PLATFORM="nowhere", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )
    result = subprocess.run(
        unbraid_command(), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    message = "The window cannot open: QT_QPA_PLATFORM is 'nowhere'. It can be one of "
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert message in shown.read_text()


def test_startup_error_names_a_missing_shared_library_of_qt(tmp_path: Path) -> None:
    broken = tmp_path / "PySide6"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    (tmp_path / "zenity").symlink_to("/bin/true")
    environment = command_environment(
        tmp_path / "library", QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(tmp_path), PATH=f"{tmp_path}:{os.environ['PATH']}"
    )  # fmt: skip
    command = [sys.executable, "-P", "-c", "import sys; sys.path.insert(1, sys.argv.pop()); from desktop.__main__ import main; sys.exit(main([]))", str(ROOT)]  # fmt: skip
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "libEGL.so.1" in result.stderr
    assert "Traceback" not in result.stderr


def test_chosen_folder_with_other_files_gets_a_subfolder_for_the_library(tmp_path: Path) -> None:
    assert library_path_in(tmp_path) == tmp_path
    (tmp_path / "letter.txt").write_text("Dear Sir")
    assert library_path_in(tmp_path) == tmp_path / "Unbraid Library"
    (tmp_path / "library.db").touch()
    assert library_path_in(tmp_path) == tmp_path


def test_window_opens_after_another_folder_is_chosen(newer_library: Home, screen: Screen, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    process = subprocess.Popen(
        unbraid_command(), cwd=ROOT, env=command_environment(newer_library.root) | screen.environment
    )
    try:
        screen.activate_window(screen.wait_for_window(TITLE))
        screen.press_keys("Return")
        screen.activate_window(screen.wait_for_window("Choose a library folder"))
        screen.type_text(str(other))
        screen.press_keys("Return")
        screen.activate_window(screen.wait_for_window("Unbraid$"))
        screen.press_keys("ctrl+q")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    assert [job.state for job in JobStore(Home(other)).jobs()] == []
    assert Home(other).settings.exists()
