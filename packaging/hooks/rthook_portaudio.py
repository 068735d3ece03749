"""Runtime hook of the packaged app on Linux: finds the bundled PortAudio, which the linker does not know."""

import ctypes.util
import sys
from pathlib import Path

_find_elsewhere = ctypes.util.find_library


def _find_library(name: str) -> str | None:
    bundled = Path(getattr(sys, "_MEIPASS", "")) / "libportaudio.so.2"
    return str(bundled) if name == "portaudio" and bundled.exists() else _find_elsewhere(name)


ctypes.util.find_library = _find_library
