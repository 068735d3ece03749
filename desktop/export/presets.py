"""Presets of exports: those that every user has, and those that this user saved under a name."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from desktop.export.settings import ExportKind, ExportSettings
from desktop.text.message import Message

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuiltInPreset:
    """Parts of a song that practice and karaoke need. What is applied to them, and the form, stay as they are."""

    key: str
    """Name in the settings file; never changes."""
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
    BuiltInPreset("instrumental", Message("Instrumental"), ExportKind.MINUS, ("vocals",)),
    BuiltInPreset("a-cappella", Message("A cappella"), ExportKind.STEMS, ("vocals",)),
    BuiltInPreset("minus-drums", Message("Minus drums"), ExportKind.MINUS, ("drums",)),
    BuiltInPreset("minus-bass", Message("Minus bass"), ExportKind.MINUS, ("bass",)),
    BuiltInPreset("drums-bass", Message("Drums + bass"), ExportKind.MIX, ("drums", "bass")),
    BuiltInPreset("all", Message("All stems"), ExportKind.STEMS, None),
)


def read_saved_values(text: str) -> dict[str, Any]:
    """Return the saved presets by name, as the setting `export_presets` has them; those of a later version too."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except (msgspec.MsgspecError, RecursionError) as error:
        _log.warning("The saved presets of exports are ignored: %s", error)
        return {}


def read_saved_presets(text: str) -> Mapping[str, ExportSettings]:
    """Return the saved presets of the setting `export_presets` by name, in alphabetical order.

    A preset that this version cannot read, because a later one wrote it, is left out.
    """
    values = read_saved_values(text)
    presets = {name: _convert(values[name]) for name in sorted(values, key=str.casefold)}
    return {name: settings for name, settings in presets.items() if settings is not None}


def _convert(value: object) -> ExportSettings | None:
    try:
        return msgspec.convert(value, ExportSettings)
    except (msgspec.MsgspecError, RecursionError):
        return None
