"""The folders for sockets that killed apps have left behind, of libraries that may be gone."""

import re
import shutil
from pathlib import Path
from time import time

from desktop.supervisor.child import noted_in

# Another app may have made its folder just now, and start its Redis next (seconds).
_SURELY_LEFT = 24 * 3600.0
_NAME = re.compile(r"unbraid-[0-9a-f]{12}")


def sweep(own: Path) -> None:
    """Delete the folders beside `own` in which nothing has lived for a day. What cannot be deleted stays."""
    for folder in own.parent.glob("unbraid-*"):
        if folder != own and _NAME.fullmatch(folder.name) and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    try:
        old = folder.stat().st_mtime < time() - _SURELY_LEFT
    except OSError:
        return False
    return old and not any(noted_in(pidfile) for pidfile in folder.glob("*.pid"))
