"""The folder for a library's Redis socket and pidfiles: private, on a short path, and able to hold a socket.

Where it lies depends on the environment, and on whether that place can be written just now. The process that supervises
the library decides, and notes it in the library, so that every other process looks in the same place.
"""

import logging
import os
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path

from desktop.disk_trouble import reason_of
from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.settings import write_atomically

_PROBE = "probe"
_log = logging.getLogger(__name__)


def prepare_run_folder(home: Home) -> Path:
    """Make the first usable folder of `home.run_candidates`, note it, and return it. Raises ServiceUnavailableError."""
    problems: list[str] = []
    for folder in home.run_candidates:
        try:
            _make_private(folder)
            _try_socket(folder)
        except OSError as error:
            problems.append(f"{folder}: {reason_of(error)}")
            _log.warning("%s cannot be used for sockets: %s", folder, error)
        else:
            _note(home, folder)
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
    for place in (folder, folder.parent):
        status = place.stat()
        if status.st_uid == os.getuid() and place.name.startswith("unbraid-"):
            place.chmod(0o700)
        elif place == folder or stat.S_IMODE(status.st_mode) & 0o002:
            raise PermissionError(f"{place} belongs to somebody else")


def _try_socket(folder: Path) -> None:
    """Write a file and, where Redis listens on one, bind a socket in `folder`. Raises OSError."""
    probe = folder / _PROBE
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


def _note(home: Home, folder: Path) -> None:
    if home.run == folder and home.run_note.exists():
        return
    try:
        write_atomically(home.run_note, os.fsencode(folder))
    except OSError as error:  # whoever has the same environment finds it all the same
        _log.warning("The folder for sockets could not be noted: %s", error)
