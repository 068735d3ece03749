"""The strip of notices."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from desktop.ui.widgets.notices import MAX_NOTICES, Notice, NoticeRow, NoticeStrip

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def strip(qtbot: QtBot) -> NoticeStrip:
    made = NoticeStrip()
    qtbot.addWidget(made)
    return made


def _said(strip: NoticeStrip) -> list[str]:
    return [notice.text for notice in strip.notices]


def _button(strip: NoticeStrip, name: str) -> QPushButton:
    shown = [row for row in strip.findChildren(NoticeRow) if not row.isHidden()]  # others are about to be deleted
    return next(b for row in shown for b in row.findChildren(QPushButton) if b.accessibleName() == name)


def test_without_notices_there_is_no_strip(strip: NoticeStrip) -> None:
    assert strip.isHidden()
    strip.show_text("Something")
    assert not strip.isHidden()


def test_the_same_sentence_stands_once(strip: NoticeStrip) -> None:
    strip.show_text("No sound device was found.")
    strip.show_text("No sound device was found.")
    assert _said(strip) == ["No sound device was found."]


def test_a_notice_replaces_the_one_of_its_key(strip: NoticeStrip) -> None:
    strip.show_notice(Notice("1 file", key="refused"))
    strip.show_notice(Notice("2 files", key="refused"))
    assert _said(strip) == ["2 files"]


def test_the_oldest_gives_way(strip: NoticeStrip) -> None:
    for number in range(MAX_NOTICES + 2):
        strip.show_text(f"{number}")
    assert _said(strip) == [f"{number}" for number in range(2, MAX_NOTICES + 2)]


def test_the_action_is_done_once_and_the_notice_goes(strip: NoticeStrip, qtbot: QtBot) -> None:
    done: list[str] = []
    strip.show_notice(
        Notice(
            "Removed.",
            action_text="Undo",
            on_action=lambda: done.append("undo"),
            on_removed=lambda: done.append("gone"),
        )
    )
    qtbot.mouseClick(_button(strip, "Undo"), Qt.MouseButton.LeftButton)
    assert done == ["undo"]
    assert strip.notices == ()
    assert strip.isHidden()


def test_putting_a_notice_away_is_told(strip: NoticeStrip, qtbot: QtBot) -> None:
    gone: list[int] = []
    strip.show_notice(Notice("Removed.", on_removed=lambda: gone.append(1)))
    qtbot.mouseClick(_button(strip, "Dismiss"), Qt.MouseButton.LeftButton)
    assert gone == [1]


def test_a_notice_that_lasts_some_time_goes_by_itself(strip: NoticeStrip, qtbot: QtBot) -> None:
    gone: list[int] = []
    strip.show_notice(Notice("Removed.", timeout_s=0.05, on_removed=lambda: gone.append(1)))
    qtbot.waitUntil(lambda: gone == [1])
    assert strip.notices == ()


def test_a_file_s_name_is_not_taken_for_markup(strip: NoticeStrip) -> None:
    strip.show_text("<b>x</b>.mp3 was not found.")
    assert strip.findChildren(QLabel)[0].textFormat() is Qt.TextFormat.PlainText


def test_only_the_user_s_hand_dismisses_a_notice(strip: NoticeStrip, qtbot: QtBot) -> None:
    done: list[str] = []
    for lasts in (0.05, 0.0):
        strip.show_notice(
            Notice(
                "x", timeout_s=lasts, on_removed=lambda: done.append("gone"), on_dismissed=lambda: done.append("hand")
            )
        )
        qtbot.waitUntil(lambda lasts=lasts: not lasts or done == ["gone"])
    qtbot.mouseClick(_button(strip, "Dismiss"), Qt.MouseButton.LeftButton)
    assert done == ["gone", "gone", "hand"]


def test_a_notice_with_progress_begins_as_far_as_it_is(strip: NoticeStrip) -> None:
    strip.show_notice(Notice("Exporting", key="export", progress=0.25))
    (bar,) = strip.findChildren(QProgressBar)
    assert bar.value() == 25
    strip.set_progress("export", "Exporting", 0.5)
    assert bar.value() == 50
