"""The folder for a library's Redis socket and pidfiles: private, on a short path, and able to hold a socket.

Where it lies depends on the environment, and on whether that place can be written just now. The process that supervises
the library decides, and notes it in the library, so that every other process looks in the same place.
"""

import logging
import os
import re
import shutil
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from time import time

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.settings import write_atomically
from desktop.supervisor.child_process import read_running_pid

_PROBE_NAME = "probe"
_log = logging.getLogger(__name__)


def prepare_runtime_dir(home: Home) -> Path:
    """Make the first usable folder of `home.runtime_dir_candidates`, note it, and return it. Raises ServiceUnavailableError."""
    problems: list[str] = []
    for folder in home.runtime_dir_candidates:
        try:
            _make_private(folder)
            _check_socket_support(folder)
        except OSError as error:
            problems.append(f"{folder}: {disk_error_reason(error)}")
            _log.warning("%s cannot be used for sockets: %s", folder, error)
        else:
            _save_runtime_dir(home, folder)
            return folder
    raise ServiceUnavailableError(
        f"Redis has no folder for its socket ({'; '.join(problems)}). Make room there, or set XDG_RUNTIME_DIR to a "
        "folder of your own that can be written."
    )


def _make_private(folder: Path) -> None:
    """Make `folder` and its parent ours alone. Raises OSError, also when somebody else owns them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return  # it lies in the user's own folder for temporary files, which Windows lets no other user into
    for path in (folder, folder.parent):
        status = path.stat()
        if status.st_uid == os.getuid() and path.name.startswith("unbraid-"):
            path.chmod(0o700)
        elif path == folder or stat.S_IMODE(status.st_mode) & 0o002:
            raise PermissionError(f"{path} belongs to somebody else")


def _check_socket_support(folder: Path) -> None:
    """Write a file and, where Redis listens on one, bind a socket in `folder`. Raises OSError."""
    probe = folder / _PROBE_NAME
    probe.unlink(missing_ok=True)
    try:
        probe.write_bytes(bytes(4096))
        if sys.platform != "win32":
            probe.unlink()
            with socket.socket(socket.AF_UNIX) as test:
                test.bind(os.fsencode(probe))
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _save_runtime_dir(home: Home, folder: Path) -> None:
    if home.runtime_dir == folder and home.runtime_dir_file.exists():
        return
    try:
        write_atomically(home.runtime_dir_file, os.fsencode(folder))
    except OSError as error:  # whoever has the same environment finds it all the same
        _log.warning("The folder for sockets could not be noted: %s", error)


# Another app may have made its folder just now, and start its Redis next (seconds).
_STALE_AFTER_S = 24 * 3600.0
_DIR_NAME = re.compile(r"unbraid-[0-9a-f]{12}")


def remove_stale_runtime_dirs(own: Path) -> None:
    """Delete the folders beside `own` in which nothing has lived for a day. What cannot be deleted stays."""
    for folder in own.parent.glob("unbraid-*"):
        if folder != own and _DIR_NAME.fullmatch(folder.name) and _is_stale(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_stale(folder: Path) -> bool:
    try:
        is_old = folder.stat().st_mtime < time() - _STALE_AFTER_S
    except OSError:
        return False
    return is_old and not any(read_running_pid(pidfile) for pidfile in folder.glob("*.pid"))
