"""The export dialog: what it offers for one song and for many, what it promises, and how keys and screen readers use it."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QScreen
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop.audio_formats import AUDIO_FORMATS
from desktop.export.settings import ExportKind, ExportSettings, ProjectKind
from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.mix import LaneMix, Mix
from desktop.playback.practice import Click, Loop
from desktop.playback.song_state import SongState
from desktop.runtime.settings_file import load_settings
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export import dialog as dialog_module
from desktop.ui.dialogs.export import plan
from desktop.ui.dialogs.export.dialog import ExportDialog
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.widgets.check_box import CheckBox, Switch
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
MINIMUM_SIZE = QSize(1024, 640)
PRACTISED = SongState(
    mixes={"A": Mix({"vocals": LaneMix(-6.0), "drums": LaneMix(mute=True)})},
    loops=(Loop(0.5, 1.0, "Chorus"),),
    loop_index=0,
    speed_percent=80.0,
    cents=-200,
)
OpenDialog = Callable[..., ExportDialog]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A song of 2 s with vocals, drums, bass and other in 16 bits."""
    return write_completed_job(tmp_path_factory.mktemp("song"))


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    (tmp_path / "out").mkdir()
    store = SettingsStore(Home(tmp_path / "home").create_folders())
    store.change(export_folder=str(tmp_path / "out"))
    return store


@pytest.fixture
def background() -> Iterator[BackgroundRunner]:
    runner = BackgroundRunner("export")
    yield runner
    runner.close()


@pytest.fixture
def open_dialog(
    store: SettingsStore, background: BackgroundRunner, job: Job, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> OpenDialog:
    """Return a function that opens an active dialog for songs, or for one song in a state, and waits until it is complete.

    The screen is one that the dialog fits.
    """
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(1440, 900))

    def open_for(songs: Sequence[ExportSong] | None = None, state: SongState | None = None) -> ExportDialog:
        dialog = ExportDialog(songs or [ExportSong(job, state or SongState())], store, background)
        qtbot.addWidget(dialog)
        dialog.open()
        dialog.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
        qtbot.waitUntil(lambda: dialog._facts is not None and dialog._free_bytes is not None)
        return dialog

    return open_for


def make_song(job: Job, title: str, stem_count: int = 4, state: SongState | None = None) -> ExportSong:
    return ExportSong(replace(job, id=str(uuid4()), title=title, stems=job.stems[:stem_count]), state or SongState())


def files_of(dialog: ExportDialog) -> list[str]:
    return [row.name_label.text() for row in dialog.form.results.rows if not row.isHidden()]


def sizes_of(dialog: ExportDialog) -> list[str]:
    return [row.size_label.text() for row in dialog.form.results.rows if not row.isHidden()]


def stem_box(dialog: ExportDialog, name: str) -> CheckBox:
    return next(row.box for row in dialog.content.stems.rows if row.name == name)


def apply_box(dialog: ExportDialog, field: str) -> CheckBox:
    return dialog.content.apply_rows[field].box


def type_name(dialog: ExportDialog, template: str) -> None:
    dialog.form.name_field.selectAll()
    QtBot.keyClicks(dialog.form.name_field, template)


def choose_kind(dialog: ExportDialog, kind: ExportKind) -> None:
    QtBot.mouseClick(dialog.content.cards.buttons[list(ExportKind).index(kind)], Qt.MouseButton.LeftButton)


def summary(dialog: ExportDialog) -> str:
    return dialog.form.results.summary_label.text()


def test_song_is_offered_with_all_its_stems_in_the_format_of_the_settings(
    open_dialog: OpenDialog, store: SettingsStore
) -> None:
    store.change(export_format="flac")
    dialog = open_dialog()
    assert dialog.windowTitle() == "Export “Night Drive”"
    assert files_of(dialog) == [
        f"Mara Lind - Night Drive ({stem}).flac" for stem in ("Vocals", "Drums", "Bass", "Other")
    ]
    assert dialog.export_button.text() == "&Export 4 files"
    assert dialog.result_settings == ExportSettings(file_format="flac")
    assert dialog.result_settings.copies_stems


