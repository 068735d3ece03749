"""The notice strip."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from desktop.ui.widgets.notices import MAX_NOTICES, Notice, NoticeRow, NoticeStrip

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def strip(qtbot: QtBot) -> NoticeStrip:
    widget = NoticeStrip()
    qtbot.addWidget(widget)
    return widget


def _texts(strip: NoticeStrip) -> list[str]:
    return [notice.text for notice in strip.notices]


def _button(strip: NoticeStrip, name: str) -> QPushButton:
    rows = [row for row in strip.findChildren(NoticeRow) if not row.isHidden()]  # hidden rows are about to be deleted
    return next(b for row in rows for b in row.findChildren(QPushButton) if b.accessibleName() == name)


def test_strip_is_hidden_without_notices(strip: NoticeStrip) -> None:
    assert strip.isHidden()
    strip.show_text("Something")
    assert not strip.isHidden()


def test_repeated_text_is_shown_once(strip: NoticeStrip) -> None:
    strip.show_text("No sound device was found.")
    strip.show_text("No sound device was found.")
    assert _texts(strip) == ["No sound device was found."]


def test_notice_replaces_the_one_with_the_same_key(strip: NoticeStrip) -> None:
    strip.show_notice(Notice("1 file", key="refused"))
    strip.show_notice(Notice("2 files", key="refused"))
    assert _texts(strip) == ["2 files"]


def test_oldest_notice_is_removed_beyond_the_limit(strip: NoticeStrip) -> None:
    for number in range(MAX_NOTICES + 2):
        strip.show_text(f"{number}")
    assert _texts(strip) == [f"{number}" for number in range(2, MAX_NOTICES + 2)]


def test_action_runs_once_and_removes_the_notice(strip: NoticeStrip, qtbot: QtBot) -> None:
    calls: list[str] = []
    strip.show_notice(
        Notice(
            "Removed.",
            action_text="Undo",
            on_action=lambda: calls.append("undo"),
            on_removed=lambda: calls.append("removed"),
        )
    )
    qtbot.mouseClick(_button(strip, "Undo"), Qt.MouseButton.LeftButton)
    assert calls == ["undo"]
    assert strip.notices == ()
    assert strip.isHidden()


def test_dismissing_a_notice_calls_on_removed(strip: NoticeStrip, qtbot: QtBot) -> None:
    removals: list[int] = []
    strip.show_notice(Notice("Removed.", on_removed=lambda: removals.append(1)))
    qtbot.mouseClick(_button(strip, "Dismiss"), Qt.MouseButton.LeftButton)
    assert removals == [1]


def test_notice_with_a_timeout_is_removed_after_it(strip: NoticeStrip, qtbot: QtBot) -> None:
    removals: list[int] = []
    strip.show_notice(Notice("Removed.", timeout_s=0.05, on_removed=lambda: removals.append(1)))
    qtbot.waitUntil(lambda: removals == [1])
    assert strip.notices == ()


def test_file_names_are_shown_as_plain_text(strip: NoticeStrip) -> None:
    strip.show_text("<b>x</b>.mp3 was not found.")
    assert strip.findChildren(QLabel)[0].textFormat() is Qt.TextFormat.PlainText


def test_on_dismissed_is_called_only_when_the_user_dismisses_the_notice(strip: NoticeStrip, qtbot: QtBot) -> None:
    calls: list[str] = []
    for timeout_s in (0.05, 0.0):
        strip.show_notice(
            Notice(
                "x",
                timeout_s=timeout_s,
                on_removed=lambda: calls.append("removed"),
                on_dismissed=lambda: calls.append("dismissed"),
            )
        )
        qtbot.waitUntil(lambda timeout_s=timeout_s: not timeout_s or calls == ["removed"])
    qtbot.mouseClick(_button(strip, "Dismiss"), Qt.MouseButton.LeftButton)
    assert calls == ["removed", "removed", "dismissed"]


def test_progress_notice_starts_at_its_current_value(strip: NoticeStrip) -> None:
    strip.show_notice(Notice("Exporting", key="export", progress=0.25))
    (bar,) = strip.findChildren(QProgressBar)
    assert bar.value() == 25
    strip.set_progress("export", "Exporting", 0.5)
    assert bar.value() == 50
