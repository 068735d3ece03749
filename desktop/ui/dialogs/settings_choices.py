"""What the settings offer to choose from, in words for musicians."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from desktop.settings import EXPORT_FORMATS, Settings

MAX_SHIFTS = 20
"""More passes than anybody would wait for."""
_SHIFTS = (2, 5, 10)
_OVERLAPS = {0.1: "Short, 10 %", 0.25: "Standard, 25 %", 0.5: "Long, 50 %"}
_MAX_OVERLAP = 0.9


@dataclass(frozen=True)
class Choice:
    """A value of a setting, and what it is called."""

    value: str | float
    text: str


EXPORT_FORMAT_CHOICES = tuple(Choice(name, name.upper()) for name in EXPORT_FORMATS)


def runtime_choices(platform: str = sys.platform, has_openvino: bool | None = None) -> list[Choice]:
    """What can compute on this system, without loading any of it: the window does without these libraries."""
    if has_openvino is None:
        has_openvino = find_spec("openvino") is not None
    is_mac = platform == "darwin"
    offered = {
        "auto": ("Automatic (recommended)", True),
        "openvino": ("Processor (OpenVINO)", has_openvino),
        "torch": ("Processor (PyTorch)", True),
        "cuda": ("NVIDIA GPU", not is_mac),
        "mps": ("Apple GPU", is_mac),
    }
    return [Choice(value, words) for value, (words, sensible) in offered.items() if sensible]


def shift_choices(saved: int = 0) -> list[Choice]:
    """How often a song may be separated; also as often as is `saved`, where somebody wrote a number of their own."""
    numbers = {*_SHIFTS, saved} if 1 <= saved <= MAX_SHIFTS else {*_SHIFTS}
    return [Choice(0, "Off"), *(Choice(int(n), "1 pass" if n == 1 else f"{n:d} passes") for n in sorted(numbers))]


def overlap_choices(saved: float = Settings.overlap) -> list[Choice]:
    """How far segments may overlap; also as far as is `saved`."""
    offered = dict(_OVERLAPS)
    if 0 <= saved <= _MAX_OVERLAP:
        offered.setdefault(saved, f"{saved:.0%}".replace("%", " %"))
    return [Choice(value, words) for value, words in sorted(offered.items())]


def quit_choices(has_tray: bool) -> list[Choice]:
    """What may become of songs in work when the window is closed; `tray`: the system has a place for a sign."""
    choices = [
        Choice("ask", "Ask"),
        Choice("background", "Finish in the background"),
        Choice("stop", "Quit and resume later"),
    ]
    return [way for way in choices if has_tray or way.value != "background"]


def index_of(value: str | float, choices: Sequence[Choice], default: str | float) -> int:
    """Where `value` stands among `choices`; the place of `default` for whatever is not offered."""
    values = [choice.value for choice in choices]
    return values.index(value if value in values else default)
