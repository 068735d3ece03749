"""Settings dialog."""

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from threading import Event
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from desktop.paths import Home
from desktop.playback.output_settings import OutputSettings
from desktop.playback.sound_server import OutputDevice
from desktop.runtime import nvidia
from desktop.setting_spec import Choice, Group, Need, Setting, SettingValue
from desktop.settings import SETTINGS, Settings
from desktop.text.message import Message, tr
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.settings_export import (
    DEPENDENT_KEYS,
    PRESET_KEY,
    FolderControl,
    preset_choices,
)
from desktop.ui.dialogs.settings_output import (
    DEVICE_KEY,
    DEVICE_TITLE_KEY,
    DEVICE_WIDTH,
    PAIR_KEYS,
    OutputChoices,
    ToneButton,
    list_outputs,
    play_tone,
)
from desktop.ui.dialogs.settings_widgets import ControlScrollArea, SettingRow, create_card
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.metrics import MAX_TITLE_BAR_HEIGHT
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.check_box import Switch
from desktop.ui.widgets.drop_down import DropDown
from desktop.ui.widgets.label import TextLabel

Control = Switch | DropDown | FolderControl
_WIDTH = 684
_SAVED_TEXT = Message("Changes are saved automatically. Those of separation apply from the next song.")


class SettingsDialog(QDialog):
    """Non-modal settings dialog that saves each change at once."""

    about_requested = Signal()
    bin_requested = Signal()
    """Emitted when the user wants to see the removed songs."""

    def __init__(
        self,
        settings_store: SettingsStore,
        home: Home,
        parent: QWidget | None = None,
        offers_updates: bool = False,
        list_devices: Callable[[], Sequence[OutputDevice]] = list_outputs,
        play_test_tone: Callable[[OutputSettings, Event], None] = play_tone,
    ) -> None:
        """`offers_updates` shows the update setting: the app has a feed that it can check for newer versions."""
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self._settings_store = settings_store
        self._home = home
        self._offers_updates = offers_updates
        self._outputs = OutputChoices(list_devices, self)
        self.tone_button = ToneButton(play_test_tone, lambda: settings_store.settings)
        self._rows = self._create_rows()
        self.controls = {key: row.control for key, row in self._rows.items()}
        """Switch, drop-down list or button of each setting that is shown, by the key of the setting."""
        self.controls[DEVICE_KEY].setFixedWidth(DEVICE_WIDTH)
        self.status_label = TextLabel("", SECONDARY_SIZE)
        self.status_label.setWordWrap(True)
        self.restore_button = PushButton(tr("&Restore defaults"))
        self.about_button = PushButton(tr("&About Unbraid"))
        self.about_button.setToolTip(tr("Licences, and the folders of library and logs"))
        self.bin_button = PushButton(tr("Re&moved songs…"))
        self.bin_button.setToolTip(tr("Restore removed songs, or delete them to free up space"))
        self.close_button = PushButton(tr("C&lose"), "primary")
        self._build_layout()
        self._connect_signals()
        self.show_settings()

    def show_settings(self) -> None:
        """Show the current settings; a value that is not among the choices shows as the default."""
        self._show_values(self._settings_store.settings, self.controls)
        self._show_outputs()
        self._show_status(is_saved=True)

    def show_on_top(self, last_runtime_text: str = "") -> None:
        """Show or raise the dialog; `last_runtime_text` is a sentence on the runtime that the last song used."""
        runtime_row = self._rows["runtime"]
        setup_hint = str(nvidia.setup_hint() or "")
        runtime_row.set_explanation(" ".join(filter(None, (runtime_row.explanation, last_runtime_text, setup_hint))))
        if not self.isVisible():
            self.show_settings()
            self._outputs.refresh()
        self.show()
        self.raise_()
        self.activateWindow()

    def focus_group(self, group: Group) -> None:
        """Move the focus to the first control of `group`, and scroll to it."""
        control = next(control for key, control in self.controls.items() if SETTINGS[key].is_in(group))
        control.setFocus(Qt.FocusReason.OtherFocusReason)

    def restore_defaults(self) -> None:
        """Reset every setting of this dialog to its default, and save."""
        saved = self._save_values(**{setting.key: setting.default for setting in SETTINGS.values() if setting.row})
        self.show_settings()
        self._show_status(saved)

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the Close button.

        Space, pressed out of habit to play, must not change a setting.
        """
        super().showEvent(event)
        self._fit_height()
        self.close_button.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the test tone."""
        super().hideEvent(event)
        self.tone_button.stop()

    def _build_layout(self) -> None:
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        self._cards = QWidget()
        cards = QVBoxLayout(self._cards)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(12)
        for group in Group:
            rows: list[SettingRow[Any]] = []
            for key, row in self._rows.items():
                if SETTINGS[key].is_in(group):
                    rows += [row, self._create_tone_row()] if key == PAIR_KEYS[-1] else [row]
            if rows:
                cards.addWidget(create_card(str(group.value), rows))
        self._scroll_area = ControlScrollArea(self._cards)
        column.addWidget(self._scroll_area, 1)
        column.addWidget(self.status_label)
        buttons = QHBoxLayout()
        buttons.addWidget(self.restore_button)
        buttons.addWidget(self.about_button)
        buttons.addWidget(self.bin_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)
        self.setFixedWidth(_WIDTH)

    def _create_tone_row(self) -> SettingRow[ToneButton]:
        return SettingRow(
            tr("Test tone"), tr("A quiet tone on the left, then on the right, then on both."), self.tone_button
        )

    def _create_rows(self) -> dict[str, SettingRow[Control]]:
        """Return the rows of the settings that this computer offers, by key."""
        needs = self._met_needs()
        return {
            key: SettingRow(str(setting.row.title), str(setting.row.explanation), _create_control(setting))
            for key, setting in SETTINGS.items()
            if setting.row and (setting.row.needs is None or setting.row.needs in needs)
        }

    def _met_needs(self) -> set[Need]:
        return met_needs(QSystemTrayIcon.isSystemTrayAvailable(), self._offers_updates)

    def _show_values(self, settings: Settings, keys: Iterable[str]) -> None:
        for key in keys:
            setting, control, value = SETTINGS[key], self.controls[key], getattr(settings, key)
            if isinstance(control, Switch):
                control.set_on(value)
            elif isinstance(control, FolderControl):
                control.show_value(settings)
            else:
                control.set_choices(self._choices(setting, settings), value, setting.default)

    def _choices(self, setting: Setting, settings: Settings) -> list[Choice]:
        """Return the choices of a setting that are offered now; numbers are sorted."""
        current = getattr(settings, setting.key)
        offered = offered_choices(setting, current, self._met_needs())
        more = (
            preset_choices(settings) if setting.key == PRESET_KEY else self._outputs.more_choices(setting.key, settings)
        )
        choices = {choice.value: choice for choice in (*offered, *more)}
        if setting.range is None:
            return list(choices.values())
        return sorted(choices.values(), key=lambda choice: float(choice.value))

    def _show_changed(self, settings: Settings) -> None:
        """Show what changed elsewhere; the control that the user is changing shows its new value already."""
        self._show_values(
            settings, [key for key in self.controls if self.controls[key].value != getattr(settings, key)]
        )
        self._show_values(settings, (PRESET_KEY,))  # its choices: presets that were saved elsewhere
        self._show_optional_rows()

    def _show_outputs(self) -> None:
        """Show the devices that are connected, and the stereo pairs of the chosen one."""
        self._show_values(self._settings_store.settings, (DEVICE_KEY,))
        self._show_optional_rows()

    def _show_optional_rows(self) -> None:
        """Show the rows of settings that have an effect with the others, and hide the rest of them."""
        settings = self._settings_store.settings
        self._show_values(settings, PAIR_KEYS)
        for key in PAIR_KEYS:
            self._rows[key].set_shown(self._outputs.is_shown(key, settings))
        for key in DEPENDENT_KEYS:
            self._rows[key].set_shown(settings.auto_export)
        self._fit_height()

    def _connect_signals(self) -> None:
        for key, control in self.controls.items():
            control.value_selected.connect(partial(self._set_value, key))
        self._settings_store.changed.connect(self._show_changed)
        self._outputs.changed.connect(self._show_outputs)
        self.tone_button.failed.connect(self._show_tone_error)
        self.restore_button.clicked.connect(self.restore_defaults)
        self.about_button.clicked.connect(self.about_requested)
        self.bin_button.clicked.connect(self.bin_requested)
        self.close_button.clicked.connect(self.close)

    def _set_value(self, key: str, value: SettingValue) -> None:
        title = self._outputs.title(str(value)) if key == DEVICE_KEY else ""
        self._save_values(**{key: value}, **({DEVICE_TITLE_KEY: title} if title else {}))

    def _save_values(self, **values: SettingValue) -> bool:
        """Change the settings in the store. Return whether they were saved to disk."""
        is_saved = self._settings_store.change(**values)
        self._show_status(is_saved)
        return is_saved

    def _show_status(self, is_saved: bool) -> None:
        self._show_message(str(_SAVED_TEXT) if is_saved else _not_saved_text(self._home), not is_saved)

    def _show_tone_error(self, error: str) -> None:
        self._show_message(error or str(_SAVED_TEXT), bool(error))

    def _show_message(self, text: str, is_error: bool) -> None:
        if text != self.status_label.text():
            self.status_label.setText(text)
            self.status_label.set_colour(Colour.BAD if is_error else Colour.DIM)
            self._fit_height()

    def _fit_height(self) -> None:
        """Fit the height to the content, limited to the screen's height; the settings scroll beyond that."""
        margins = self._column.contentsMargins()
        inner_width = _WIDTH - margins.left() - margins.right()
        cards_height = self._cards.heightForWidth(inner_width)
        status_height = self.status_label.heightForWidth(inner_width)
        spacing = 2 * self._column.spacing()
        button_height = self.close_button.sizeHint().height()
        other_height = margins.top() + margins.bottom() + spacing + status_height + button_height
        max_height = self.screen().availableSize().height() - MAX_TITLE_BAR_HEIGHT
        # Set here, not by Qt: a scroll bar would narrow and so heighten the text, which would then need the bar.
        policy = Qt.ScrollBarPolicy
        self._scroll_area.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if cards_height + other_height <= max_height else policy.ScrollBarAlwaysOn
        )
        self.setFixedHeight(min(cards_height + other_height, max_height))


