"""The settings as they are changed: each at once, in the file that the worker reads and in what the window remembers."""

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QScreen, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.runtime import nvidia
from desktop.settings import Settings, load_settings, save_settings
from desktop.ui.app.main_window import MINIMUM_SIZE, MainWindow
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.settings_choices import overlap_choices, quit_choices, runtime_choices, shift_choices
from desktop.ui.dialogs.settings_widgets import SettingRow, Switch
from tests.helpers.window import WindowHarness, make_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SHOWN = ("draft", "awake", "quit", "export_format", "runtime", "fast", "shifts", "overlap", "updates")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


def _wait_active(window: QWidget, qtbot: QtBot) -> None:
    """Not `waitActive`, which is content when the window's parent or child is active."""
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)


def _dialog(home: Home, qtbot: QtBot) -> SettingsDialog:
    made = SettingsDialog(SettingsStore(home), home, offers_updates=True)
    qtbot.addWidget(made)
    made.show_on_top()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def dialog(home: Home, qtbot: QtBot) -> SettingsDialog:
    return _dialog(home, qtbot)


def _opened(window: MainWindow, qtbot: QtBot) -> SettingsDialog:
    window.activateWindow()
    _wait_active(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: any(found.isVisible() for found in window.findChildren(SettingsDialog)))
    return window.findChildren(SettingsDialog)[0]


def _controls(dialog: SettingsDialog) -> dict[str, QWidget]:
    return {name: getattr(dialog, name) for name in SHOWN}


def _choose(box: QComboBox, value: object) -> None:
    place = [box.itemData(row) for row in range(box.count())].index(value)
    box.setFocus()
    while box.currentIndex() != place:
        key = Qt.Key.Key_Down if box.currentIndex() < place else Qt.Key.Key_Up
        QtBot.keyClick(box, key)


def _shown(dialog: SettingsDialog) -> dict[str, object]:
    controls = _controls(dialog).items()
    return {name: box.currentData() if isinstance(box, QComboBox) else box.isChecked() for name, box in controls}


def _as_shown(settings: Settings) -> dict[str, object]:
    return {name: asdict(settings)[name] for name in SHOWN}


def _write(home: Home, values: dict[str, Any]) -> None:
    home.settings.write_text(json.dumps(values), encoding="utf-8")


def test_every_setting_is_saved_as_soon_as_it_is_changed(dialog: SettingsDialog, home: Home) -> None:
    QtBot.mouseClick(dialog.draft, Qt.MouseButton.LeftButton)
    assert json.loads(home.settings.read_text())["draft"] is False
    QtBot.keyClick(dialog.fast, Qt.Key.Key_Space)
    assert json.loads(home.settings.read_text())["fast"] is True
    for box, name, value in ((dialog.runtime, "runtime", "torch"), (dialog.shifts, "shifts", 5)):
        _choose(box, value)
        assert json.loads(home.settings.read_text())[name] == value
    for value in (0.1, 0.5):
        _choose(dialog.overlap, value)
        assert json.loads(home.settings.read_text())["overlap"] == value
    assert load_settings(home) == Settings(draft=False, fast=True, runtime="torch", shifts=5, overlap=0.5)


@pytest.mark.parametrize("runtime", [choice.value for choice in runtime_choices()])
def test_saved_settings_are_shown(home: Home, qtbot: QtBot, runtime: str) -> None:
    saved = Settings(draft=False, fast=True, runtime=runtime, shifts=10, overlap=0.1)
    save_settings(home, saved)
    assert _shown(_dialog(home, qtbot)) == _as_shown(saved)


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
def test_unknown_values_show_as_the_defaults(home: Home, qtbot: QtBot, values: dict[str, Any]) -> None:
    _write(home, values)
    assert _shown(_dialog(home, qtbot)) == _as_shown(Settings())


