import sys

import pytest
from PySide6.QtWidgets import QWidget


@pytest.mark.usefixtures("qapp")
def test_this_pyside_keeps_its_references_to_none() -> None:
    # PySide6 6.12.0 on Python 3.11 loses one at every call, and aborts when none are left.
    widget = QWidget()
    before = sys.getrefcount(None)
    for number in range(500):
        widget.setWindowTitle(str(number))
    assert sys.getrefcount(None) > before - 100