def test_sizes_of_copies_are_those_of_the_stems_and_the_free_space_is_shown(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    assert sizes_of(dialog) == ["353 kB"] * 4
    assert summary(dialog).startswith("4 files, 1 MB · ")
    assert summary(dialog).endswith(" free")


def test_sizes_follow_depth_rate_loop_and_speed(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    seconds = 2.0
    for change, bytes_per_second in (
        ({"depth": "32f"}, 44100 * 2 * 4),
        ({"sample_rate": 96000}, 96000 * 2 * 4),
    ):
        dialog._change(change)
        assert sizes_of(dialog) == [f"{seconds * bytes_per_second / 1e3:.0f} kB".replace("1536 kB", "2 MB")] * 4
    dialog._change({"is_loop_only": True, "depth": "16", "sample_rate": None})
    assert sizes_of(dialog)[0] == f"{0.5 * 44100 * 4 / 1e3:.0f} kB"
    dialog._change({"applies_practice": True})
    assert sizes_of(dialog)[0] == f"{0.5 / 0.8 * 44100 * 4 / 1e3:.0f} kB"
    dialog._change({"file_format": "mp3"})
    assert sizes_of(dialog)[0].startswith("about ")


def test_mix_is_as_it_is_heard_unless_asked_otherwise(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    choose_kind(dialog, ExportKind.MIX)
    assert dialog.result_settings == ExportSettings(ExportKind.MIX, applies_levels=True, applies_practice=True)
    assert files_of(dialog) == ["Mara Lind - Night Drive (Mix).wav"]
    apply_box(dialog, "applies_practice").click()
    choose_kind(dialog, ExportKind.STEMS)
    assert dialog.result_settings == ExportSettings()
    choose_kind(dialog, ExportKind.MIX)
    assert dialog.result_settings == ExportSettings(ExportKind.MIX, applies_levels=True)
    stem_box(dialog, "vocals").click()
    stem_box(dialog, "other").click()
    assert files_of(dialog) == ["Mara Lind - Night Drive (Drums + bass).wav"]


def test_minus_one_of_each_stem_is_one_step(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    choose_kind(dialog, ExportKind.MINUS)
    assert files_of(dialog) == [
        f"Mara Lind - Night Drive (No {stem}).wav" for stem in ("vocals", "drums", "bass", "other")
    ]
    stem_box(dialog, "drums").click()
    assert dialog.result_settings == ExportSettings(ExportKind.MINUS, ("vocals", "bass", "other"))


def test_stem_file_is_one_file_in_aac_or_apple_lossless_and_the_format_of_other_kinds_stays(
    open_dialog: OpenDialog,
) -> None:
    dialog = open_dialog()
    formats = dialog.form.format_control
    choose_kind(dialog, ExportKind.NI_STEM)
    assert files_of(dialog) == ["Mara Lind - Night Drive.stem.mp4"]
    assert sizes_of(dialog) == ["about 320 kB"]
    assert [formats.itemText(row) for row in range(formats.count())] == ["AAC", "Apple Lossless"]
    assert (formats.currentText(), dialog.form.depth_control.isHidden()) == ("AAC", True)
    assert dialog.content.exact_label.isHidden()
    choose_kind(dialog, ExportKind.STEMS)
    assert (formats.currentText(), formats.count()) == ("WAV", len(AUDIO_FORMATS))
    choose_kind(dialog, ExportKind.NI_STEM)
    formats.setCurrentIndex(1)
    assert dialog.result_settings == ExportSettings(ExportKind.NI_STEM, file_format="alac")
    assert [button.text() for button in dialog.form.depth_control.control.buttons] == ["As the song · 16", "24"]


def test_project_is_offered_beside_lossless_stems_only(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    project = dialog.form.project_control
    assert [project.itemText(row) for row in range(project.count())] == ["No project file", "Reaper", "DAWproject"]
    project.setCurrentIndex(1)
    assert dialog.result_settings == ExportSettings(project=ProjectKind.REAPER)
    assert files_of(dialog)[4:] == ["Mara Lind - Night Drive (Project).rpp", "Mara Lind - Night Drive (Tempo map).mid"]
    assert sizes_of(dialog) == [*["353 kB"] * 4, "", ""]
    assert summary(dialog).startswith("6 files, 1 MB · ")
    assert dialog.export_button.text() == "&Export 6 files"
    assert not dialog.content.exact_label.isHidden()
    for change in ({"file_format": "mp3"}, {"file_format": "wav", "kind": ExportKind.MIX}):
        dialog._change(change)
        assert project.isHidden()
        assert dialog.result_settings.project is ProjectKind.NONE
    dialog._change({"kind": ExportKind.STEMS, "stems": ()})
    assert not project.isHidden()
    assert not dialog.export_button.isEnabled()


def test_songs_whose_stems_have_no_place_in_a_stem_file_have_none(open_dialog: OpenDialog, job: Job) -> None:
    birds = replace(job, id=str(uuid4()), stems=(*job.stems, replace(job.stems[0], name="birds")))
    dialog = open_dialog([ExportSong(birds, SongState())])
    choose_kind(dialog, ExportKind.NI_STEM)
    assert not dialog.export_button.isEnabled()
    assert summary(dialog).startswith("A stem file holds drums, bass, vocals and other")
    both = open_dialog([ExportSong(birds, SongState()), ExportSong(job, SongState())])
    choose_kind(both, ExportKind.NI_STEM)
    assert summary(both).startswith("1 file, about ")


def test_check_boxes_say_what_they_apply_of_this_song(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=replace(PRACTISED, click=Click(is_on=True)))
    texts = [
        (row.box.text().replace("&", ""), row.box.accessibleDescription()) for row in dialog.content.apply_rows.values()
    ]
    assert texts == [
        ("Levels, pan and mutes of Mix A", ""),
        ("Speed 80 % and key −2 st", ""),
        ("Loop “Chorus” only", "0:00.5 – 0:01.0"),
    ]
    choose_kind(dialog, ExportKind.MIX)
    assert apply_box(dialog, "applies_levels").text() == "Le&vels, pan, mutes and click of Mix A"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (SongState(cents=300), "Key +3 st"),
        (SongState(speed_percent=62.5), "Speed 62.5 %"),
        (SongState(mixes={"A": Mix({"bass": LaneMix(cents=100)})}), "Key of single stems"),
    ],
)
def test_speed_or_key_alone_is_named_alone(open_dialog: OpenDialog, state: SongState, text: str) -> None:
    dialog = open_dialog(state=state)
    box = apply_box(dialog, "applies_practice")
    assert (box.text().replace("&", ""), box.isEnabled()) == (text, True)


def test_check_box_with_nothing_to_apply_is_disabled_and_says_why(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    rows = dialog.content.apply_rows.values()
    assert [(row.box.isEnabled(), row.box.accessibleDescription()) for row in rows] == [
        (False, "Not changed in the player"),
        (False, "Not changed in the player"),
        (False, "No loop is chosen"),
    ]
    choose_kind(dialog, ExportKind.MIX)
    assert not any(row.box.isChecked() for row in rows)
    assert dialog.result_settings == ExportSettings(ExportKind.MIX)


def test_loop_outside_of_the_song_is_none(job: Job) -> None:
    state = SongState(loops=(Loop(1.5, 9.0), Loop(5.0, 6.0)), loop_index=0)
    assert ExportSong(job, state).loop == Loop(1.5, 2.0)
    assert ExportSong(job, replace(state, loop_index=1)).loop is None


def test_songs_are_offered_together_with_the_stems_that_any_has(open_dialog: OpenDialog, job: Job) -> None:
    songs = [make_song(job, f"Song {n}", 2 + n % 2 * 2, PRACTISED if n < 3 else None) for n in range(20)]
    dialog = open_dialog(songs)
    assert dialog.windowTitle() == "Export 20 songs"
    details = {row.name: row.box.accessibleDescription() for row in dialog.content.stems.rows}
    assert details == {"vocals": "", "drums": "", "bass": "in 10 songs", "other": "in 10 songs"}
    assert [row.box.accessibleDescription() for row in dialog.content.apply_rows.values()] == [
        "Changed in 3 songs",
        "Changed in 3 songs",
        "3 songs have a loop, the others are whole",
    ]
    assert len(files_of(dialog)) == plan.MAX_SHOWN_FILES
    assert "and 54 more files" in dialog.form.results.value_text
    assert summary(dialog).startswith("60 files of 20 songs, 21 MB · ")
    stem_box(dialog, "vocals").click()
    stem_box(dialog, "drums").click()
    assert summary(dialog).startswith("20 files of 10 songs, ")


def test_promise_of_an_exact_sum_is_made_only_where_it_is_kept(open_dialog: OpenDialog, job: Job) -> None:
    dialog = open_dialog(state=PRACTISED)

    def promises(**changes: object) -> bool:
        dialog._show(replace(ExportSettings(), **changes))
        return not dialog.content.exact_label.isHidden()

    assert promises()
    assert promises(file_format="flac")
    assert promises(depth="24")
    for change in (
        {"kind": ExportKind.MIX},
        {"stems": ("vocals",)},
        {"file_format": "mp3"},
        {"sample_rate": 48000},
        {"applies_levels": True},
        {"is_loop_only": True},
        {"normalises": True},
    ):
        assert not promises(**change), change
    raw = open_dialog([ExportSong(replace(job, null_dbfs=-90.0), SongState())])
    assert raw.content.exact_label.isHidden()


def test_depths_and_rates_are_those_of_the_format(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()

    def depths() -> list[str]:
        return [button.text() for button in dialog.form.depth_control.control.buttons]

    rates = dialog.form.rate_control
    assert depths() == ["As the song · 16", "24", "32 float"]
    assert rates.itemText(0) == "As the song · 44\u202f100 Hz"
    dialog._change({"depth": "32f", "sample_rate": 96000})
    dialog.form.format_control.setCurrentIndex(1)
    assert depths() == ["As the song · 16", "24"]
    assert (dialog.result_settings.depth, dialog.result_settings.sample_rate) == (None, 96000)
    dialog.form.format_control.setCurrentIndex(list(AUDIO_FORMATS).index("mp3"))
    assert dialog.form.depth_control.isHidden()
    assert [rates.itemData(row) for row in range(rates.count())] == [0, 44100, 48000]
    assert dialog.result_settings == ExportSettings(file_format="mp3")


def test_names_are_previewed_while_they_are_typed_and_a_wrong_one_says_what_is_wrong(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    type_name(dialog, "{title}-{part}")
    assert files_of(dialog)[0] == "Night Drive-Vocals.wav"
    type_name(dialog, "{titel}")
    assert dialog.form.name_error_label.text() == "There is no field {titel}."
    assert dialog.form.name_field.accessibleDescription() == "There is no field {titel}."
    assert not dialog.export_button.isEnabled()
    QtBot.keyClick(dialog.form.name_field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    type_name(dialog, "{part}")
    assert dialog.form.name_error_label.isHidden()
    assert dialog.export_button.isEnabled()


def test_menu_inserts_a_field_into_the_name(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    type_name(dialog, "X ")
    menu = dialog.form.fields_button.menu()
    next(action for action in menu.actions() if action.text().endswith("{title}")).trigger()
    assert dialog.result_settings.name_template == "X {title}"
    assert files_of(dialog)[0] == "X Night Drive (Vocals).wav"


def test_without_a_stem_there_is_nothing_to_export(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    for row in dialog.content.stems.rows:
        row.box.click()
    assert not dialog.export_button.isEnabled()
    assert summary(dialog).startswith("No file yet: choose a stem")


def test_too_little_space_is_said(open_dialog: OpenDialog) -> None:
    dialog = open_dialog()
    dialog._show_folder_facts(dialog.folder, plan.FolderFacts(free_bytes=100_000))
    assert summary(dialog) == "4 files, 1 MB · only 100 kB free. Free up space there, or choose another folder."


def test_files_and_free_space_are_read_outside_of_the_gui_thread(
    open_dialog: OpenDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[str] = []

    def record(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            readers.append(f"{name} {threading.current_thread() is threading.main_thread()}")
            return function(*arguments)

        return call

    for owner, name in ((plan.shutil, "disk_usage"), (plan, "check_output_folder"), (plan, "_read_stem_facts")):
        monkeypatch.setattr(owner, name, record(name, getattr(owner, name)))
    open_dialog()
    assert sorted(readers) == ["_read_stem_facts False", "check_output_folder False", "disk_usage False"]


def test_chosen_folder_is_shown_checked_and_remembered(
    open_dialog: OpenDialog, store: SettingsStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    (tmp_path / "file").touch()

    def choose(name: str) -> None:
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / name))
        dialog.form.folder_button.click()

    choose("file")
    qtbot.waitUntil(lambda: "it is a file" in dialog.form.folder_error_label.text())
    choose("new")
    qtbot.waitUntil(lambda: dialog.form.folder_error_label.isHidden())
    assert dialog.form.folder_button.accessibleName() == f"Folder: {tmp_path / 'new'}"
    assert load_settings(Home(tmp_path / "home")).export_folder == str(tmp_path / "out")
    with qtbot.waitSignal(dialog.accepted):
        dialog.export_button.click()
    assert store.settings.export_folder == str(tmp_path / "new")


def test_folder_that_cannot_be_written_keeps_the_dialog_open_and_gets_the_focus(
    open_dialog: OpenDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    (tmp_path / "out").rmdir()
    (tmp_path / "out").touch()
    dialog.export_button.click()
    qtbot.waitUntil(lambda: not dialog.form.folder_error_label.isHidden())
    assert "it is a file" in dialog.form.folder_error_label.text()
    assert dialog.focusWidget() is dialog.form.folder_button
    assert dialog.isVisible()


@pytest.mark.parametrize("answer", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_existing_files_are_asked_about_once_and_never_overwritten(
    open_dialog: OpenDialog, tmp_path: Path, qtbot: QtBot, answer: Qt.Key
) -> None:
    for stem in ("Vocals", "DRUMS"):
        (tmp_path / "out" / f"Mara Lind - Night Drive ({stem}).wav").touch()
    dialog = open_dialog()
    QtBot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.collision_dialog is not None)
    question = dialog.collision_dialog
    assert "2 of these files exist already" in [label.text() for label in question.findChildren(QLabel)]
    assert question.keep_button.isDefault()
    QtBot.keyClick(question, answer)
    assert dialog.isVisible() is (answer == Qt.Key.Key_Escape)


def test_what_is_read_after_the_dialog_was_closed_is_ignored(
    store: SettingsStore, background: BackgroundRunner, job: Job, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume, read_folders, delivered = threading.Event(), list[Path](), list[object]()

    def read(folder: Path) -> plan.FolderFacts:
        resume.wait(30)
        read_folders.append(folder)
        return plan.FolderFacts()

    monkeypatch.setattr(dialog_module, "read_folder_facts", read)
    dialog = ExportDialog([ExportSong(job, SongState())], store, background)
    dialog.open()
    dialog.reject()
    dialog.deleteLater()
    qtbot.waitUntil(lambda: not isValid(dialog))
    resume.set()
    for thread in threading.enumerate():
        if thread.name == "detached":
            thread.join()
    background.call_in_gui_thread(lambda: delivered.append(read_folders))  # after what was read
    qtbot.waitUntil(lambda: delivered == [read_folders] and bool(read_folders))


def test_folder_that_cannot_be_listed_has_no_known_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(plan.shutil, "disk_usage", refuse)
    assert plan.read_folder_facts(tmp_path) == plan.FolderFacts()


def test_change_during_the_check_of_the_folder_is_checked_too(open_dialog: OpenDialog, qtbot: QtBot) -> None:
    dialog = open_dialog()
    dialog.export_button.click()
    assert dialog.export_button.text() == "Checking the folder…"
    stem_box(dialog, "vocals").click()
    with qtbot.waitSignal(dialog.accepted):
        pass
    assert dialog.result_settings.stems == ("drums", "bass", "other")


def presets_of(dialog: ExportDialog) -> list[str]:
    dialog.preset_button.presets_menu.aboutToShow.emit()
    return [action.text() for action in dialog.preset_button.presets_menu.actions() if action.text()]


def choose_in_presets(dialog: ExportDialog, text: str) -> None:
    presets_of(dialog)
    next(action for action in dialog.preset_button.presets_menu.actions() if action.text() == text).trigger()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Instrumental", ["No vocals"]),
        ("A cappella", ["Vocals"]),
        ("Minus drums", ["No drums"]),
        ("Minus bass", ["No bass"]),
        ("Drums + bass", ["Drums + bass"]),
        ("All stems", ["Vocals", "Drums", "Bass", "Other"]),
    ],
)
def test_built_in_preset_chooses_parts_and_keeps_the_form(
    open_dialog: OpenDialog, name: str, parts: Sequence[str]
) -> None:
    dialog = open_dialog()
    dialog._change({"kind": ExportKind.MIX, "file_format": "flac", "stems": ("other",)})
    choose_in_presets(dialog, name)
    assert files_of(dialog) == [f"Mara Lind - Night Drive ({part}).flac" for part in parts]
    assert dialog.preset_button.accessibleName() == f"Preset: {name}"


def test_preset_is_saved_under_a_name_renamed_and_deleted(
    open_dialog: OpenDialog, store: SettingsStore, tmp_path: Path, qtbot: QtBot
) -> None:
    wanted = ExportSettings(ExportKind.MINUS, ("vocals",), "flac", "24", normalises=True, name_template="{title}")
    dialog = open_dialog()
    dialog._show(wanted)
    choose_in_presets(dialog, "Save as a preset…")
    question = dialog.preset_button.name_dialog
    assert not question.accept_button.isEnabled()
    QtBot.keyClicks(question.field, "all stems")
    assert question.error_label.text() == "There is a preset of this name."
    question.field.clear()
    QtBot.keyClicks(question.field, " For the band ")
    QtBot.keyClick(question.field, Qt.Key.Key_Return)
    assert dialog.preset_button.accessibleName() == "Preset: For the band"
    saved = json.loads((tmp_path / "home" / "settings.json").read_text())["export_presets"]
    assert json.loads(saved)["For the band"]["kind"] == "minus"

    other = open_dialog()
    choose_in_presets(other, "For the band")
    assert other.result_settings == wanted
    choose_in_presets(other, "Rename “For the band”…")
    other.preset_button.name_dialog.field.setText("R&B")
    other.preset_button.name_dialog.accept_button.click()
    assert "R&&B" in presets_of(other)
    choose_in_presets(other, "Delete “R&&B”")
    assert presets_of(other) == presets_of(open_dialog())
    assert other.preset_button.accessibleName() == "Preset: Instrumental"


def test_preset_of_a_later_version_is_not_shown_and_kept(open_dialog: OpenDialog, store: SettingsStore) -> None:
    later = {"kind": "hologram"}
    store.change(export_presets=json.dumps({"Later": later}))
    dialog = open_dialog()
    assert "Later" not in presets_of(dialog)
    choose_in_presets(dialog, "Save as a preset…")
    dialog.preset_button.name_dialog.field.setText("Mine")
    dialog.preset_button.name_dialog.accept_button.click()
    assert json.loads(store.settings.export_presets)["Later"] == later
    store.change(export_presets="damaged")
    assert "Mine" not in presets_of(dialog)


def test_reset_shows_what_was_offered_first(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    choose_kind(dialog, ExportKind.MIX)
    apply_box(dialog, "applies_levels").click()
    type_name(dialog, "{title}")
    dialog.reset_button.click()
    assert dialog.result_settings == ExportSettings()
    assert dialog.form.name_field.text() == ExportSettings().name_template
    choose_kind(dialog, ExportKind.MIX)
    assert dialog.result_settings.applies_levels


def test_export_by_keys_alone(open_dialog: OpenDialog, qtbot: QtBot) -> None:
    dialog = open_dialog(state=PRACTISED)

    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QtBot.keyClick(dialog.focusWidget() or dialog, key, modifier)

    alt = Qt.KeyboardModifier.AltModifier
    assert dialog.focusWidget() is dialog.content.cards.buttons[0]
    press(Qt.Key.Key_Space)  # out of habit, to play
    assert dialog.result_settings == ExportSettings()
    press(Qt.Key.Key_Right)
    assert dialog.result_settings.kind is ExportKind.MIX
    press(Qt.Key.Key_W, alt)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_K, alt)
    press(Qt.Key.Key_L, alt)
    press(Qt.Key.Key_F, alt)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_D, alt)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_T, alt)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_A, alt)
    dialog.form.name_field.selectAll()
    qtbot.keyClicks(dialog.form.name_field, "{title}")
    qtbot.waitUntil(lambda: dialog.result_settings.is_loop_only and not dialog.result_settings.applies_practice)
    with qtbot.waitSignal(dialog.accepted):
        press(Qt.Key.Key_Return)
    assert dialog.result_settings == ExportSettings(
        ExportKind.MIX, ("drums", "other"), "flac", "24", 44100, True, False, True, name_template="{title}"
    )


def test_tab_visits_every_control_in_visual_order(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    form, content = dialog.form, dialog.content
    expected = [
        *(row.box for row in content.stems.rows),
        *(row.box for row in content.apply_rows.values()),
        form.format_control,
        form.depth_control.control.buttons[0],
        form.rate_control,
        form.normalise_switch,
        form.tags_switch,
        form.project_control,
        form.name_field,
        form.fields_button,
        form.folder_button,
        form.results,
        dialog.reset_button,
        dialog.cancel_button,
        dialog.export_button,
        dialog.preset_button,
        content.cards.buttons[0],
    ]
    visited = []
    for _ in expected:
        QtBot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        visited.append(dialog.focusWidget())
    assert visited == expected
    QtBot.keyClick(dialog.focusWidget(), Qt.Key.Key_Backtab)
    assert dialog.focusWidget() is dialog.preset_button


def test_focus_of_every_control_is_visible(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    controls: list[QWidget] = [
        dialog.content.cards.buttons[0],
        dialog.content.stems.rows[0].box,
        apply_box(dialog, "is_loop_only"),
        dialog.form.depth_control.control.buttons[0],
        dialog.form.normalise_switch,
        dialog.form.fields_button,
        dialog.form.folder_button,
        dialog.form.results,
        dialog.preset_button,
        dialog.export_button,
    ]
    for control in controls:
        dialog.form.name_field.setFocus()
        before = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.grab().toImage() != before, control.accessibleName()


def test_letters_of_controls_are_unique(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    texts = [widget.text() for widget in (*dialog.findChildren(QLabel), *dialog.findChildren(QPushButton))]
    texts += [widget.text() for widget in (*dialog.content.cards.buttons, *dialog.findChildren(CheckBox))]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(letters) == len(set(letters)) == 19


def test_return_exports_from_every_control_that_has_no_use_for_it(open_dialog: OpenDialog, qtbot: QtBot) -> None:
    for name in ("cards", "stem", "depth", "name"):
        dialog = open_dialog()
        controls = {
            "cards": dialog.content.cards.buttons[0],
            "stem": dialog.content.stems.rows[0].box,
            "depth": dialog.form.depth_control.control.buttons[0],
            "name": dialog.form.name_field,
        }
        controls[name].setFocus()
        with qtbot.waitSignal(dialog.accepted):
            QtBot.keyClick(controls[name], Qt.Key.Key_Return)


def test_screen_reader_gets_names_roles_and_values(open_dialog: OpenDialog) -> None:
    dialog = open_dialog(state=PRACTISED)
    form, content = dialog.form, dialog.content
    role = QAccessible.Role
    described = {
        content.cards: ("What to export", role.Grouping),
        content.cards.buttons[1]: ("Mix", role.RadioButton),
        content.stems: ("Which stems", role.Grouping),
        stem_box(dialog, "vocals"): ("Vocals", role.CheckBox),
        apply_box(dialog, "is_loop_only"): ("Loop “Chorus” only", role.CheckBox),
        form.format_control: ("WAV", role.ComboBox),  # as Qt names all lists on Linux; the label is a relation
        form.depth_control.control: ("Depth", role.Grouping),
        form.depth_control.control.buttons[0]: ("As the song · 16", role.RadioButton),
        form.rate_control: ("As the song · 44\u202f100 Hz", role.ComboBox),
        form.normalise_switch: ("Normalise", role.CheckBox),
        form.tags_switch: ("Tags and cover", role.CheckBox),
        form.project_control: ("No project file", role.ComboBox),
        form.name_field: ("Name", role.EditableText),
        form.fields_button: ("Insert a field into the name", role.ButtonMenu),
        form.folder_button: (f"Folder: {dialog.folder}", role.Button),
        form.results: ("You get", role.List),
        dialog.preset_button: ("Preset: All stems", role.ButtonMenu),
        dialog.export_button: ("Export 4 files", role.Button),
    }
    interfaces = {widget: QAccessible.queryAccessibleInterface(widget) for widget in described}
    found = {widget: (each.text(QAccessible.Text.Name), each.role()) for widget, each in interfaces.items()}
    assert found == described
    results = QAccessible.queryAccessibleInterface(dialog.form.results)
    assert results.role() == role.List
    assert results.text(QAccessible.Text.Description).startswith("Mara Lind - Night Drive (Vocals).wav, 353 kB\n")
    assert "4 files, 1 MB" in results.text(QAccessible.Text.Description)


def test_everything_is_reached_in_the_smallest_window(
    open_dialog: OpenDialog, monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _: MINIMUM_SIZE)
    dialog = open_dialog([make_song(job, f"Song {n}", state=PRACTISED) for n in range(50)])
    assert dialog.width() <= MINIMUM_SIZE.width()
    assert dialog.height() <= MINIMUM_SIZE.height() - 40  # a title bar
    for control in (
        dialog.content.cards.buttons[0],
        apply_box(dialog, "is_loop_only"),
        dialog.form.folder_button,
        dialog.form.results,
    ):
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.visibleRegion().boundingRect() == control.rect()
    for button in (dialog.reset_button, dialog.cancel_button, dialog.export_button, dialog.preset_button):
        assert button.visibleRegion().boundingRect() == button.rect()


def test_long_names_fit(open_dialog: OpenDialog, job: Job, qtbot: QtBot) -> None:
    state = replace(PRACTISED, loops=(Loop(0.0, 1.0, "A loop & more " * 20),))
    dialog = open_dialog([ExportSong(replace(job, title="Title " * 60, artist="R&B " * 60), state)])
    assert dialog.width() == 980

    def cut_widgets() -> list[QWidget]:
        widgets = [each for each in dialog.findChildren(QWidget) if isinstance(each, QLabel | CheckBox | Switch)]
        rights = [(each, each.mapTo(dialog, each.rect().topRight()).x()) for each in widgets if each.isVisible()]
        return [each for each, right in rights if right > dialog.width() - 18]

    qtbot.waitUntil(lambda: not cut_widgets())  # the layout follows the names of the files, which are found later
    assert "&&" in apply_box(dialog, "is_loop_only").text()
