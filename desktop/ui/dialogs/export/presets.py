"""Presets of exports: those that every user has, and those that this user saved under a name."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from desktop.export.settings import ExportKind, ExportSettings
from desktop.text.message import Message
from desktop.ui.core.settings_store import SettingsStore

MAX_NAME_LENGTH = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuiltInPreset:
    """Parts of a song that practice and karaoke need. What is applied to them, and the form, stay as they are."""

    title: Message
    kind: ExportKind
    stems: tuple[str, ...] | None

    def apply_to(self, settings: ExportSettings) -> ExportSettings:
        """Return `settings` with the parts of this preset."""
        return replace(settings, kind=self.kind, stems=self.stems)

    def matches(self, settings: ExportSettings) -> bool:
        """Return whether `settings` have the parts of this preset."""
        return settings == self.apply_to(settings)


BUILT_IN_PRESETS = (
    BuiltInPreset(Message("Instrumental"), ExportKind.MINUS, ("vocals",)),
    BuiltInPreset(Message("A cappella"), ExportKind.STEMS, ("vocals",)),
    BuiltInPreset(Message("Minus drums"), ExportKind.MINUS, ("drums",)),
    BuiltInPreset(Message("Minus bass"), ExportKind.MINUS, ("bass",)),
    BuiltInPreset(Message("Drums + bass"), ExportKind.MIX, ("drums", "bass")),
    BuiltInPreset(Message("All stems"), ExportKind.STEMS, None),
)


class PresetStore:
    """Presets that the user saved, in the settings of the library.

    A preset that this version cannot read, because a later one wrote it, is not shown, and is kept.
    """

    def __init__(self, settings_store: SettingsStore) -> None:
        self._settings_store = settings_store

    @property
    def presets(self) -> Mapping[str, ExportSettings]:
        """The saved presets by name, in alphabetical order."""
        values = self._read()
        presets = {name: _convert(values[name]) for name in sorted(values, key=str.casefold)}
        return {name: settings for name, settings in presets.items() if settings is not None}

    def name_of(self, settings: ExportSettings) -> str:
        """Return the name of the preset that has these settings; empty if there is none."""
        return next((name for name, saved in self.presets.items() if saved == settings), "")

    def save(self, name: str, settings: ExportSettings) -> None:
        """Save `settings` under `name`, in place of the preset that has it."""
        self._write(self._read() | {name: msgspec.to_builtins(settings)})

    def rename(self, old: str, new: str) -> None:
        """Rename a preset; one that has the name `new` is replaced."""
        values = self._read()
        if old in values:
            value = values.pop(old)
            self._write(values | {new: value})

    def delete(self, name: str) -> None:
        """Delete a preset."""
        values = self._read()
        values.pop(name, None)
        self._write(values)

    def _read(self) -> dict[str, Any]:
        text = self._settings_store.settings.export_presets
        try:
            return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
        except (msgspec.MsgspecError, RecursionError) as error:
            _log.warning("The saved presets of exports are ignored: %s", error)
            return {}

    def _write(self, values: Mapping[str, Any]) -> None:
        self._settings_store.change(export_presets=msgspec.json.encode(values).decode())


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


def _convert(value: object) -> ExportSettings | None:
    try:
        return msgspec.convert(value, ExportSettings)
    except (msgspec.MsgspecError, RecursionError):
        return None
