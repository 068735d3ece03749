"""Every text of the dialogs and of the desktop services passes through the catalogue."""

import re
from collections.abc import Collection
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from desktop.audio.files import RejectedPath
from desktop.errors import ConfigurationError
from desktop.jobs.model import Attempt, Job, JobState, RemovedJob
from desktop.paths import Home
from desktop.playback.song_state import SNAPSHOTS
from desktop.settings import SETTINGS, Range
from desktop.stage import Stage
from desktop.text.catalogue import PSEUDO_END, PSEUDO_START
from desktop.text.message import verbatim
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.bin import DeleteDialog
from desktop.ui.dialogs.components import list_components
from desktop.ui.dialogs.failure_details import CrashReportDialog, FailureDetailsDialog, RefusedFilesDialog
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.dialogs.startup_error import StartupErrorDialog
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.batches import BatchResult
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.system.notifications import batch_notification, failure_notification
from desktop.ui.system.sleep_inhibitors import SleepTarget
from desktop.ui.system.tray import TrayIcon
from desktop.variables import check_environment
from tests.helpers.jobs import make_job
from tests.helpers.pseudo_language import find_untranslated
from tests.helpers.widget_texts import FORMAT_NAMES, KEY_NAMES, list_widget_texts

pytestmark = [
    pytest.mark.usefixtures("pseudo_language"),
    pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged"),
]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
# "T" is the title of a song.
NAMES = {"T", "HT", "Demucs", *FORMAT_NAMES}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


def check_translated(*texts: str, names: Collection[str] = NAMES) -> None:
    assert any(PSEUDO_START in text for text in texts)
    assert not find_untranslated(texts, names)


def check_dialog(dialog: QDialog, qtbot: QtBot) -> None:
    qtbot.addWidget(dialog)
    check_translated(*list_widget_texts(dialog))


def failed_job(**changes: object) -> Job:
    return make_job("T", JobState.FAILED, id="1", source=Path("/T.flac"), stage=Stage.WRITING, ended=NOW, **changes)


@pytest.mark.parametrize("last_attempt", [None, Attempt(JobState.CANCELLED), Attempt(JobState.FAILED, verbatim("T."))])
def test_details_of_a_failure_are_translated(home: Home, qtbot: QtBot, last_attempt: Attempt | None) -> None:
    check_dialog(FailureDetailsDialog(failed_job(last_attempt=last_attempt), home), qtbot)


def test_reports_are_translated(tmp_path: Path, qtbot: QtBot) -> None:
    check_dialog(CrashReportDialog(tmp_path / "missing", "T"), qtbot)
    check_dialog(RefusedFilesDialog([RejectedPath(Path("/T"), verbatim("T"))]), qtbot)
    check_dialog(StartupErrorDialog("T", "T", offers_other_folder=True), qtbot)


@pytest.mark.parametrize("song_count", [0, 1, 2])
@pytest.mark.parametrize("export_count", [0, 1, 2])
def test_question_before_quitting_is_translated(qtbot: QtBot, song_count: int, export_count: int) -> None:
    check_dialog(QuitDialog(song_count, export_count, offers_background=True), qtbot)


@pytest.mark.parametrize("count", [1, 2])
def test_question_before_deleting_is_translated(qtbot: QtBot, count: int) -> None:
    check_dialog(DeleteDialog([RemovedJob(failed_job(), NOW, 10**6)] * count), qtbot)


def test_settings_are_translated_with_their_mnemonics(home: Home, qtbot: QtBot) -> None:
    dialog = SettingsDialog(SettingsStore(home), home, offers_updates=True)
    dialog.show_on_top()
    qtbot.addWidget(dialog)
    home.settings.mkdir()
    dialog.restore_defaults()  # which cannot be saved
    texts = list(list_widget_texts(dialog))
    check_translated(*texts)
    assert len([text for text in texts if "&" in text]) > len([s for s in SETTINGS.values() if s.row])
    ranges = [setting.range for setting in SETTINGS.values() if isinstance(setting.range, Range)]
    check_translated(*(str(allowed.describe(allowed.maximum)) for allowed in ranges))


def test_about_dialog_is_translated_except_for_components_and_licences(home: Home, qtbot: QtBot) -> None:
    dialog = AboutDialog(home)
    dialog.licence_view.clear()
    qtbot.addWidget(dialog)
    components = " ".join(f"{part.name} {part.version} {part.licence} {part.bundled_in}" for part in list_components())
    check_translated(*list_widget_texts(dialog), names={*re.findall(r"\w[\w.'-]*", components)})


def test_list_of_keys_is_translated(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    check_translated(*list_widget_texts(dialog), names={*KEY_NAMES, *SNAPSHOTS})


def test_notifications_are_translated() -> None:
    failed, done = failed_job(), make_job("T", JobState.COMPLETED)
    again = replace(done, last_attempt=Attempt(JobState.FAILED, verbatim("T")))
    results = (BatchResult([done], []), BatchResult([done] * 2, [failed]), BatchResult([], [failed] * 2))
    notifications = [failure_notification(failed), failure_notification(again), *map(batch_notification, results)]
    for notification in notifications:
        assert notification is not None
        check_translated(*astuple(notification))


def test_tray_and_reason_to_stay_awake_are_translated(qapp: QApplication) -> None:
    jobs = JobTableModel()
    tray = TrayIcon(ActivityTracker(jobs, jobs))
    tray.show_icon()
    check_translated(tray.icon.toolTip().removeprefix("Unbraid"), *(action.text() for action in tray.menu.actions()))
    for target in SleepTarget:
        check_translated(str(target.value))
    tray.hide_icon()


@pytest.mark.parametrize("name", ["UNBRAID_QUEUE", "UNBRAID_MODEL_URL", "UNBRAID_LANGUAGE", "REDIS_HOST"])
def test_error_about_a_variable_is_translated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "?")
    with pytest.raises(ConfigurationError) as caught:
        check_environment()
    sentence = str(caught.value)
    assert sentence.count(PSEUDO_START) == sentence.count(PSEUDO_END) >= 2
    assert "must be" not in sentence
