"""Choices of the settings dialog, with labels for musicians."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec

from desktop.settings import EXPORT_FORMATS, Settings

MAX_SHIFTS = 20
"""Maximum number of passes; more would take too long."""
_SHIFTS = (2, 5, 10)
_OVERLAPS = {0.1: "Short, 10 %", 0.25: "Standard, 25 %", 0.5: "Long, 50 %"}
_MAX_OVERLAP = 0.9


@dataclass(frozen=True)
class Choice:
    """Value of a setting and its label."""

    value: str | float
    text: str


EXPORT_FORMAT_CHOICES = tuple(Choice(name, name.upper()) for name in EXPORT_FORMATS)


def runtime_choices(platform: str = sys.platform, has_openvino: bool | None = None) -> list[Choice]:
    """Return the runtimes that this system can use.

    None of them is imported: the window does not load these libraries.
    """
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
    return [Choice(value, text) for value, (text, is_usable) in offered.items() if is_usable]


def shift_choices(saved: int = 0) -> list[Choice]:
    """Return the choices for the number of passes; include `saved`, which may come from an edited file."""
    numbers = {*_SHIFTS, saved} if 1 <= saved <= MAX_SHIFTS else {*_SHIFTS}
    return [Choice(0, "Off"), *(Choice(int(n), "1 pass" if n == 1 else f"{n:d} passes") for n in sorted(numbers))]


def overlap_choices(saved: float = Settings.overlap) -> list[Choice]:
    """Return the choices for the overlap of segments, as a fraction of a segment; include `saved`."""
    offered = dict(_OVERLAPS)
    if 0 <= saved <= _MAX_OVERLAP:
        offered.setdefault(saved, f"{saved:.0%}".replace("%", " %"))
    return [Choice(value, text) for value, text in sorted(offered.items())]


def quit_choices(has_tray: bool) -> list[Choice]:
    """Return the choices for unfinished jobs when the window is closed.

    Finishing in the background needs a tray icon, so it is only a choice if the system has a tray (`has_tray`).
    """
    choices = [
        Choice("ask", "Ask"),
        Choice("background", "Finish in the background"),
        Choice("stop", "Quit and resume later"),
    ]
    return [choice for choice in choices if has_tray or choice.value != "background"]
