"""Opening of the library's folder by a process, and the library's id."""

import errno
import os
import re
import secrets
import tempfile
from contextlib import suppress
from functools import cache
from time import sleep

from desktop.errors import StorageError
from desktop.paths import Home, find_home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.logging_setup import configure_logging
from desktop.text.message import Message
from desktop.variables import check_environment

# A library on a full disk can still be opened and played.
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
# 48 random bits: short in queue names, and unlikely to collide among a few million libraries.
_ID_BYTES = 6
_ID_PATTERN = re.compile(f"[0-9a-f]{{{2 * _ID_BYTES}}}")
# Another process may have just created the file and not written it yet: number and interval (seconds) of the reads
# before it counts as damaged.
_READ_ATTEMPTS, _READ_INTERVAL_S = 20, 0.05


def open_library(process: str) -> Home:
    """Return the library, created if it is missing, and set up logging and crash reports for this process.

    `process` is "window" or "terminal". Raises StorageError, ConfigurationError.
    """
    library = prepare_library()
    configure_logging(library, process)
    process_crash_handler.install(library, process)
    return library


def prepare_library() -> Home:
    """Return the library, created if it is missing.

    Raises StorageError if its folder cannot be created, reached or written, and ConfigurationError if an environment
    variable of Unbraid is invalid.
    """
    check_environment()
    library = find_home()
    try:
        library.create_folders()
        with tempfile.TemporaryFile(dir=library.root):
            pass
    except OSError as error:
        if error.errno not in _DISK_FULL_ERRNOS:
            raise StorageError(_describe_error(library, error)) from error
    return library


@cache
def library_id(home: Home) -> str:
    """Return the id in the library's folder, 12 hexadecimal digits; create one if there is none. Raises OSError."""
    for _ in range(_READ_ATTEMPTS):
        with suppress(FileExistsError):
            _create_id_file(home)
        if _ID_PATTERN.fullmatch(saved := home.id_file.read_text(encoding="ascii", errors="replace").strip()):
            return saved
        sleep(_READ_INTERVAL_S)
    home.id_file.unlink()
    _create_id_file(home)
    return library_id(home)


def _create_id_file(home: Home) -> None:
    """Write a new id. Raises FileExistsError if the file exists: of many processes, only one creates it."""
    descriptor = os.open(home.id_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_ID_BYTES))


def _describe_error(library: Home, error: OSError) -> Message:
    folder, reason = str(library.root), disk_error_reason(error)
    if library.root.is_file():
        return Message(
            "The library's folder {folder} is a file. Set UNBRAID_HOME to the path of a folder.", folder=folder
        )
    if library.root.is_dir():
        return Message(
            "The library's folder {folder} cannot be written: {reason}. Make it writable, or set UNBRAID_HOME to another "
            "folder.",
            folder=folder,
            reason=reason,
        )
    return Message(
        "The library's folder {folder} cannot be reached: {reason}. Connect the disk that it is on, or set UNBRAID_HOME "
        "to another folder.",
        folder=folder,
        reason=reason,
    )
