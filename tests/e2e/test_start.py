"""Opening the library in the background while the window is already visible."""

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

PRINT_LOADED_LIBRARIES = """
import sys
import desktop.gui, desktop.models.store, desktop.playback.session, desktop.ui.app.main_window, desktop.ui.app.desktop_integration
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
def opener(home: Home, qtbot: QtBot) -> Iterator[LibraryOpener]:
    library_opener = LibraryOpener(home, JobFeed())
    yield library_opener
    library_opener.stop()


@pytest.fixture
def another_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_window_modules_import_no_heavy_libraries_except_qt() -> None:
    result = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED_LIBRARIES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


def test_wait_for_service_blocks_until_the_library_is_open(
    opener: LibraryOpener, qtbot: QtBot, another_thread: ThreadPoolExecutor
) -> None:
    future = another_thread.submit(lambda: opener.wait_for_service().jobs())
    assert not future.done()
    with qtbot.waitSignal(opener.opened, timeout=60_000):
        opener.start()
    assert future.result(60) == []


def test_wait_for_service_raises_when_the_library_cannot_be_opened(
    opener: LibraryOpener, home: Home, qtbot: QtBot, another_thread: ThreadPoolExecutor
) -> None:
    home.database.mkdir()
    future = another_thread.submit(opener.wait_for_service)
    with qtbot.waitSignal(opener.failed, timeout=60_000):
        opener.start()
    with pytest.raises(StorageError, match="cannot be written"):
        future.result(60)
    assert isinstance(opener.error, StorageError)


def test_wait_for_service_raises_when_the_opener_stops_before_it_started(
    opener: LibraryOpener, another_thread: ThreadPoolExecutor
) -> None:
    future = another_thread.submit(opener.wait_for_service)
    opener.stop()
    with pytest.raises(StorageError, match="closing"):
        future.result(60)


def test_wait_for_service_raises_when_opening_fails_with_an_unexpected_exception(
    opener: LibraryOpener, qtbot: QtBot, another_thread: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr("desktop.backend.Backend.__init__", fail)
    future = another_thread.submit(opener.wait_for_service)
    with qtbot.waitSignal(opener.failed, timeout=60_000):
        opener.start()
    with pytest.raises(StorageError, match="could not be opened"):
        future.result(60)
    assert isinstance(opener.error, KeyError)


def test_window_quit_before_the_library_is_open_exits_cleanly(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", QUIT_AT_ONCE], cwd=ROOT, env=command_environment(tmp_path, QT_QPA_PLATFORM="offscreen"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    assert_all_ended(tmp_path)
