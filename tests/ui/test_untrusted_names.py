"""Untrusted names are shown literally: never interpreted as an image, a link, bold text or a mnemonic."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.audio.files import RejectedPath
from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.model import Job, JobState
from desktop.models.store import Model
from desktop.playback.practice import Loop
from desktop.playback.song_state import SongState
from desktop.text.message import Message, verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.top_bar import ModelButton
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export.dialog import ExportDialog
from desktop.ui.dialogs.export.presets import PresetStore
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.dialogs.failure_details import FailureDetailsDialog, RefusedFilesDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.menu import JobMenu, build_menu_items
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.system.notifications import Notification
from desktop.ui.system.tray import TrayIcon
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.ui.widgets.text_escaping import escape_menu_text, escape_tooltip, escape_window_title
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_completed_job
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", "systemTrayWindowChanged")
HOSTILE_NAME = "<img src='file:///canary.png'><b>x</b> R&B &amp; <a href='http://127.0.0.1'>y</a>"
WINDOW_SIZE = QSize(900, 600)


def make_hostile_job(state: JobState, **changes: object) -> Job:
    return make_job(
        HOSTILE_NAME,
        state,
        artist=HOSTILE_NAME,
        album=HOSTILE_NAME,
        source=Path("/music") / HOSTILE_NAME.replace("/", "_"),
        **changes,
    )


def strip_markup(text: str) -> str:
    """Return the plain text of a tooltip."""
    return QTextDocumentFragment.fromHtml(text).toPlainText() if "<" in text else text


def open_loaded_window(setting: WindowHarness, qtbot: QtBot) -> MainWindow:
    window = setting.create_window()
    qtbot.addWidget(window)
    window.resize(WINDOW_SIZE)
    window.show()
    with qtbot.waitSignal(window.library.refresher.loaded):
        window.library.refresher.reload()
    return window


def check_literal_text(top: QWidget) -> None:
    """Check that no label parses its text as HTML and that each tooltip contains the whole name."""
    for widget in (top, *top.findChildren(QWidget)):
        if isinstance(widget, QLabel) and "<" in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText
        if "img" in widget.toolTip():
            assert HOSTILE_NAME in strip_markup(widget.toolTip())
    for action in top.findChildren(QAction):
        if "img" in action.text():
            assert HOSTILE_NAME.replace("&", "&&") in action.text()


def make_hostile_job_in_state(setting: WindowHarness, state: JobState) -> Job:
    """Return a job in a state, with the hostile name in every field that comes from outside."""
    notice = Message("{title} was read.", title=HOSTILE_NAME)
    if state is not JobState.COMPLETED:
        return make_hostile_job(state, notices=(notice,), error=notice if state is JobState.FAILED else None)
    completed = write_completed_job(setting.home.job_folder(job_id := str(uuid4())).root)
    stems = (replace(completed.stems[0], name=HOSTILE_NAME), *completed.stems[1:])
    return replace(
        completed,
        id=job_id,
        title=HOSTILE_NAME,
        artist=HOSTILE_NAME,
        album=HOSTILE_NAME,
        stems=stems,
        notices=(notice,),
        model_used=HOSTILE_NAME,
    )


@pytest.mark.parametrize("state", list(JobState))
def test_name_is_shown_literally_in_every_job_state(setting: WindowHarness, qtbot: QtBot, state: JobState) -> None:
    job = setting.store.insert(make_hostile_job_in_state(setting, state))
    window = open_loaded_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: bool(window.findChildren(LaneHeader)) == (state is JobState.COMPLETED))
    assert window.windowTitle() == f"{HOSTILE_NAME} – Unbraid"
    check_literal_text(window)
    for column in Column:
        tooltip = window.library.proxy.index(0, column).data(Qt.ItemDataRole.ToolTipRole) or ""
        assert column is not Column.TITLE or HOSTILE_NAME in strip_markup(tooltip)
        assert "<img" not in tooltip
    window.library.removals.remove([job])
    check_literal_text(window)


@pytest.mark.parametrize(
    ("text", "title"), [("a [*] b", "a [*][*] b"), ("two\nlines \x1b[31m", "two\\x0alines \\x1b[31m")]
)
def test_window_title_is_one_line_without_placeholders(text: str, title: str) -> None:
    assert escape_window_title(text) == title
    widget = QWidget()
    widget.setWindowTitle(title)
    assert widget.windowTitle() == title


def test_dialogs_and_notices_show_names_literally(setting: WindowHarness, qtbot: QtBot) -> None:
    failure_dialog = FailureDetailsDialog(make_hostile_job(JobState.FAILED, error=verbatim(HOSTILE_NAME)), setting.home)
    refused_dialog = RefusedFilesDialog([RejectedPath(Path(HOSTILE_NAME), verbatim(HOSTILE_NAME))])
    strip = NoticeStrip()
    strip.show_notice(Notice(HOSTILE_NAME, action_text=f"Separate again with {HOSTILE_NAME}"))
    for widget in (failure_dialog, refused_dialog, strip):
        qtbot.addWidget(widget)
        check_literal_text(widget)
    assert any(HOSTILE_NAME.replace("&", "&&") in button.text() for button in strip.findChildren(PushButton))


def test_export_dialog_shows_names_literally(setting: WindowHarness, qtbot: QtBot, tmp_path: Path) -> None:
    job = make_hostile_job_in_state(setting, JobState.COMPLETED)
    song = ExportSong(job, SongState(loops=(Loop(0.0, 1.0, HOSTILE_NAME),), loop_index=0))
    store, background = SettingsStore(setting.home), BackgroundRunner("export")
    PresetStore(store).save(HOSTILE_NAME, ExportSettings(ExportKind.MIX))
    store.change(export_folder=str(tmp_path))
    dialog = ExportDialog([song], store, background)
    qtbot.addWidget(dialog)
    dialog._choose_preset(ExportSettings(ExportKind.MIX))
    dialog.preset_button.presets_menu.aboutToShow.emit()
    check_literal_text(dialog)
    check_literal_text(dialog.preset_button.presets_menu)
    loop_box = dialog.content.apply_rows["is_loop_only"].box
    assert loop_box.text().count("&") == 1  # the letter of the check box, as the name is cut in front of its own
    assert dialog.preset_button.accessibleName() == f"Preset: {HOSTILE_NAME}"
    assert any(HOSTILE_NAME in label.text() for label in dialog.findChildren(QLabel))
    background.close()


def test_model_title_is_shown_literally_in_menus(qtbot: QtBot) -> None:
    model = Model(HOSTILE_NAME, HOSTILE_NAME, "demucs", is_imported=True)
    model_button = ModelButton()
    qtbot.addWidget(model_button)
    model_button.set_models([model], HOSTILE_NAME)
    assert model_button.text().strip() == HOSTILE_NAME.replace("&", "&&")
    job_menu = JobMenu(build_menu_items([make_hostile_job(JobState.COMPLETED)], [(HOSTILE_NAME, HOSTILE_NAME)]))
    qtbot.addWidget(job_menu)
    for widget in (model_button, job_menu):
        check_literal_text(widget)
    assert any("img" in action.text() for action in job_menu.findChildren(QAction))


def test_tray_notification_contains_no_html(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = TrayIcon(open_loaded_window(setting, qtbot).library.activity)
    messages: list[str] = []
    monkeypatch.setattr(tray, "is_available", lambda: True)
    monkeypatch.setattr(tray.icon, "showMessage", lambda heading, text, *_: messages.append(text))
    tray.show_notification(Notification("“song” could not be separated", HOSTILE_NAME))
    assert "<" not in messages[0]
    assert "img src='file:///canary.png'" in messages[0]
    tray.hide_icon()


def test_text_without_markup_is_kept() -> None:
    assert escape_tooltip("Mute Vocals (1)") == "Mute Vocals (1)"
    assert escape_tooltip("a < b", "c") == "<div>a &lt; b<br>c</div>"
    assert escape_menu_text("Drum & Bass\tx") == "Drum && Bass x"
