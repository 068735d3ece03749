"""Specification of a setting: what it accepts, and where and how the settings dialog shows it."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, get_type_hints

from desktop.text.message import Message, verbatim

SettingValue = str | float
"""Value of a setting; type checkers count bool and int as float."""


class Group(Enum):
    """Group of settings, in the order of the dialog; the value is its heading."""

    SEPARATION = Message("While songs are separated")
    PLAYBACK = Message("Playback")
    EXPORT = Message("Export")
    QUALITY = Message("Speed and quality")
    APP = Message("Unbraid itself")


class Need(Enum):
    """What a computer, or a build of the app, must have for a choice or a setting to be offered."""

    TRAY = "a tray for icons"
    OPENVINO = "the OpenVINO library"
    NVIDIA = "a system with NVIDIA drivers"
    APPLE = "macOS"
    UPDATE_FEED = "a feed to check for newer versions"
    MEDIA_KEYS = "a desktop that passes on the media keys"


@dataclass(frozen=True)
class Choice:
    """Value of a setting and its label; offered only where `needs` is met."""

    value: SettingValue
    text: Message
    needs: Need | None = None


def _describe_number(number: float) -> Message:
    return verbatim(str(number))


@dataclass(frozen=True)
class Range:
    """Numbers that a setting accepts, from `minimum` to `maximum`, both included."""

    minimum: float
    maximum: float
    describe: Callable[[float], Message] = _describe_number
    """Returns the label of a number that is not among the choices."""

    def __contains__(self, value: float) -> bool:
        """Return True if `value` is in the range; NaN is not."""
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True)
class Row:
    """Row of the settings dialog: a switch for a bool, a button for a folder, else a drop-down list of `choices`."""

    group: Group
    title: Message
    """Name of the setting; `&` precedes the letter that focuses the control together with Alt."""
    explanation: Message
    choices: tuple[Choice, ...] = ()
    has_more_choices: bool = False
    """Whether the dialog offers more choices than `choices`, such as the devices that are connected."""
    is_folder: bool = False
    """Whether the value is the path of a folder."""
    needs: Need | None = None


@dataclass(frozen=True)
class Setting:
    """One setting, as its field of the settings class declares it."""

    key: str
    """Name of the field, in the code and in the settings file."""
    type: type
    default: SettingValue
    range: Range | None = None
    row: Row | None = None
    """None keeps the setting out of the dialog."""

    def is_in(self, group: Group) -> bool:
        """Return True if the dialog shows the setting in `group`."""
        return self.row is not None and self.row.group is group

    def has_type(self, value: object) -> bool:
        """Return True if `value`, as read from the settings file, has the type of the setting."""
        return isinstance(value, self.type)

    def is_valid(self, value: SettingValue) -> bool:
        """Return True if `value`, of the right type, is in the range or among the choices, as far as there are any."""
        if self.range is not None:
            return not isinstance(value, str) and value in self.range
        choices = self.row.choices if self.row and not self.row.has_more_choices else ()
        return not choices or any(choice.value == value for choice in choices)


def collect_settings(settings_class: type) -> Mapping[str, Setting]:
    """Return the settings that the fields of a dataclass declare, by key and in their order.

    A field is `key: Annotated[type, Range(…), Row(…)] = default`, each part of the annotation optional. Raises TypeError
    for a field without a default.
    """
    hints = get_type_hints(settings_class, include_extras=True)
    return {
        field.name: _create_setting(field.name, hints[field.name], field.default) for field in fields(settings_class)
    }


def _create_setting(key: str, hint: Any, default: Any) -> Setting:
    if default is MISSING:
        raise TypeError(f"The setting {key} has no default")
    parts = {type(part): part for part in getattr(hint, "__metadata__", ())}
    return Setting(key, type(default), default, parts.get(Range), parts.get(Row))
