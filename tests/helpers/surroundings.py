"""What tests take from the machine that they run on: as little as can be."""

import os
import re
import signal
import sys
from pathlib import Path

# What steers Redis, Celery, Qt, sound, the desktop, languages, terminals and proxies, in the environment of whoever runs
# the tests; what a test needs of it, it sets for itself.
_UNWANTED_VARIABLES = re.compile(
    "(REDIS|CELERY|DJANGO|QT|PULSE|PIPEWIRE|JACK|SDL|XDG|LC|GTK)_.*|LANG|LANGUAGE|DISPLAY|WAYLAND_DISPLAY|SESSION_MANAGER"
    "|DESKTOP_SESSION|COLUMNS|LINES|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|(http|https|all|no)_proxy",
    re.IGNORECASE,
)


def isolate_environment(folder: Path) -> None:
    """Give this process, and all that it starts, surroundings of its own; `folder` is for what they keep."""
    for name in [name for name in os.environ if _UNWANTED_VARIABLES.fullmatch(name)]:
        del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"
    if sys.platform == "linux":
        _isolate_linux_home(folder)
    if hasattr(signal, "SIGHUP"):
        # Under nohup it is ignored, and by everything that is started here, too: no test could end the app by it.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _isolate_linux_home(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(parents=True)
    os.environ["HOME"] = str(home)
    # Where dbus-launch is installed, Qt would start a bus without this, and leave it behind.
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
