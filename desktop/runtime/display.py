"""Detection of a display."""

import os
import socket
import sys


def is_display_available() -> bool:
    """Return True if a window can be opened: Qt aborts the whole process if it cannot open one."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    return _does_x_server_answer(os.environ.get("DISPLAY", ""))


def _does_x_server_answer(display: str) -> bool:
    if not display.startswith(":"):
        return bool(display)  # a forwarded display, which only Qt can check
    if sys.platform == "win32":
        return False
    number = display[1:].partition(".")[0]
    # X servers listen on a socket file, an abstract socket, or both.
    for address in (f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(address) == 0:
                return True
    return False
