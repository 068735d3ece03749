"""What is opened and started behind a window that can be seen already."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.errors import StorageError
from desktop.library_opener import LibraryOpener
from desktop.paths import Home
from desktop.ui.core.job_feed import JobFeed
from tests.helpers.command import ROOT, command_environment
from tests.helpers.library import assert_all_ended

LOADED = """
import sys
import desktop.gui, desktop.models.store, desktop.playback.transport, desktop.ui.app.main_window, desktop.ui.app.desktop_integration
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"sqlalchemy", "celery", "redis", "torch", "av", "numpy"}))
"""
QUIT_AT_ONCE = """
import os, signal, sys
from PySide6.QtWidgets import QApplication
from desktop.gui import main
execute = QApplication.exec
def quit_at_once(*_):
    os.kill(os.getpid(), signal.SIGTERM)
    return execute()
QApplication.exec = quit_at_once
sys.exit(main([]))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path))
    return Home(tmp_path).create_folders()


@pytest.fixture
def start(home: Home, qtbot: QtBot) -> Iterator[LibraryOpener]:
    begun = LibraryOpener(home, JobFeed())
    yield begun
    begun.stop()


@pytest.fixture
def another_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_the_window_waits_for_no_import_but_qts() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_whoever_asks_the_library_waits_until_it_is_open(
    start: LibraryOpener, qtbot: QtBot, another_thread: ThreadPoolExecutor
) -> None:
    asked = another_thread.submit(lambda: start.wait_for_service().jobs())
    assert not asked.done()
    with qtbot.waitSignal(start.opened, timeout=60_000):
        start.start()
    assert asked.result(60) == []


def test_a_library_that_cannot_be_opened_is_refused_to_all_who_wait(
    start: LibraryOpener, home: Home, qtbot: QtBot, another_thread: ThreadPoolExecutor
) -> None:
    home.database.mkdir()
    asked = another_thread.submit(start.wait_for_service)
    with qtbot.waitSignal(start.failed, timeout=60_000):
        start.start()
    with pytest.raises(StorageError, match="cannot be written"):
        asked.result(60)
    assert isinstance(start.error, StorageError)


def test_a_start_that_never_began_keeps_nobody_waiting(
    start: LibraryOpener, another_thread: ThreadPoolExecutor
) -> None:
    asked = another_thread.submit(start.wait_for_service)
    start.stop()
    with pytest.raises(StorageError, match="closing"):
        asked.result(60)


def test_a_fault_of_our_own_refuses_the_library_to_all_who_wait(
    start: LibraryOpener, qtbot: QtBot, another_thread: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr("desktop.backend.Backend.__init__", fail)
    asked = another_thread.submit(start.wait_for_service)
    with qtbot.waitSignal(start.failed, timeout=60_000):
        start.start()
    with pytest.raises(StorageError, match="could not be opened"):
        asked.result(60)
    assert isinstance(start.error, KeyError)


def test_a_window_that_is_quit_before_the_library_is_open_ends_in_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIT_AT_ONCE], cwd=ROOT, env=command_environment(tmp_path, QT_QPA_PLATFORM="offscreen"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert_all_ended(tmp_path)
