"""Fixtures of all UI tests: the app's theme, its garbage collection, and a window on a temporary library."""

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
def app_theme(qapp: QApplication) -> None:
    """Apply the app's theme and its accessible roles once, before the first widget exists."""
    apply_theme(qapp)
    install_accessible_roles()


@pytest.fixture(scope="package", autouse=True)
def garbage_collector(qapp: QApplication) -> Iterator[GarbageCollector]:
    """Collect garbage only in the window's thread, as the app does."""
    collector = GarbageCollector()
    yield collector
    collector.close()


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[WindowHarness]:
    """Yield the services of a window with an empty library. A module that needs songs overrides this fixture."""
    with window_harness(tmp_path / "home") as harness:
        yield harness


@pytest.fixture
def window(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    """Return the active main window of `setting`, with every song in its table."""
    return open_window(setting, qtbot)