@pytest.mark.parametrize("damaged", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00"])
def test_a_damaged_file_shows_the_defaults_and_can_be_written_again(home: Home, qtbot: QtBot, damaged: bytes) -> None:
    home.settings.write_bytes(damaged)
    dialog = _dialog(home, qtbot)
    assert _shown(dialog) == _as_shown(Settings())
    dialog.fast.click()
    assert load_settings(home) == Settings(fast=True)


def test_numbers_that_somebody_wrote_by_hand_are_shown_as_they_are(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings(shifts=3, overlap=0.33))
    dialog = _dialog(home, qtbot)
    assert dialog.shifts.currentText() == "3 passes"
    assert dialog.overlap.currentText() == "33 %"


def test_the_way_to_quit_and_sleep_are_saved_too(dialog: SettingsDialog, home: Home) -> None:
    _choose(dialog.quit, "stop")
    dialog.awake.click()
    assert load_settings(home) == Settings(quit="stop", awake=False)
    dialog.restore_button.click()
    assert load_settings(home) == Settings()


def test_the_background_is_offered_only_where_a_tray_can_hold_its_sign() -> None:
    assert [choice.value for choice in quit_choices(has_tray=True)] == ["ask", "background", "stop"]
    assert [choice.value for choice in quit_choices(has_tray=False)] == ["ask", "stop"]


def test_looking_changes_nothing(dialog: SettingsDialog, home: Home) -> None:
    dialog.close()
    dialog.show_on_top()
    assert not home.settings.exists()


def test_what_computed_the_last_song_is_told(window: MainWindow) -> None:
    def told() -> str:
        window.open_settings()
        (dialog,) = window.findChildren(SettingsDialog)
        return dialog.runtime.accessibleDescription()

    assert told() == "Automatic takes the fastest that this computer has."
    first, last = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2))
    for name, begun in (("torch", last), ("openvino", first), ("numpy", last), (None, None)):
        window.library.table_model.upsert_jobs([make_job(str(name), runtime=name, started=begun)])
    assert told().endswith(" The last song: PyTorch on the processor.")


def test_an_unused_card_is_mentioned_where_one_chooses_what_computes(
    dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia, "setup_hint", lambda: nvidia.GPU_EDITION_HINT)
    dialog.show_on_top()
    assert dialog.runtime.accessibleDescription().endswith(nvidia.GPU_EDITION_HINT)


def test_only_what_makes_sense_on_a_system_is_offered() -> None:
    def offered(platform: str, openvino: bool) -> list[str]:
        return [str(choice.value) for choice in runtime_choices(platform, openvino)]

    assert offered("linux", True) == ["auto", "openvino", "torch", "cuda"]
    assert offered("win32", False) == ["auto", "torch", "cuda"]
    assert offered("darwin", True) == ["auto", "openvino", "torch", "mps"]


