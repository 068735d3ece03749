"""Runs first in the packaged app on Linux: PortAudio is found beside it, where no linker knows of it."""

import ctypes.util
import sys
from pathlib import Path

_find_elsewhere = ctypes.util.find_library


def _find_library(name: str) -> str | None:
    bundled = Path(getattr(sys, "_MEIPASS", "")) / "libportaudio.so.2"
    return str(bundled) if name == "portaudio" and bundled.exists() else _find_elsewhere(name)


ctypes.util.find_library = _find_library
