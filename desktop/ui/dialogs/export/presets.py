"""Presets of exports that the user saves, and the rules of their names."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from desktop.export.automatic import renamed_preset
from desktop.export.presets import read_saved_presets, read_saved_values
from desktop.export.settings import ExportSettings
from desktop.text.message import Message
from desktop.ui.core.settings_store import SettingsStore

MAX_NAME_LENGTH = 60


class PresetStore:
    """Presets that the user saved, in the settings of the library.

    A preset that this version cannot read, because a later one wrote it, is not shown, and is kept.
    """

    def __init__(self, settings_store: SettingsStore) -> None:
        self._settings_store = settings_store

    @property
    def presets(self) -> Mapping[str, ExportSettings]:
        """The saved presets by name, in alphabetical order."""
        return read_saved_presets(self._settings_store.settings.export_presets)

    def name_of(self, settings: ExportSettings) -> str:
        """Return the name of the preset that has these settings; empty if there is none."""
        return next((name for name, saved in self.presets.items() if saved == settings), "")

    def save(self, name: str, settings: ExportSettings) -> None:
        """Save `settings` under `name`, in place of the preset that has it."""
        self._write(self._read() | {name: msgspec.to_builtins(settings)})

    def rename(self, old: str, new: str) -> None:
        """Rename a preset, for automatic exports too; one that has the name `new` is replaced."""
        values = self._read()
        if old in values:
            value = values.pop(old)
            self._write(values | {new: value}, renamed_preset(self._settings_store.settings, old, new))

    def delete(self, name: str) -> None:
        """Delete a preset."""
        values = self._read()
        values.pop(name, None)
        self._write(values)

    def _read(self) -> dict[str, Any]:
        return read_saved_values(self._settings_store.settings.export_presets)

    def _write(self, values: Mapping[str, Any], changes: Mapping[str, str] | None = None) -> None:
        """Save presets, and with them `changes` of other settings."""
        self._settings_store.change(export_presets=msgspec.json.encode(values).decode(), **(changes or {}))


def clean_name(name: str) -> str:
    """Return the name of a preset as it is saved: without spaces at its ends and of limited length."""
    return " ".join(name.split())[:MAX_NAME_LENGTH].strip()


def check_name(name: str, taken: Sequence[str]) -> Message | None:
    """Return why a preset cannot have the name `name`, as a sentence; None if it can."""
    if not clean_name(name):
        return Message("The preset needs a name.")
    if clean_name(name).casefold() in (other.casefold() for other in taken):
        return Message("There is a preset of this name.")
    return None
