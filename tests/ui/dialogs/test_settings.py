"""The settings dialog: each change is saved at once, in the worker's file and in the window's settings."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QScreen, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.export.settings import ExportKind, ExportSettings
from desktop.paths import Home
from desktop.playback.sound_server import OutputDevice
from desktop.runtime import nvidia
from desktop.runtime.settings_file import SettingsFile, load_settings
from desktop.setting_spec import Choice
from desktop.settings import RUNTIMES, SETTINGS, Settings
from desktop.ui.app.main_window import MINIMUM_SIZE, MainWindow
from desktop.ui.app.song_importer import list_demo_songs
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export.presets import PresetStore
from desktop.ui.dialogs.settings import SettingsDialog, met_needs, offered_choices
from desktop.ui.dialogs.settings_widgets import SettingRow
from desktop.ui.widgets.check_box import Switch
from tests.helpers.jobs import make_job
from tests.helpers.settings import save_settings
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
ROWS = {key: setting.row for key, setting in SETTINGS.items() if setting.row}
SETTING_NAMES = tuple(ROWS)
BUTTON_COUNT = 5
DEVICES = (OutputDevice("speakers", "Speakers", 2), OutputDevice("interface", "Interface 6", 6))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


def _wait_active(window: QWidget, qtbot: QtBot) -> None:
    """Wait until exactly this window is active. `qtbot.waitActive` accepts an active parent or child too."""
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)


def _create_dialog(home: Home, qtbot: QtBot, devices: Sequence[OutputDevice] = DEVICES) -> SettingsDialog:
    dialog = SettingsDialog(SettingsStore(home), home, offers_updates=True, list_devices=lambda: devices)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog._outputs.changed):
        dialog.show_on_top()
    qtbot.waitExposed(dialog)
    return dialog


@pytest.fixture
def dialog(home: Home, qtbot: QtBot) -> SettingsDialog:
    return _create_dialog(home, qtbot)


@pytest.fixture
def full_dialog(home: Home, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> SettingsDialog:
    """Return a dialog with every setting, on a screen that it fits."""
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(2560, 1440))
    SettingsFile(home).change(output_device="interface", auto_export=True)
    return _create_dialog(home, qtbot)


def _open_settings(window: MainWindow, qtbot: QtBot) -> SettingsDialog:
    """Open the settings with their shortcut and return the dialog."""
    window.activateWindow()
    _wait_active(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(SettingsDialog)))
    return window.findChildren(SettingsDialog)[0]


def _controls(dialog: SettingsDialog) -> dict[str, QWidget]:
    return {name: dialog.controls[name] for name in SETTING_NAMES}


def _offered(name: str, current: str | float, has_tray: bool = True, **system: Any) -> list[Choice]:
    return offered_choices(SETTINGS[name], current, met_needs(has_tray, offers_updates=True, **system))


def _select(box: QComboBox, value: object) -> None:
    """Select a value of a combo box with the arrow keys."""
    target = [box.itemData(row) for row in range(box.count())].index(value)
    box.setFocus()
    while box.currentIndex() != target:
        key = Qt.Key.Key_Down if box.currentIndex() < target else Qt.Key.Key_Up
        QtBot.keyClick(box, key)


def _shown_values(dialog: SettingsDialog) -> dict[str, object]:
    controls = _controls(dialog).items()
    return {name: box.isChecked() if isinstance(box, Switch) else box.value for name, box in controls}


def _expected_values(settings: Settings) -> dict[str, object]:
    return {name: asdict(settings)[name] for name in SETTING_NAMES}


def _write_settings(home: Home, values: dict[str, Any]) -> None:
    home.settings.write_text(json.dumps(values), encoding="utf-8")


def test_changed_setting_is_saved_at_once(dialog: SettingsDialog, home: Home) -> None:
    QtBot.mouseClick(dialog.controls["draft"], Qt.MouseButton.LeftButton)
    assert json.loads(home.settings.read_text())["draft"] is False
    QtBot.keyClick(dialog.controls["fast"], Qt.Key.Key_Space)
    assert json.loads(home.settings.read_text())["fast"] is True
    for box, name, value in (
        (dialog.controls["runtime"], "runtime", "torch"),
        (dialog.controls["shifts"], "shifts", 5),
    ):
        _select(box, value)
        assert json.loads(home.settings.read_text())[name] == value
    for value in (0.1, 0.5):
        _select(dialog.controls["overlap"], value)
        assert json.loads(home.settings.read_text())["overlap"] == value
    assert load_settings(home) == Settings(draft=False, fast=True, runtime="torch", shifts=5, overlap=0.5)


@pytest.mark.parametrize("runtime", [choice.value for choice in _offered("runtime", "auto")])
def test_saved_settings_are_shown(home: Home, qtbot: QtBot, runtime: str) -> None:
    saved = Settings(draft=False, fast=True, runtime=runtime, shifts=10, overlap=0.1)
    save_settings(home, saved)
    assert _shown_values(_create_dialog(home, qtbot)) == _expected_values(saved)


@pytest.mark.parametrize(
    "values",
    [
        {"runtime": "abacus", "shifts": -3, "overlap": 7.5},
        {"runtime": 3, "shifts": "many", "overlap": [], "draft": "yes", "fast": None},
        {"runtime": "mps" if sys.platform != "darwin" else "cuda", "shifts": 10**30, "overlap": float("nan")},
        {"shifts": False, "overlap": float("inf")},
        {},
    ],
)
def test_unknown_values_are_shown_as_the_defaults(home: Home, qtbot: QtBot, values: dict[str, Any]) -> None:
    _write_settings(home, values)
    assert _shown_values(_create_dialog(home, qtbot)) == _expected_values(Settings())


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00"])
def test_damaged_file_shows_the_defaults_and_can_be_written_again(home: Home, qtbot: QtBot, content: bytes) -> None:
    home.settings.write_bytes(content)
    dialog = _create_dialog(home, qtbot)
    assert _shown_values(dialog) == _expected_values(Settings())
    dialog.controls["fast"].click()
    assert load_settings(home) == Settings(fast=True)


def test_hand_written_numbers_are_shown_unchanged(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings(shifts=3, overlap=0.33))
    dialog = _create_dialog(home, qtbot)
    assert dialog.controls["shifts"].currentText() == "3 passes"
    assert dialog.controls["overlap"].currentText() == "33 %"


def test_quit_choice_and_sleep_prevention_are_saved_and_restored_to_defaults(
    dialog: SettingsDialog, home: Home
) -> None:
    _select(dialog.controls["quit"], "stop")
    dialog.controls["awake"].click()
    assert load_settings(home) == Settings(quit="stop", awake=False)
    dialog.restore_button.click()
    assert load_settings(home) == Settings()


def test_folder_and_preset_are_shown_while_songs_are_exported_automatically(
    full_dialog: SettingsDialog, home: Home
) -> None:
    shown = [full_dialog.controls[key] for key in ("auto_export_folder", "auto_export_preset")]
    assert all(control.isVisible() for control in shown)
    height = full_dialog.height()
    full_dialog.controls["auto_export"].click()
    assert not any(control.isVisible() for control in shown)
    assert full_dialog.height() < height
    assert not load_settings(home).auto_export
    full_dialog.controls["auto_export"].click()
    assert all(control.isVisible() for control in shown)
    assert full_dialog.height() == height


def test_folder_of_automatic_exports_is_chosen_in_the_system_dialog_and_restored_to_its_default(
    full_dialog: SettingsDialog, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = full_dialog.controls["auto_export_folder"]
    default = button.text()
    assert default.endswith("Unbraid")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")  # the user cancels
    button.click()
    assert load_settings(home).auto_export_folder == ""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    QtBot.keyClick(button, Qt.Key.Key_Space)
    assert load_settings(home).auto_export_folder == str(tmp_path)
    assert button.accessibleName() == f"Export folder: {tmp_path}"
    full_dialog.restore_button.click()
    assert button.text() == default
    assert load_settings(home).auto_export_folder == ""


def test_built_in_and_saved_presets_are_offered_for_automatic_exports(
    full_dialog: SettingsDialog, home: Home, qtbot: QtBot
) -> None:
    box = full_dialog.controls["auto_export_preset"]
    assert box.currentText() == "All stems"
    presets = PresetStore(full_dialog._settings_store)
    presets.save("For <b>the</b> band", ExportSettings(ExportKind.MIX))
    assert [box.itemText(row) for row in range(box.count())] == [
        "All stems", "Instrumental", "A cappella", "Minus drums", "Minus bass", "Drums + bass", "For <b>the</b> band",
    ]  # fmt: skip
    _select(box, "saved:For <b>the</b> band")
    presets.rename("For <b>the</b> band", "Band")
    assert load_settings(home).auto_export_preset == "saved:Band"
    assert box.currentText() == "Band"
    presets.delete("Band")
    assert box.currentText() == "All stems"


def test_quit_to_background_is_offered_only_with_a_tray() -> None:
    assert [choice.value for choice in _offered("quit", "ask", has_tray=True)] == ["ask", "background", "stop"]
    assert [choice.value for choice in _offered("quit", "ask", has_tray=False)] == ["ask", "stop"]


def test_opening_and_closing_the_dialog_writes_no_file(dialog: SettingsDialog, home: Home) -> None:
    dialog.close()
    dialog.show_on_top()
    assert not home.settings.exists()


def test_runtime_of_the_last_song_is_described(window: MainWindow) -> None:
    def description() -> str:
        window.dialogs.open_settings()
        (dialog,) = window.findChildren(SettingsDialog)
        return dialog.controls["runtime"].accessibleDescription()

    assert description() == "Automatic uses the fastest option on this computer."
    first, last = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2))
    for name, started in (("torch", last), ("openvino", first), ("numpy", last), (None, None)):
        window.library.table_model.upsert_jobs([make_job(str(name), runtime=name, started=started)])
    assert description().endswith(" The last song: PyTorch on the processor.")


def test_unused_gpu_is_mentioned_in_the_description_of_the_runtime(
    dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia, "setup_hint", lambda: nvidia.GPU_EDITION_HINT)
    dialog.show_on_top()
    assert dialog.controls["runtime"].accessibleDescription().endswith(str(nvidia.GPU_EDITION_HINT))


def test_only_runtimes_of_the_platform_are_offered() -> None:
    def runtimes(platform: str, openvino: bool) -> list[str]:
        choices = _offered("runtime", "auto", platform=platform, has_openvino=openvino)
        return [str(choice.value) for choice in choices]

    assert runtimes("linux", True) == ["auto", "openvino", "torch", "cuda"]
    assert runtimes("win32", False) == ["auto", "torch", "cuda"]
    assert runtimes("darwin", True) == ["auto", "openvino", "torch", "mps"]


def test_listing_the_runtimes_imports_neither_torch_nor_openvino() -> None:
    code = (
        "import sys; from desktop.ui.dialogs.settings import met_needs; met_needs(True, True); "
        "assert not {'torch', 'openvino'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_runtime_that_can_compute_a_model_can_be_selected_somewhere() -> None:
    assert {choice.value for choice in SETTINGS["runtime"].row.choices} == set(RUNTIMES)


def test_choices_are_sorted_and_unique() -> None:
    for choices in (
        _offered(*current) for current in (("shifts", 0), ("shifts", 3), ("overlap", 0.25), ("overlap", 0.33))
    ):
        values = [float(choice.value) for choice in choices]
        assert values == sorted(set(values))
        assert len({str(choice.text) for choice in choices}) == len(choices)


def test_restore_defaults_keeps_settings_outside_the_dialog(home: Home, qtbot: QtBot) -> None:
    save_settings(
        home,
        Settings(
            "htdemucs_ft",
            runtime="torch",
            fast=True,
            draft=False,
            shifts=5,
            overlap=0.5,
            master_db=-3.0,
            folder="/music",
        ),
    )
    dialog = _create_dialog(home, qtbot)
    QtBot.keyClick(dialog.restore_button, Qt.Key.Key_Return)
    assert load_settings(home) == Settings("htdemucs_ft", master_db=-3.0, folder="/music")
    assert _shown_values(dialog) == _expected_values(Settings())


def test_save_error_is_shown_until_saving_succeeds(full_dialog: SettingsDialog, home: Home) -> None:
    dialog = full_dialog
    usual_text = dialog.status_label.text()
    assert "next song" in usual_text
    home.settings.unlink(missing_ok=True)
    home.settings.mkdir()
    dialog.controls["fast"].click()
    assert str(home.settings) in dialog.status_label.text()
    assert _is_unclipped(dialog)
    dialog.controls["shifts"].setCurrentIndex(1)
    assert str(home.settings) in dialog.status_label.text()
    home.settings.rmdir()
    dialog.controls["draft"].click()
    assert dialog.status_label.text() == usual_text
    assert load_settings(home) == Settings(draft=False, fast=True, shifts=2)


def test_open_dialog_shows_a_setting_that_another_process_changes(
    dialog: SettingsDialog, home: Home, qtbot: QtBot
) -> None:
    SettingsFile(home).change(fast=True, shifts=3, quit="stop")
    qtbot.waitUntil(lambda: _shown_values(dialog) == _expected_values(Settings(fast=True, shifts=3, quit="stop")))
    assert dialog.controls["shifts"].currentText() == "3 passes"


def test_changed_control_keeps_the_choices_that_it_had(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings(shifts=3))
    dialog = _create_dialog(home, qtbot)
    _select(dialog.controls["shifts"], 5)
    _select(dialog.controls["shifts"], 3)
    assert load_settings(home).shifts == 3


def test_update_setting_is_hidden_without_a_feed_and_restored_to_its_default_all_the_same(
    home: Home, qtbot: QtBot
) -> None:
    save_settings(home, Settings(updates=True))
    dialog = SettingsDialog(SettingsStore(home), home)
    qtbot.addWidget(dialog)
    assert "updates" not in dialog.controls
    dialog.restore_defaults()
    assert not load_settings(home).updates


def test_platform_shortcut_opens_the_settings_and_escape_closes_them(window: MainWindow, qtbot: QtBot) -> None:
    dialog = _open_settings(window, qtbot)
    _wait_active(dialog, qtbot)
    assert not dialog.isModal()
    QtBot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert _open_settings(window, qtbot) is dialog


def test_settings_button_opens_one_dialog_with_mouse_and_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    button = window.top_bar.settings_button
    assert button.accessibleName() == "Settings"
    assert button.toolTip() == "Settings (Ctrl+,)"
    assert button.height() >= 24
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = window.findChildren(SettingsDialog)[0]
    assert dialog.isVisible()
    dialog.close()
    QtBot.keyClick(button, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QtBot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(window.findChildren(SettingsDialog)) == 1


def test_saving_the_window_state_does_not_undo_a_changed_setting(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    dialog = _open_settings(window, qtbot)
    dialog.controls["fast"].click()
    _select(dialog.controls["shifts"], 2)
    window.resize(1200, 800)
    window.top_bar.model_selected.emit("htdemucs_ft")
    assert load_settings(setting.home).fast
    window.close()
    saved = load_settings(setting.home)
    assert (saved.fast, saved.shifts, saved.model) == (True, 2, "htdemucs_ft")
    assert saved.window


def test_restore_defaults_keeps_the_model_selected_in_the_window(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    dialog = _open_settings(window, qtbot)
    window.top_bar.model_selected.emit("htdemucs_ft")
    dialog.restore_button.click()
    assert load_settings(setting.home).model == "htdemucs_ft"


def test_model_that_another_process_selects_is_shown_and_used_for_the_next_song(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.settings_store.changed):
        SettingsFile(setting.home).change(model="htdemucs_ft", shifts=5)
    qtbot.waitUntil(lambda: "fine-tuned" in window.top_bar.model_button.text())  # once the model store is read
    with qtbot.waitSignal(window.library.import_queue.finished):
        window.add_tracks(list_demo_songs())
    (job,) = setting.store.jobs()
    assert (job.options.model, job.options.shifts) == ("htdemucs_ft", 5)


def test_every_control_has_an_accessible_name_and_description(full_dialog: SettingsDialog) -> None:
    controls = _controls(full_dialog).values()
    names = [control.accessibleName() for control in controls]
    names[SETTING_NAMES.index("auto_export_folder")] = "Export folder"  # its value follows, as a button has none
    assert names == [str(row.title).replace("&", "") for row in ROWS.values()]
    label_texts = {label.text() for label in full_dialog.findChildren(QLabel)}
    assert all(control.accessibleDescription() in label_texts for control in controls)
    assert [button.accessibleName() for button in full_dialog.findChildren(QPushButton)] == [
        "Play test tone",
        full_dialog.controls["auto_export_folder"].accessibleName(),
        "Restore defaults",
        "About Unbraid",
        "Removed songs…",
        "Close",
    ]


def test_tab_visits_every_control_from_top_to_bottom(full_dialog: SettingsDialog, qtbot: QtBot) -> None:
    full_dialog.activateWindow()
    _wait_active(full_dialog, qtbot)
    assert full_dialog.focusWidget() is full_dialog.close_button
    focused = []
    for _ in range(len(SETTING_NAMES) + BUTTON_COUNT):
        QtBot.keyClick(full_dialog.focusWidget(), Qt.Key.Key_Tab)
        focused.append(full_dialog.focusWidget())
    controls = list(_controls(full_dialog).values())
    controls.insert(controls.index(full_dialog.controls["click_output"]) + 1, full_dialog.tone_button)
    assert focused == [
        *controls,
        full_dialog.restore_button,
        full_dialog.about_button,
        full_dialog.bin_button,
        full_dialog.close_button,
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [(str(row.title).partition("&")[2][0].upper(), name) for name, row in ROWS.items()],
)
def test_alt_and_a_letter_focus_a_control(
    full_dialog: SettingsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, key: str, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")  # Alt presses a button, too
    full_dialog.activateWindow()
    _wait_active(full_dialog, qtbot)
    control = _controls(full_dialog)[name]
    before = _shown_values(full_dialog)[name]
    qtbot.keyClick(full_dialog, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.AltModifier)
    assert full_dialog.focusWidget() is control
    if isinstance(control, Switch):
        qtbot.waitUntil(lambda: _shown_values(full_dialog)[name] != before)
    else:
        assert _shown_values(full_dialog)[name] == before


def test_mnemonic_letters_are_unique(dialog: SettingsDialog) -> None:
    texts = [widget.text() for kind in (QLabel, QPushButton) for widget in dialog.findChildren(kind)]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(letters) == len(set(letters)) == len(SETTING_NAMES) + BUTTON_COUNT


def test_return_toggles_a_switch_or_opens_a_list_and_keeps_the_dialog_open(dialog: SettingsDialog) -> None:
    QtBot.keyClick(dialog.controls["fast"], Qt.Key.Key_Return)
    assert dialog.controls["fast"].isChecked()
    QtBot.keyClick(dialog.controls["shifts"], Qt.Key.Key_Return)
    assert dialog.controls["shifts"].view().isVisible()
    dialog.controls["shifts"].hidePopup()
    assert dialog.isVisible()


def test_click_on_the_label_toggles_a_switch(dialog: SettingsDialog) -> None:
    row = next(row for row in dialog.findChildren(SettingRow) if row.isAncestorOf(dialog.controls["fast"]))
    QtBot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(30, 20))
    assert dialog.controls["fast"].isChecked()
    QtBot.mouseClick(row.findChildren(QLabel)[0], Qt.MouseButton.LeftButton)
    assert not dialog.controls["fast"].isChecked()


def test_wheel_does_not_change_a_list(dialog: SettingsDialog) -> None:
    delta, modifiers = QPoint(0, -120), Qt.KeyboardModifier.NoModifier
    position = QPointF(9, 9)
    event = QWheelEvent(
        position, position, delta, delta, Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False
    )
    dialog.controls["overlap"].setFocus()
    QApplication.sendEvent(dialog.controls["overlap"], event)
    assert dialog.controls["overlap"].currentData() == Settings.overlap


def test_focused_control_has_a_focus_ring(full_dialog: SettingsDialog, qtbot: QtBot) -> None:
    full_dialog.activateWindow()
    _wait_active(full_dialog, qtbot)
    for control in _controls(full_dialog).values():
        full_dialog.close_button.setFocus()
        before = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.grab().toImage() != before


def test_no_text_is_clipped_on_a_large_screen(full_dialog: SettingsDialog) -> None:
    assert full_dialog.width() <= MINIMUM_SIZE[0]
    assert _is_unclipped(full_dialog)
    for box in (full_dialog.controls["runtime"], full_dialog.controls["shifts"], full_dialog.controls["overlap"]):
        widest = max(box.fontMetrics().horizontalAdvance(box.itemText(row)) for row in range(box.count()))
        assert widest + 40 <= box.width()


def test_settings_scroll_to_the_focused_control_on_a_small_screen(
    home: Home, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(*MINIMUM_SIZE))
    dialog = _create_dialog(home, qtbot)
    dialog.activateWindow()
    _wait_active(dialog, qtbot)
    assert dialog.height() == MINIMUM_SIZE[1] - 40  # a title bar
    for control in (dialog.controls["draft"], dialog.controls["updates"]):
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.visibleRegion().boundingRect() == control.rect()
    assert dialog.close_button.visibleRegion().boundingRect() == dialog.close_button.rect()


def _is_unclipped(dialog: SettingsDialog) -> bool:
    """Return True if every label is inside the visible area and high enough for its text."""
    QApplication.processEvents()
    labels = [label for label in dialog.findChildren(QLabel) if label.isVisible()]
    inside = all(label.visibleRegion().boundingRect() == label.rect() for label in labels)
    return inside and all(label.heightForWidth(label.width()) <= label.height() for label in labels)


def test_long_texts_get_enough_lines(qtbot: QtBot) -> None:
    control = Switch()
    row = SettingRow("A name in a language with long words", "and an explanation, " * 20, control)
    qtbot.addWidget(row)
    row.resize(400, row.layout().heightForWidth(400))
    row.show()
    assert all(label.heightForWidth(label.width()) <= label.height() for label in row.findChildren(QLabel))
