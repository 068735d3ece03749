"""An error is reported at once; until the notice can have been read, the next start reports it too."""

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
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = write_report(tmp_path, "window", "What happened")
    assert path
    return path


def test_reported_error_is_not_reported_again_at_the_next_start(qtbot: QtBot, window: QWidget, report: Path) -> None:
    strip = NoticeStrip(window)
    CrashNotices(strip, window).report_error(report)
    unreported_marker = report.with_suffix(".untold")
    assert unreported_marker.exists()
    qtbot.waitUntil(lambda: bool(strip.notices))
    assert unreported_marker.exists()
    qtbot.waitUntil(lambda: not unreported_marker.exists())


def test_error_in_a_destroyed_window_is_reported_at_the_next_start(qtbot: QtBot, window: QWidget, report: Path) -> None:
    notices = CrashNotices(NoticeStrip(window), window)
    notices.report_error(report)
    with qtbot.waitSignal(notices.destroyed):
        notices.deleteLater()
    assert collect_unreported(report.parent, "window") == [report]
