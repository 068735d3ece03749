"""Widgets are tested as they look and live in the app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.ui.accessibility import install_roles
from desktop.ui.garbage import GarbageCollection
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.style import apply_theme
from tests.helpers.window import Stage, opened, stage


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    """The app's theme and its roles for assistive technology, put on once, before the first widget."""
    apply_theme(qapp)
    install_roles()


@pytest.fixture(scope="package", autouse=True)
def garbage(qapp: QApplication) -> Iterator[GarbageCollection]:
    """As in the app, no thread but the window's collects garbage."""
    collection = GarbageCollection()
    yield collection
    collection.close()


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Stage]:
    """What a window stands on, without a song; a test module that wants some has one of its own on top of this."""
    with stage(tmp_path / "home") as made:
        yield made


@pytest.fixture
def window(setting: Stage, qtbot: QtBot) -> MainWindow:
    """The window on that: in front, with every song in its table."""
    return opened(setting, qtbot)
