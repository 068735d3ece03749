"""Automatic export in the settings dialog: the button of its folder, and the presets that it offers."""

from pathlib import Path

from PySide6.QtCore import Signal

from desktop.audio.names import printable
from desktop.export.automatic import auto_export_folder, saved_preset_value
from desktop.export.presets import BUILT_IN_PRESETS, read_saved_presets
from desktop.setting_spec import Choice
from desktop.settings import Settings
from desktop.text.message import tr, verbatim
from desktop.ui.dialogs.export.folder_button import FolderButton

FOLDER_KEY = "auto_export_folder"
PRESET_KEY = "auto_export_preset"
DEPENDENT_KEYS = (FOLDER_KEY, PRESET_KEY)
"""Settings that are shown while songs are exported automatically."""
_FOLDER_WIDTH = 340
"""In pixels, as wide as the list of devices."""
_MAX_NAME_LENGTH = 32
"""Characters of the name of a preset that fit in the list."""


class FolderControl(FolderButton):
    """Button of the setting of a folder; empty is the default folder."""

    value_selected = Signal(object)
    """The path of the chosen folder."""

    def __init__(self) -> None:
        super().__init__(auto_export_folder(Settings()))
        self._value = ""
        self.setFixedWidth(_FOLDER_WIDTH)
        self.folder_chosen.connect(self._select)

    @property
    def value(self) -> str:
        """Value of the setting."""
        return self._value

    def show_value(self, settings: Settings) -> None:
        """Show the folder of the settings, without emitting signals."""
        self._value = settings.auto_export_folder
        self.show_folder(auto_export_folder(settings))

    def show_folder(self, folder: Path) -> None:
        """Show `folder`, and name the button after its setting."""
        super().show_folder(folder)
        self.setAccessibleName(tr("Export folder: {folder}", folder=self.shown_path))

    def _select(self, folder: Path) -> None:
        self._value = str(folder)
        self.value_selected.emit(self._value)


def preset_choices(settings: Settings) -> list[Choice]:
    """Return the presets to choose from: the built-in ones, then those that the user saved."""
    built_in = [Choice(preset.key, preset.title) for preset in BUILT_IN_PRESETS]
    names = read_saved_presets(settings.export_presets)
    return built_in + [Choice(saved_preset_value(name), verbatim(printable(name, _MAX_NAME_LENGTH))) for name in names]