def test_to_know_what_can_compute_loads_none_of_it() -> None:
    code = (
        "import sys; from desktop.ui.dialogs.settings import runtime_choices; runtime_choices(); "
        "assert not {'torch', 'openvino'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_choices_are_in_order_and_named_once() -> None:
    for choices in (shift_choices(), shift_choices(3), overlap_choices(), overlap_choices(0.33)):
        values = [float(choice.value) for choice in choices]
        assert values == sorted(set(values))
        assert len({choice.text for choice in choices}) == len(choices)


def test_defaults_come_back_and_leave_the_rest_alone(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings("htdemucs_ft", "torch", True, False, 5, 0.5, -3.0, "/music"))
    dialog = _dialog(home, qtbot)
    QtBot.keyClick(dialog.restore_button, Qt.Key.Key_Return)
    assert load_settings(home) == Settings("htdemucs_ft", master_db=-3.0, folder="/music")
    assert _shown(dialog) == _as_shown(Settings())


def test_a_change_that_cannot_be_saved_is_told_until_it_can(dialog: SettingsDialog, home: Home) -> None:
    usual = dialog.status_label.text()
    assert "next song" in usual
    part = home.settings.with_name(home.settings.name + ".part")
    part.mkdir()
    dialog.fast.click()
    assert str(home.settings) in dialog.status_label.text()
    assert _nothing_is_cut(dialog)
    dialog.shifts.setCurrentIndex(1)
    assert str(home.settings) in dialog.status_label.text()
    part.rmdir()
    dialog.draft.click()
    assert dialog.status_label.text() == usual
    assert load_settings(home) == Settings(draft=False, fast=True, shifts=2)


def test_the_platforms_shortcut_opens_the_settings_and_escape_closes_them(window: MainWindow, qtbot: QtBot) -> None:
    dialog = _opened(window, qtbot)
    _wait_active(dialog, qtbot)
    assert not dialog.isModal()
    QtBot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert _opened(window, qtbot) is dialog


def test_the_gear_opens_them_with_the_mouse_and_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    gear = window.top_bar.settings_button
    assert gear.accessibleName() == "Settings"
    assert gear.toolTip() == "Settings (Ctrl+,)"
    assert gear.height() >= 24
    QtBot.mouseClick(gear, Qt.MouseButton.LeftButton)
    dialog = window.findChildren(SettingsDialog)[0]
    assert dialog.isVisible()
    dialog.close()
    QtBot.keyClick(gear, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QtBot.mouseClick(gear, Qt.MouseButton.LeftButton)
    assert len(window.findChildren(SettingsDialog)) == 1


def test_what_the_window_remembers_later_does_not_undo_a_change(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    dialog = _opened(window, qtbot)
    dialog.fast.click()
    _choose(dialog.shifts, 2)
    window.resize(1200, 800)
    window.top_bar.model_selected.emit("htdemucs_ft")
    assert load_settings(setting.home).fast
    window.close()
    saved = load_settings(setting.home)
    assert (saved.fast, saved.shifts, saved.model) == (True, 2, "htdemucs_ft")
    assert saved.window


def test_a_change_does_not_undo_what_the_window_remembers(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    dialog = _opened(window, qtbot)
    window.top_bar.model_selected.emit("htdemucs_ft")
    dialog.restore_button.click()
    assert load_settings(setting.home).model == "htdemucs_ft"


def test_everything_has_a_name_and_an_explanation_for_screen_readers(dialog: SettingsDialog) -> None:
    controls = _controls(dialog).values()
    names = [control.accessibleName() for control in controls]
    assert names == [
        "Draft while you wait",
        "Keep the computer awake",
        "If songs are still being separated when I quit",
        "Export format",
        "Run on",
        "Half precision (faster)",
        "Careful separation",
        "Overlap",
        "Look for new versions",
    ]
    words = {label.text() for label in dialog.findChildren(QLabel)}
    assert all(control.accessibleDescription() in words for control in controls)
    assert [button.accessibleName() for button in dialog.findChildren(QPushButton)] == [
        "Restore defaults",
        "About Unbraid",
        "Removed songs…",
        "Close",
    ]


def test_tab_goes_through_everything_from_top_to_bottom(dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    _wait_active(dialog, qtbot)
    assert dialog.focusWidget() is dialog.close_button
    order = []
    for _ in range(13):
        QtBot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        order.append(dialog.focusWidget())
    assert order == [
        *_controls(dialog).values(),
        dialog.restore_button,
        dialog.about_button,
        dialog.bin_button,
        dialog.close_button,
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("D", "draft"),
        ("K", "awake"),
        ("Q", "quit"),
        ("E", "export_format"),
        ("U", "runtime"),
        ("P", "fast"),
        ("S", "shifts"),
        ("O", "overlap"),
        ("N", "updates"),
    ],
)
def test_alt_and_a_letter_lead_to_a_control(dialog: SettingsDialog, qtbot: QtBot, key: str, name: str) -> None:
    dialog.activateWindow()
    _wait_active(dialog, qtbot)
    control = _controls(dialog)[name]
    before = _shown(dialog)[name]
    qtbot.keyClick(dialog, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.AltModifier)
    assert dialog.focusWidget() is control
    if isinstance(control, Switch):
        qtbot.waitUntil(lambda: _shown(dialog)[name] != before)
    else:
        assert _shown(dialog)[name] == before


def test_letters_of_the_keyboard_are_given_once(dialog: SettingsDialog) -> None:
    texts = [w.text() for kind in (QLabel, QPushButton) for w in dialog.findChildren(kind)]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(letters) == len(set(letters)) == 13


def test_return_turns_a_switch_or_opens_a_list_and_closes_nothing(dialog: SettingsDialog) -> None:
    QtBot.keyClick(dialog.fast, Qt.Key.Key_Return)
    assert dialog.fast.isChecked()
    QtBot.keyClick(dialog.shifts, Qt.Key.Key_Return)
    assert dialog.shifts.view().isVisible()
    dialog.shifts.hidePopup()
    assert dialog.isVisible()


def test_a_click_on_the_words_turns_a_switch(dialog: SettingsDialog) -> None:
    row = next(row for row in dialog.findChildren(SettingRow) if row.isAncestorOf(dialog.fast))
    QtBot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(30, 20))
    assert dialog.fast.isChecked()
    QtBot.mouseClick(row.findChildren(QLabel)[0], Qt.MouseButton.LeftButton)
    assert not dialog.fast.isChecked()


def test_the_wheel_passes_over_a_list_without_changing_it(dialog: SettingsDialog) -> None:
    down, keys = QPoint(0, -120), Qt.KeyboardModifier.NoModifier
    place = QPointF(9, 9)
    event = QWheelEvent(place, place, down, down, Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False)
    dialog.overlap.setFocus()
    QApplication.sendEvent(dialog.overlap, event)
    assert dialog.overlap.currentData() == Settings.overlap


def test_a_ring_shows_where_the_keyboard_is(dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    _wait_active(dialog, qtbot)
    for control in _controls(dialog).values():
        dialog.close_button.setFocus()
        before = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.grab().toImage() != before


def test_nothing_is_cut_on_a_screen_that_has_room(dialog: SettingsDialog) -> None:
    assert dialog.width() <= MINIMUM_SIZE[0]
    assert _nothing_is_cut(dialog)
    for box in (dialog.runtime, dialog.shifts, dialog.overlap):
        widest = max(box.fontMetrics().horizontalAdvance(box.itemText(row)) for row in range(box.count()))
        assert widest + 40 <= box.width()


def test_on_a_small_screen_the_settings_scroll_and_follow_the_keyboard(
    home: Home, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(*MINIMUM_SIZE))
    dialog = _dialog(home, qtbot)
    dialog.activateWindow()
    _wait_active(dialog, qtbot)
    assert dialog.height() == MINIMUM_SIZE[1] - 40  # a title bar
    for control in (dialog.draft, dialog.updates):
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.visibleRegion().boundingRect() == control.rect()
    assert dialog.close_button.visibleRegion().boundingRect() == dialog.close_button.rect()


def _nothing_is_cut(dialog: SettingsDialog) -> bool:
    QApplication.processEvents()
    labels = dialog.findChildren(QLabel)
    inside = all(label.visibleRegion().boundingRect() == label.rect() for label in labels)
    return inside and all(label.heightForWidth(label.width()) <= label.height() for label in labels)


def test_long_words_get_the_lines_that_they_need(qtbot: QtBot) -> None:
    control = Switch()
    row = SettingRow("A name in a language with long words", "and an explanation, " * 20, control)
    qtbot.addWidget(row)
    row.resize(400, row.layout().heightForWidth(400))
    row.show()
    assert all(label.heightForWidth(label.width()) <= label.height() for label in row.findChildren(QLabel))
