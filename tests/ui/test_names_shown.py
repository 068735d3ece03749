"""Whatever a song is called, the window says it letter by letter: nothing is a picture, a link, bold, or a key."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.audio.files import RejectedPath
from desktop.jobs.model import Job, JobState
from desktop.models.store import Model
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.top_bar import ModelButton
from desktop.ui.dialogs.failure_details import FailureDetailsDialog, RefusedFilesDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.menu import JobMenu, build_menu_items
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.system.notifications import Notification
from desktop.ui.system.tray import TrayIcon
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.ui.widgets.text_escaping import escape_menu_text, escape_tooltip, escape_window_title
from tests.helpers.stems import write_completed_job
from tests.helpers.window import WindowHarness, make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", "systemTrayWindowChanged")
EVIL = "<img src='file:///canary.png'><b>x</b> R&B &amp; <a href='http://127.0.0.1'>y</a>"
NARROW = QSize(900, 600)


def evil(state: JobState, **known: object) -> Job:
    return make_job(EVIL, state, artist=EVIL, album=EVIL, source=Path("/music") / EVIL.replace("/", "_"), **known)


def read(text: str) -> str:
    """What a tooltip says."""
    return QTextDocumentFragment.fromHtml(text).toPlainText() if "<" in text else text


def opened(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    window = setting.create_window()
    qtbot.addWidget(window)
    window.resize(NARROW)
    window.show()
    with qtbot.waitSignal(window.library.refresher.loaded):
        window.library.refresher.reload()
    return window


def check_words(top: QWidget) -> None:
    """No label takes its words for HTML, and every tooltip says the whole of what it was given."""
    for widget in (top, *top.findChildren(QWidget)):
        if isinstance(widget, QLabel) and "<" in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText
        if "img" in widget.toolTip():
            assert EVIL in read(widget.toolTip())
    for action in top.findChildren(QAction):
        if "img" in action.text():
            assert EVIL.replace("&", "&&") in action.text()


def in_state(setting: WindowHarness, state: JobState) -> Job:
    """A song of that state, its name in everything that a stranger can name."""
    told = f"{EVIL} was read."
    if state is not JobState.COMPLETED:
        return evil(state, notices=(told,), error=told if state is JobState.FAILED else None)
    done = write_completed_job(setting.home.job_folder(job_id := str(uuid4())).root)
    stems = (replace(done.stems[0], name=EVIL), *done.stems[1:])
    return replace(done, id=job_id, title=EVIL, artist=EVIL, album=EVIL, stems=stems, notices=(told,), model_used=EVIL)


@pytest.mark.parametrize("state", list(JobState))
def test_a_song_in_any_state_is_called_by_its_letters(setting: WindowHarness, qtbot: QtBot, state: JobState) -> None:
    job = setting.store.insert(in_state(setting, state))
    window = opened(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: bool(window.findChildren(LaneHeader)) == (state is JobState.COMPLETED))
    assert window.windowTitle() == f"{EVIL} – Unbraid"
    check_words(window)
    for column in Column:
        told = window.library.proxy.index(0, column).data(Qt.ItemDataRole.ToolTipRole) or ""
        assert column is not Column.TITLE or EVIL in read(told)
        assert "<img" not in told
    window.library.removals.remove([job])
    check_words(window)


@pytest.mark.parametrize(
    ("text", "title"), [("a [*] b", "a [*][*] b"), ("two\nlines \x1b[31m", "two\\x0alines \\x1b[31m")]
)
def test_a_window_s_title_has_no_marks_and_one_line(text: str, title: str) -> None:
    assert escape_window_title(text) == title
    widget = QWidget()
    widget.setWindowTitle(title)
    assert widget.windowTitle() == title


def test_the_sheets_and_notices_say_names_by_their_letters(setting: WindowHarness, qtbot: QtBot) -> None:
    details = FailureDetailsDialog(evil(JobState.FAILED, error=EVIL), setting.home)
    refused = RefusedFilesDialog([RejectedPath(Path(EVIL), EVIL)])
    strip = NoticeStrip()
    strip.show_notice(Notice(EVIL, action_text=f"Separate again with {EVIL}"))
    for widget in (details, refused, strip):
        qtbot.addWidget(widget)
        check_words(widget)
    assert any(EVIL.replace("&", "&&") in button.text() for button in strip.findChildren(PushButton))


def test_a_model_is_called_by_its_letters(qtbot: QtBot) -> None:
    model = Model(EVIL, EVIL, "demucs", is_imported=True)
    menu = ModelButton()
    qtbot.addWidget(menu)
    menu.set_models([model], EVIL)
    assert menu.text().strip() == EVIL.replace("&", "&&")
    again = JobMenu(build_menu_items([evil(JobState.COMPLETED)], [(EVIL, EVIL)]))
    qtbot.addWidget(again)
    for top in (menu, again):
        check_words(top)
    assert any("img" in action.text() for action in again.findChildren(QAction))


def test_the_tray_says_names_without_anything_that_looks_like_html(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = TrayIcon(opened(setting, qtbot).library.table_model)
    told: list[str] = []
    monkeypatch.setattr(tray, "is_there", lambda: True)
    monkeypatch.setattr(tray.icon, "showMessage", lambda heading, words, *_: told.append(words))
    tray.show_notification(Notification("“song” could not be separated", EVIL))
    assert "<" not in told[0]
    assert "img src='file:///canary.png'" in told[0]
    tray.hide_icon()


def test_words_without_signs_are_left_as_they_are() -> None:
    assert escape_tooltip("Mute Vocals (1)") == "Mute Vocals (1)"
    assert escape_tooltip("a < b", "c") == "<div>a &lt; b<br>c</div>"
    assert escape_menu_text("Drum & Bass\tx") == "Drum && Bass x"
