"""Choices of the settings dialog that this computer can offer."""

import sys
from collections.abc import Collection
from importlib.util import find_spec

from desktop.setting_spec import Choice, Need, Setting, SettingValue


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
