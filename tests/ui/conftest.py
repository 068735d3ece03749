"""Widgets are tested as they look and live in the app."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from desktop.ui.garbage import GarbageCollection
from desktop.ui.theme.style import apply_theme


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    """The app's theme, put on once, before the first widget."""
    apply_theme(qapp)


@pytest.fixture(scope="package", autouse=True)
def garbage(qapp: QApplication) -> Iterator[GarbageCollection]:
    """As in the app, no thread but the window's collects garbage."""
    collection = GarbageCollection()
    yield collection
    collection.close()
