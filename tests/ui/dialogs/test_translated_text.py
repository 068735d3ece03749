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
from desktop.export.names import NAME_FIELDS, check_name_template
from desktop.export.settings import ExportKind
from desktop.jobs.model import Attempt, Job, JobState, RemovedJob
from desktop.paths import Home
from desktop.playback.mix import LaneMix, Mix
from desktop.playback.practice import Click, Loop
from desktop.playback.song_state import SNAPSHOTS, SongState
from desktop.settings import SETTINGS, Range
from desktop.stage import Stage
from desktop.text.catalogue import PSEUDO_END, PSEUDO_START
from desktop.text.message import verbatim
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.bin import DeleteDialog
from desktop.ui.dialogs.components import list_components
from desktop.ui.dialogs.export.collision_dialog import CollisionDialog
from desktop.ui.dialogs.export.dialog import ExportDialog
from desktop.ui.dialogs.export.plan import FolderFacts, read_stem_facts
from desktop.ui.dialogs.export.preset_menu import NameDialog
from desktop.ui.dialogs.export.presets import check_name
from desktop.ui.dialogs.export.song import ExportSong
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
from tests.helpers.stems import write_completed_job
from tests.helpers.widget_texts import FORMAT_NAMES, KEY_NAMES, list_widget_texts

pytestmark = [
    pytest.mark.usefixtures("pseudo_language"),
    pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged"),
]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
# "T" is the title of a song.
NAMES = {"T", "HT", "Demucs", "Reaper", "DAWproject", *FORMAT_NAMES}
# Parts of a song in the names of files.
FILE_WORDS = {"Vocals", "Drums", "Bass", "Other", "Mix", "No", "vocals", "drums", "bass", "other", "wav", "T.stem.mp4"}


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


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("kind", ExportKind)
def test_export_dialog_is_translated(home: Home, tmp_path: Path, qtbot: QtBot, count: int, kind: ExportKind) -> None:
    job = replace(write_completed_job(tmp_path / "stems", seconds=0.1), title="T", artist="", album="")
    mix = Mix({"bass": LaneMix(cents=100, mute=True)})
    practised = SongState({"A": mix}, speed_percent=50, loops=(Loop(0, 0.05),), loop_index=0, click=Click(is_on=True))
    for state in (SongState(), practised):
        songs = [ExportSong(replace(job, id=str(number)), state) for number in range(count)]
        background = BackgroundRunner("export")
        dialog = ExportDialog(songs, SettingsStore(home), background)
        dialog._show_facts(read_stem_facts([song.job for song in songs]))
        dialog._show_folder_facts(dialog.folder, FolderFacts(verbatim("T"), 1))
        dialog._choose_kind(kind)
        dialog.preset_button.presets_menu.aboutToShow.emit()
        dialog.form.name_field.clear()  # the fields of the template are the same in every language
        actions = [*dialog.preset_button.presets_menu.actions(), *dialog.form.fields_button.menu().actions()]
        texts = [*list_widget_texts(dialog), *(action.text() for action in actions), dialog.form.results.value_text]
        check_translated(*texts, names={*NAMES, *NAME_FIELDS, *FILE_WORDS, *SNAPSHOTS, "Hz"})
        qtbot.addWidget(dialog)
        background.close()


def test_questions_of_the_export_dialog_are_translated(qtbot: QtBot) -> None:
    for count in (1, 2):
        check_dialog(CollisionDialog(count, Path("/T")), qtbot)
    dialog = NameDialog("T", "T", "", ["T"])
    for name in ("", "T"):
        assert check_name(name, ["T"])
        dialog.field.setText(name)
        check_translated(*list_widget_texts(dialog))
    qtbot.addWidget(dialog)
    check_translated(str(check_name_template("x")), str(check_name_template("{x}")), names={*NAMES, *NAME_FIELDS, "x"})


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