def _create_control(setting: Setting) -> Control:
    if setting.type is bool:
        return Switch()
    return FolderControl() if setting.row and setting.row.is_folder else DropDown()


def met_needs(
    has_tray: bool, offers_updates: bool, platform: str = sys.platform, has_openvino: bool | None = None
) -> set[Need]:
    """Return which needs of choices and settings are met.

    No runtime is imported to find out: the window does not load these libraries.
    """
    if has_openvino is None:
        has_openvino = find_spec("openvino") is not None
    is_met = {
        Need.TRAY: has_tray,
        Need.OPENVINO: has_openvino,
        Need.NVIDIA: platform != "darwin",
        Need.APPLE: platform == "darwin",
        Need.UPDATE_FEED: offers_updates,
        Need.MEDIA_KEYS: platform == "linux",
    }
    return {need for need in Need if is_met[need]}


def offered_choices(setting: Setting, current: SettingValue, needs: Collection[Need]) -> list[Choice]:
    """Return the choices of a setting whose needs are among the met `needs`.

    A setting of numbers also offers its `current` value, which may come from an edited file, if it is in the range.
    """
    all_choices = setting.row.choices if setting.row else ()
    choices = [choice for choice in all_choices if choice.needs is None or choice.needs in needs]
    if setting.range is None or isinstance(current, str):
        return choices
    if current in setting.range and all(choice.value != current for choice in choices):
        choices.append(Choice(current, setting.range.describe(current)))
    return sorted(choices, key=lambda choice: float(choice.value))


def _not_saved_text(home: Home) -> str:
    return tr(
        "This setting could not be saved in {file}, so it does not apply to the next song. "
        "Free up space on the disk and make sure that the file is writable, then change the setting again.",
        file=str(home.settings),
    )
