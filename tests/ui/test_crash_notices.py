"""A fault is told while it happens, and for as long as nobody can have read that, it waits for the next start."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.runtime.crash_reports import collect_unreported, write_report
from desktop.ui.app.app_notices import CrashNotices
from desktop.ui.widgets.notices import NoticeStrip

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def report(tmp_path: Path) -> Path:
    written = write_report(tmp_path, "window", "What happened")
    assert written
    return written


def test_a_fault_that_was_told_is_not_for_the_next_start(qtbot: QtBot, window: QWidget, report: Path) -> None:
    strip = NoticeStrip(window)
    CrashNotices(strip, window).report_error(report)
    mark = report.with_suffix(".untold")
    assert mark.exists()
    qtbot.waitUntil(lambda: bool(strip.notices))
    assert mark.exists()
    qtbot.waitUntil(lambda: not mark.exists())


def test_a_fault_of_a_window_that_is_gone_is_for_the_next_start(qtbot: QtBot, window: QWidget, report: Path) -> None:
    faults = CrashNotices(NoticeStrip(window), window)
    faults.report_error(report)
    with qtbot.waitSignal(faults.destroyed):
        faults.deleteLater()
    assert collect_unreported(report.parent, "window") == [report]
