"""Widgets are tested as they look in the app."""

import pytest
from PySide6.QtWidgets import QApplication

from desktop.ui.theme.style import apply_theme


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    """The app's theme, put on once, before the first widget."""
    apply_theme(qapp)
