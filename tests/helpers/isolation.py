"""Isolate the tests from the environment of the machine on which they run."""

import os
import re
import signal
import sys
from pathlib import Path

# Variables that configure Redis, Celery, Qt, sound, the desktop, languages, terminals and proxies. A test that needs
# one sets it itself.
_UNWANTED_VARIABLES = re.compile(
    "(REDIS|CELERY|DJANGO|QT|PULSE|PIPEWIRE|JACK|SDL|XDG|LC|GTK)_.*|LANG|LANGUAGE|UNBRAID_LANGUAGE|DISPLAY"
    "|WAYLAND_DISPLAY|SESSION_MANAGER|DESKTOP_SESSION|COLUMNS|LINES|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CLICOLOR"
    "|CLICOLOR_FORCE|(http|https|all|no)_proxy",
    re.IGNORECASE,
)


def isolate_environment(folder: Path) -> None:
    """Give this process and its children a separate environment, with its files in `folder`."""
    for name in [name for name in os.environ if _UNWANTED_VARIABLES.fullmatch(name)]:
        del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"
    # Threads of torch that wait for each other would spin, and take the processor from the other test processes: tiny
    # models took 20 times as long on a busy machine.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if sys.platform == "linux":
        _isolate_linux_home(folder)
    if hasattr(signal, "SIGHUP"):
        # nohup makes this process and its children ignore SIGHUP, so no test could stop the app with it.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _isolate_linux_home(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(parents=True)
    os.environ["HOME"] = str(home)
    # Without this, Qt would start a bus through dbus-launch, if that is installed, and leave it running.
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
