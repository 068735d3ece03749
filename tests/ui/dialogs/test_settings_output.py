"""Sound output in the settings dialog: devices that come and go, stereo pairs, and the test tone."""

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from desktop.errors import SoundUnavailableError
from desktop.paths import Home
from desktop.playback.output_settings import OutputSettings
from desktop.playback.sound_server import OutputDevice
from desktop.runtime.settings_file import load_settings
from desktop.setting_spec import Group
from desktop.settings import Settings
from desktop.text.message import Message
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.settings import SettingsDialog
from tests.helpers.settings import save_settings

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SPEAKERS, INTERFACE = OutputDevice("speakers", "Speakers", 2), OutputDevice("alsa_output.usb-6", "Interface 6", 6)


class Computer:
    """Devices that are connected, and what is played on them."""

    def __init__(self) -> None:
        self.devices = [SPEAKERS, INTERFACE]
        self.tones: list[OutputSettings] = []
        self.error: Message | None = None
        self.stopped = False

    def list_devices(self) -> list[OutputDevice]:
        return list(self.devices)

    def play_test_tone(self, settings: OutputSettings, stop: Event) -> None:
        self.tones.append(settings)
        if self.error is not None:
            raise SoundUnavailableError(self.error)
        self.stopped = stop.wait(30)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def dialog(home: Home, computer: Computer, qtbot: QtBot) -> SettingsDialog:
    dialog = SettingsDialog(
        SettingsStore(home), home, list_devices=computer.list_devices, play_test_tone=computer.play_test_tone
    )
    qtbot.addWidget(dialog)
    _open(dialog, qtbot)
    return dialog


def _open(dialog: SettingsDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog._outputs.changed):
        dialog.show_on_top()


def _offered(dialog: SettingsDialog, key: str) -> list[str]:
    box = dialog.controls[key]
    assert isinstance(box, QComboBox)
    return [box.itemText(row) for row in range(box.count())]


def _select(dialog: SettingsDialog, key: str, text: str) -> None:
    box = dialog.controls[key]
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findText(text))


def _shown_pairs(dialog: SettingsDialog) -> list[str]:
    return [key for key in ("stems_output", "original_output", "click_output") if dialog.controls[key].isVisible()]


def test_device_is_chosen_by_its_title_and_kept_by_its_name(dialog: SettingsDialog, home: Home) -> None:
    assert _offered(dialog, "output_device") == ["System default", "Speakers", "Interface 6"]
    _select(dialog, "output_device", "Interface 6")
    assert load_settings(home).output_device == "alsa_output.usb-6"


def test_device_that_is_not_connected_stays_chosen_until_another_one_is(
    dialog: SettingsDialog, home: Home, computer: Computer, qtbot: QtBot
) -> None:
    _select(dialog, "output_device", "Interface 6")
    dialog.close()
    computer.devices.remove(INTERFACE)
    _open(dialog, qtbot)
    assert _offered(dialog, "output_device") == ["System default", "Speakers", "Interface 6 (not connected)"]
    assert dialog.controls["output_device"].value == INTERFACE.name
    _select(dialog, "output_device", "Speakers")
    dialog.close()
    _open(dialog, qtbot)
    assert _offered(dialog, "output_device") == ["System default", "Speakers"]
    assert load_settings(home).output_device == "speakers"


def test_list_of_devices_is_read_again_whenever_the_dialog_opens(
    dialog: SettingsDialog, computer: Computer, qtbot: QtBot
) -> None:
    dialog.close()
    computer.devices.append(OutputDevice("headphones", "Headphones", 2))
    _open(dialog, qtbot)
    assert "Headphones" in _offered(dialog, "output_device")


def test_stereo_pairs_are_shown_only_for_a_device_that_has_several(dialog: SettingsDialog, home: Home) -> None:
    assert _shown_pairs(dialog) == []
    height = dialog._cards.heightForWidth(600)
    _select(dialog, "output_device", "Interface 6")
    assert _shown_pairs(dialog) == ["stems_output", "original_output", "click_output"]
    assert dialog._cards.heightForWidth(600) > height
    assert _offered(dialog, "click_output") == ["1–2", "3–4", "5–6"]
    _select(dialog, "click_output", "3–4")
    assert load_settings(home).click_output == 3
    assert _offered(dialog, "click_output") == ["1–2", "3–4", "5–6"]
    _select(dialog, "output_device", "Speakers")
    assert _shown_pairs(dialog), "a pair that is set is hidden"
    _select(dialog, "click_output", "1–2")
    assert _shown_pairs(dialog) == []
    assert dialog._cards.heightForWidth(600) == height


def test_test_tone_plays_on_the_chosen_device_and_a_second_press_stops_it(
    dialog: SettingsDialog, computer: Computer, qtbot: QtBot
) -> None:
    _select(dialog, "output_device", "Interface 6")
    QtBot.mouseClick(dialog.tone_button, Qt.MouseButton.LeftButton)
    assert dialog.tone_button.accessibleName() == "Stop test tone"
    qtbot.waitUntil(lambda: bool(computer.tones))
    assert computer.tones[0].device == INTERFACE.name
    QtBot.keyClick(dialog.tone_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not dialog.tone_button.is_playing)
    assert computer.stopped
    assert dialog.tone_button.accessibleName() == "Play test tone"


def test_test_tone_stops_when_the_dialog_closes(dialog: SettingsDialog, computer: Computer, qtbot: QtBot) -> None:
    dialog.tone_button.click()
    dialog.close()
    qtbot.waitUntil(lambda: computer.stopped)


def test_error_of_the_test_tone_is_shown_until_it_plays(
    dialog: SettingsDialog, computer: Computer, qtbot: QtBot
) -> None:
    usual_text, computer.error = dialog.status_label.text(), Message("No device.")
    dialog.tone_button.click()
    qtbot.waitUntil(lambda: dialog.status_label.text() == "No device.")
    assert not dialog.tone_button.is_playing
    computer.error = None
    dialog.tone_button.click()
    assert dialog.status_label.text() == usual_text


def test_dialog_opens_at_playback(dialog: SettingsDialog) -> None:
    dialog.focus_group(Group.PLAYBACK)
    control = dialog.controls["output_device"]
    assert dialog.focusWidget() is control
    assert control.visibleRegion().boundingRect() == control.rect()


def test_saved_device_is_shown_by_its_title_before_the_list_is_read(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings(output_device=INTERFACE.name, output_device_title=INTERFACE.title))
    list_is_wanted = Event()

    def list_devices() -> list[OutputDevice]:
        list_is_wanted.wait(30)
        return []

    dialog = SettingsDialog(SettingsStore(home), home, list_devices=list_devices)
    qtbot.addWidget(dialog)
    dialog.show_on_top()
    assert _offered(dialog, "output_device") == ["System default", "Interface 6"]
    with qtbot.waitSignal(dialog._outputs.changed):
        list_is_wanted.set()
    assert _offered(dialog, "output_device") == ["System default", "Interface 6 (not connected)"]
