"""The folder for a library's Redis socket and pidfiles: private, on a short path, and able to hold a socket.

Its path depends on the environment, and on which candidate can be written. The process that supervises the library
chooses it and saves the path in the library, so that every other process uses the same folder.
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

from desktop.atomic_file import write_atomically
from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.supervisor.child_process import read_running_pid
from desktop.text.message import Message, join_messages

_PROBE_NAME = "probe"
# Seconds after which an unused folder is deleted: another app may have just created a newer one, and start Redis next.
_STALE_AFTER_S = 24 * 3600.0
_DIR_NAME = re.compile(r"unbraid-[0-9a-f]{12}")
_log = logging.getLogger(__name__)


def prepare_runtime_dir(home: Home) -> Path:
    """Create the first usable folder of `home.runtime_dir_candidates`, save its path in the library, and return it.

    Raises ServiceUnavailableError.
    """
    problems: list[Message] = []
    for folder in home.runtime_dir_candidates:
        try:
            _make_private(folder)
            _check_socket_support(folder)
        except OSError as error:
            problems.append(Message("{folder}: {reason}", folder=str(folder), reason=disk_error_reason(error)))
            _log.warning("Folder %s cannot be used for sockets: %s", folder, error)
        else:
            _save_runtime_dir(home, folder)
            return folder
    raise ServiceUnavailableError(
        Message(
            "Redis has no folder for its socket ({problems}). Free up space there, or set "
            "XDG_RUNTIME_DIR to a writable folder of your own.",
            problems=join_messages(*problems, separator="; "),
        )
    )


def remove_stale_runtime_dirs(own: Path) -> None:
    """Delete folders of other libraries beside `own` that have not been used for a day; ignore errors."""
    for folder in own.parent.glob("unbraid-*"):
        if folder != own and _DIR_NAME.fullmatch(folder.name) and _is_stale(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _make_private(folder: Path) -> None:
    """Create `folder` and its parent, accessible only by this user. Raises OSError, also if another user owns them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return  # it is inside the user's own temporary folder, which Windows protects from other users
    for path in (folder, folder.parent):
        status = path.stat()
        if status.st_uid == os.getuid() and path.name.startswith("unbraid-"):
            path.chmod(0o700)
        elif path == folder or stat.S_IMODE(status.st_mode) & 0o002:
            raise PermissionError(f"{path} belongs to another user")


def _check_socket_support(folder: Path) -> None:
    """Write a file in `folder` and, except on Windows, bind a socket there. Raises OSError."""
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
        write_atomically(home.runtime_dir_file, os.fsencode(folder), durable=False)
    except OSError as error:  # processes with the same environment compute the same path
        _log.warning("The path of the folder for sockets could not be saved: %s", error)


def _is_stale(folder: Path) -> bool:
    try:
        is_old = folder.stat().st_mtime < time() - _STALE_AFTER_S
    except OSError:
        return False
    return is_old and not any(read_running_pid(pidfile) for pidfile in folder.glob("*.pid"))
