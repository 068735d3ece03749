"""Widgets are tested as they look and live in the app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.ui.app.garbage_collector import GarbageCollector
from desktop.ui.app.main_window import MainWindow
from desktop.ui.theme.style import apply_theme
from desktop.ui.widgets.accessibility import install_accessible_roles
from tests.helpers.window import WindowHarness, open_window, window_harness


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    """The app's theme and its roles for assistive technology, put on once, before the first widget."""
    apply_theme(qapp)
    install_accessible_roles()


@pytest.fixture(scope="package", autouse=True)
def garbage(qapp: QApplication) -> Iterator[GarbageCollector]:
    """As in the app, no thread but the window's collects garbage."""
    collection = GarbageCollector()
    yield collection
    collection.close()


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[WindowHarness]:
    """What a window stands on, without a song; a test module that wants some has one of its own on top of this."""
    with window_harness(tmp_path / "home") as made:
        yield made


@pytest.fixture
def window(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    """The window on that: in front, with every song in its table."""
    return open_window(setting, qtbot)
