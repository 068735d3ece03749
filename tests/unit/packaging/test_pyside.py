import sys

import pytest
from PySide6.QtWidgets import QWidget


@pytest.mark.usefixtures("qapp")
def test_installed_pyside_does_not_lose_references_to_none() -> None:
    # PySide6 6.12.0 on Python 3.11 loses one reference per call, and aborts when no reference is left.
    widget = QWidget()
    before = sys.getrefcount(None)
    for number in range(500):
        widget.setWindowTitle(str(number))
    assert sys.getrefcount(None) > before - 100
